// The options of a model's calls, as users write them.
// Data, functions, models and signals do not cross as JSON, so they are taken out before validation.

import type { Table } from "../data/table.js";
import type {
  BridgeConfig,
  DiffusionConfig,
  EnergyConfig,
  EnergySettings,
  FitOptions,
  FlowConfig,
  LogProbOptions,
  Objective,
  SampleOptions,
  Size,
  Weight as WeightConfig,
  Weights,
} from "../generated/config.js";
import type { Tensor } from "../tensor/tensor.js";
import type { FitEvent } from "../train/events.js";
import type { FitLog } from "../train/logs.js";
import type { JobSettings } from "./job.js";
import type { AnyConfig } from "./network.js";
import type { StateOf } from "./state.js";
import type { StoredModel } from "./stored-model.js";
import type { Weight } from "./weight.js";

/** The size of a plain tensor: a width, or a shape. */
export type PlainSize = number | readonly number[];

/** What every config says of states and conditions. */
export interface Sizes<X extends Size, C extends Size> {
  /** Shape of one sample: a width, a shape, or named parts that are either. */
  readonly xSize: X;
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: C;
}

type Sized = "xSize" | "conditionSize";

/** The config of a diffusion model whose state has size X and whose condition, if it takes one, has size C. */
export interface ConfigOf<X extends Size, C extends Size> extends Omit<DiffusionConfig, Sized>, Sizes<X, C> {}

/** The same of a flow model. */
export interface FlowConfigOf<X extends Size, C extends Size> extends Omit<FlowConfig, Sized>, Sizes<X, C> {}

/** The same of a Schrödinger bridge. */
export interface BridgeConfigOf<X extends Size, C extends Size> extends Omit<BridgeConfig, Sized>, Sizes<X, C> {}

/** The same of a diffusion model with an energy. */
export interface EnergyConfigOf<X extends Size, C extends Size> extends Omit<EnergyConfig, Sized>, Sizes<X, C> {}

/** Samples of the source and data, row by row: what a flow or a bridge is fitted between. */
export interface Pairs<X extends Size> {
  /** Samples of the source `[N, …]`, at t = 0. */
  readonly x0: StateOf<X>;
  /** Data `[N, …]`, at t = 1. */
  readonly x1: StateOf<X>;
}

/** Candidates with their energies: what a model's own energy is fitted to. */
export interface Candidates<X extends Size> {
  /** K candidates of each condition, samples of the data: `[N, K, …xSize]`. */
  readonly x: StateOf<X>;
  /** Their energies E `[N, K]`, higher where samples should be. */
  readonly energy: Tensor;
}

/** What {@link PairModel.couple} gives: rows that belong together. */
export interface Coupled<X extends Size, C extends Size> extends Pairs<X> {
  /** The conditions, which went with the data; absent where none were given. */
  readonly condition?: StateOf<C>;
}

/** What {@link PairModel.couple} is given. */
export interface CoupleSettings<X extends Size, C extends Size> extends Pairs<X> {
  /** Conditions of the data, row by row; a coupling of type `"conditional"` looks at them. */
  readonly condition?: StateOf<C>;
  /** Seed of couplings that draw their pairs; an integer, default 0. */
  readonly seed?: number;
}

/** What comes with the rows of the data. */
export interface RowSettings<C extends Size> {
  /** Conditions, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
  /** A factor of each row's loss, `[N]`. */
  readonly sampleWeight?: Tensor;
}

/** Validation data of a fit. */
export interface ValidationSettings<C extends Size, Data> extends RowSettings<C> {
  /** Data that training does not see: tensors in the form of the training data, or a table. */
  readonly data: Data | Table;
  /** Steps between two evaluations; ≥ 1. */
  readonly every: number;
}

/** A function that is called at certain steps; training waits for it. */
export interface EverySettings {
  /** Steps between two calls; ≥ 1. */
  readonly steps: number;
  /** What to do; training goes on once it has returned or its promise has resolved. */
  readonly call: (event: FitEvent) => unknown;
}

/** Options of {@link FittedModel.fit}. */
export interface FitSettings<C extends Size = never, Data = Tensor>
  extends Omit<FitOptions, "every" | "validation">,
    RowSettings<C> {
  /** Data on which the loss is computed now and then, for early stopping and the best checkpoint. */
  readonly validation?: ValidationSettings<C, Data>;
  /** A function to call at certain steps. */
  readonly every?: EverySettings;
  /**
   * A factor of each row's loss as a function of its time; traced once, for full batches. One that is kept as data, with checkpoints
   * and for batches of any size, is `loss: { type, weight: weightFunction(…) }`.
   */
  readonly weight?: Weight;
  /** Ends training after the step that is being done; the run then rejects with an {@link AbortError}. */
  readonly signal?: AbortSignal;
  /** Whether progress is shown on stderr: true always, as plain lines where there is no terminal; false never; by default on a terminal. */
  readonly progress?: boolean;
  /** What takes note of the events: one or several of {@link jsonLinesLog}, {@link tensorBoardLog} and your own. */
  readonly log?: FitLog | readonly FitLog[];
  /**
   * Of a stream, how many rows are held, and shuffled, at a time; default 64 steps' worth. Twice as many are in memory, and for a moment three times.
   */
  readonly buffer?: number;
}

