// What a model reports about itself, about densities and about weights that it was given.
// Read from the native side's JSON.
import type { Tensor } from "../tensor/tensor.js";

/** What a model knows about its training. */
export interface ModelInfo {
  /** The device that its jobs run on: `"cpu"`, `"cuda:0"` … */
  readonly device: string;
  /** Training steps done. */
  readonly step: number;
  /** Training steps of the model's own energy. */
  readonly energyStep: number;
  /** The steps after which snapshots were taken for averages of other lengths (`posthocEma`). */
  readonly posthocSteps: readonly number[];
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

/** What {@link GenerativeModel.logProb} gives. */
export interface DensityReport {
  /** Log densities `[N]`, in nats. */
  readonly logProb: Tensor;
  /** Evaluations of the model's velocity, each of all rows of a chunk. */
  readonly nfe: number;
}

/** What {@link GenerativeModel.sampleWithLogProb} gives. */
export interface SamplesWithDensity<State> {
  /** Samples, as {@link GenerativeModel.sample} gives them. */
  readonly samples: State;
  /** Their log densities, in nats: the shape of the samples without the dimensions of a sample. */
  readonly logProb: Tensor;
}

/** What {@link StoredModel.loadStateDict} and {@link GenerativeModel.importWeights} report. */
export interface LoadReport {
  /** Parameters of the model that were not given. */
  readonly missing: readonly string[];
  /** Names that the model does not have. */
  readonly extra: readonly string[];
}
