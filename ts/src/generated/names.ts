// The names of built-in backbones, written by scripts/generate-schemas.mjs from the Rust registries.
// Do not edit: it is rewritten whenever the addon is built.

/** Names that {@link registerModule} refuses. */
export const backboneNames: readonly string[] = ["MultiLayerPerceptron","ConcatenateMLP","TemporalSpatialResidualNet"];
