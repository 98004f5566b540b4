// What a model reports about itself and about weights that it was given.
// Read from the native side's JSON.

/** What a model knows about its training. */
export interface ModelInfo {
  /** Training steps done. */
  readonly step: number;
  /** Whether there is a moving average of the parameters. */
  readonly hasEma: boolean;
  /** How the data were normalised, leaf by leaf; null where they were not. */
  readonly normalization: readonly Normalization[] | null;
}

/** Mean and standard deviation of a leaf of the data, element by element: training shifts and scales by them. */
export interface Normalization {
  /** What was subtracted. */
  readonly mean: readonly number[];
  /** What was divided by. */
  readonly std: readonly number[];
}

/** What {@link DiffusionModel.loadStateDict} and {@link DiffusionModel.importWeights} report. */
export interface LoadReport {
  /** Parameters of the model that were not given. */
  readonly missing: readonly string[];
  /** Names that the model does not have. */
  readonly extra: readonly string[];
}
