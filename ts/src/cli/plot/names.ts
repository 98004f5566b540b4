// The names of the pictures of a run.
// Apart from what draws them, so that help can name them without loading it.

/** Those that are drawn where nothing is asked for. */
export const usualPictures = ["loss", "samples", "trajectories"] as const;

/** All of them. */
export const pictureNames = [...usualPictures, "snapshots", "marginals", "density", "field"] as const;

/** The name of a picture. */
export type PictureName = (typeof pictureNames)[number];