/** A model that can guide another one. */
export type Guide = Pick<StoredModel<AnyConfig>, "parameters" | "stateDict" | "info">;

/** Another model that guides: predictions become (1 − g)·other + g·this. */
export interface GuideSettings {
  /**
   * A model of the same `xSize`, `dtype` and path, normalised alike: a worse version of this one (autoguidance, Karras et al. 2024), or the
   * base of a model that was fine-tuned (GenerativeRL's guided models).
   */
  readonly model: Guide;
  /** g; 1 is this model alone, 0 the other one, and more than 1 goes away from the other. */
  readonly scale: number;
}

/** Guidance by an energy E: samples come from p·exp(w·E). */
export interface EnergyGuideSettings<X extends Size, C extends Size> extends Partial<EnergySettings> {
  /**
   * E of each row, `[B]`, higher where samples should be; see {@link Energy}. Without it the model's own energy network.
   */
  function?(t: Tensor, x: StateOf<X>, condition?: StateOf<C>): Tensor;
}

/** What sampling in either direction takes. */
export interface FlowSettings<X extends Size, C extends Size>
  extends JobSettings,
    Omit<
      SampleOptions,
      "trajectory" | "forward" | "batchSize" | "otherScale" | "energy" | "logProb" | "divergence" | "resample"
    > {
  /** Conditions `[N, …]`, for conditional models; one with `conditionDropout` can do without. */
  readonly condition?: StateOf<C>;
  /** Another model that guides. */
  readonly guide?: GuideSettings;
  /** An energy that guides. */
  readonly energy?: EnergyGuideSettings<X, C>;
}

/** Options of {@link GenerativeModel.forwardSample}. */
export interface ForwardSettings<X extends Size = PlainSize, C extends Size = never> extends FlowSettings<X, C> {}

/** Options of {@link GenerativeModel.sample}. */
export interface SampleSettings<X extends Size = PlainSize, C extends Size = never>
  extends FlowSettings<X, C>,
    Pick<SampleOptions, "batchSize"> {
  /** Where to start, `[N, …]`: noise, instead of the model's prior; of a model fitted between two sets, samples of its source. */
  readonly x0?: StateOf<X>;
}

/** Options of {@link GenerativeModel.sampleTable}. */
export interface SampleTableSettings<X extends Size = PlainSize, C extends Size = never>
  extends Omit<SampleSettings<X, C>, "condition" | "x0"> {
  /** Rows of which the columns that are conditions are given; others are not looked at. */
  readonly condition?: Table;
}

/** Options of {@link GenerativeModel.sampleWithFixedX}. */
export interface FixedSampleSettings<X extends Size = PlainSize, C extends Size = never>
  extends SampleSettings<X, C>,
    Pick<SampleOptions, "resample"> {}

/** Options of {@link GenerativeModel.sampleWithLogProb}. */
export interface DensitySampleSettings<X extends Size = PlainSize, C extends Size = never>
  extends SampleSettings<X, C>,
    Pick<SampleOptions, "divergence"> {}

/** Options of {@link GenerativeModel.tracedSample}: those of a job, of which a graph can do without stopping, and without another model. */
export interface TracedSampleSettings<X extends Size = PlainSize, C extends Size = never>
  extends Omit<FlowSettings<X, C>, "guide" | keyof JobSettings> {
  /** Where to start, `[N, …]`: noise, or of a model fitted between two sets samples of its source. As many rows come out. */
  readonly x0: StateOf<X>;
}

/** Options of {@link GenerativeModel.tracedLogProb}. */
export interface TracedLogProbSettings<C extends Size = never> extends LogProbOptions {
  /** Conditions, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
}

/**
 * Options of {@link GenerativeModel.logProb}. Where a network of noise or score cannot be turned into a velocity at t = 1 (paths whose s is 0 there), the flow ends
 * at t = 0.999, and the density is off by what is left of the data there: about 1e-3 to 1e-2 nats. A network of velocity or data has no such end.
 */
export interface LogProbSettings<C extends Size = never> extends LogProbOptions, JobSettings {
  /** Conditions, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
}

/** Options of the losses. */
export interface LossSettings<C extends Size = never> extends Omit<Objective, "type" | "weight">, RowSettings<C> {
  /** A factor of each row's loss as a function of its time: a function that is traced, or a weight of the config's. */
  readonly weight?: Weight | WeightConfig;
  /** `"mean"` over the batch (the default) or `"none"`: one loss per row. */
  readonly reduction?: "mean" | "none";
  /** What the optimiser works on (`"raw"`, the default), or the moving average where there is one. */
  readonly weights?: Weights;
  /** Seed of times and noise, default 0; a traced loss draws new ones at each step. */
  readonly seed?: number;
}

/** Options of the losses of flows and bridges, which compare pairs as they stand. */
export interface PairLossSettings<X extends Size = PlainSize, C extends Size = never> extends LossSettings<C> {
  /** Samples of the source, row by row; without them they are drawn from the standard normal distribution. */
  readonly x0?: StateOf<X>;
}

/** Options of the model functions. */
export interface CallSettings<C extends Size = never> {
  /** Conditions, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
  /** The moving average where there is one (`"ema"`, the default), or what the optimiser works on. */
  readonly weights?: Weights;
}
