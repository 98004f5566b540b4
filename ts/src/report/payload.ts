// What a report's page is given to draw: plain data, as JSON within the file.
// The one contract between what Node writes and what the browser reads; ts/page imports its types.

/** Numbers as integers of 8 or 16 bits between two ends, little-endian, in base64. The largest integer stands for NaN. */
export interface Packed {
  readonly shape: readonly number[];
  readonly bits: 8 | 16;
  /** What the integer 0 stands for. */
  readonly low: number;
  /** What the largest integer but one stands for. */
  readonly high: number;
  readonly base64: string;
}

/** Points of two coordinates that move: `[T, N]` each, over data that stay, `[M]` each. */
export interface PointView {
  readonly kind: "points";
  readonly names: readonly [string, string];
  readonly x: Packed;
  readonly y: Packed;
  readonly data?: { readonly x: Packed; readonly y: Packed };
}

/** One coordinate that moves, `[T, N]`, shown as a histogram over that of the data, `[M]`. */
export interface HistogramView {
  readonly kind: "histogram";
  readonly name: string;
  readonly x: Packed;
  readonly data?: Packed;
}

/** Series `[T, N, L]` that move, over series of the data, `[M, L]`. */
export interface SeriesView {
  readonly kind: "series";
  readonly name: string;
  readonly y: Packed;
  readonly data?: Packed;
}

/** Images `[T, N, C, H, W]` of one or three channels that become clear, beside those of the data, `[M, C, H, W]`. */
export interface ImageView {
  readonly kind: "images";
  readonly name: string;
  readonly pixels: Packed;
  readonly data?: Packed;
}

/** Tokens `[T, N, H, W]` of a vocabulary V, of which V itself is the mask, beside those of the data, `[M, H, W]`. */
export interface TokenView {
  readonly kind: "tokens";
  readonly name: string;
  readonly vocabulary: number;
  readonly tokens: Packed;
  readonly data?: Packed;
}

/** What moves, and what it is compared with. */
export type View = PointView | HistogramView | SeriesView | ImageView | TokenView;

/** The flow from noise to samples. */
export interface Flow {
  /** What it begins with: noise, or the source. */
  readonly start: string;
  /** The model's time at each frame, from noise (or the source) to data. */
  readonly times: readonly number[];
  readonly views: readonly View[];
}

/** Two distributions of a column of numbers, as densities over bins of equal width. */
export interface NumberMarginal {
  readonly kind: "numbers" | "dates";
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly samples: readonly number[];
  readonly data?: readonly number[];
}

/** Two distributions of a column of categories, as shares. */
export interface CategoryMarginal {
  readonly kind: "categories";
  readonly name: string;
  readonly labels: readonly string[];
  readonly samples: readonly number[];
  readonly data?: readonly number[];
}

/** A column's distribution in the samples beside that in the data. */
export type Marginal = NumberMarginal | CategoryMarginal;

/** The course of a fit: step, loss, validation loss and learning rate, one entry for each event. */
export interface Course {
  readonly step: readonly number[];
  readonly loss: readonly (number | null)[];
  readonly validationLoss: readonly (number | null)[];
  readonly learningRate: readonly (number | null)[];
}

/** All that the page draws. */
export interface Payload {
  readonly flow?: Flow;
  readonly marginals?: readonly Marginal[];
  readonly course?: Course;
}
