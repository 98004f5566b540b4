// What the methods of a model can be told: the options that Rust knows, and those that only make sense here.
// Tensors, functions and signals do not cross as JSON, so they are taken out before validation.
import type { DiffusionConfig, FitOptions, SampleOptions, Size, Weighting, Weights } from "../generated/config.js";
import type { FitEvent } from "../train/events.js";
import type { StateOf } from "./state.js";
import type { Weight } from "./weight.js";

/** The size of a plain tensor: a width, or a shape. */
export type PlainSize = number | readonly number[];

/** The config of a model whose state has size X and whose condition, if it takes one, has size C. */
export interface ConfigOf<X extends Size, C extends Size> extends Omit<DiffusionConfig, "xSize" | "conditionSize"> {
  /** Shape of one sample: a width, a shape, or named parts that are either. */
  readonly xSize: X;
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: C;
}

/** Validation data of a fit. */
export interface ValidationSettings<X extends Size, C extends Size> {
  /** Data that training does not see. */
  readonly data: StateOf<X>;
  /** Their conditions, for conditional models. */
  readonly condition?: StateOf<C>;
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

/** Options of {@link DiffusionModel.fit}. */
export interface FitSettings<X extends Size = PlainSize, C extends Size = never>
  extends Omit<FitOptions, "every" | "validation"> {
  /** Conditions of the data, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
  /** Data on which the loss is computed now and then, for early stopping and the best checkpoint. */
  readonly validation?: ValidationSettings<X, C>;
  /** A function to call at certain steps. */
  readonly every?: EverySettings;
  /** A factor of each row's loss as a function of its time; traced once, for full batches. */
  readonly weight?: Weight;
  /** Ends training after the step that is being done; the run then rejects with an {@link AbortError}. */
  readonly signal?: AbortSignal;
  /** Whether progress is shown on stderr: true always, false never; by default on a terminal. */
  readonly progress?: boolean;
}

/** Options of {@link DiffusionModel.forwardSample}. */
export interface ForwardSettings<C extends Size = never>
  extends Omit<SampleOptions, "trajectory" | "forward" | "batchSize"> {
  /** Conditions, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
  /** Ends the call between two steps; it then rejects with an {@link AbortError}. */
  readonly signal?: AbortSignal;
}

/** Options of {@link DiffusionModel.sample}. */
export interface SampleSettings<X extends Size = PlainSize, C extends Size = never>
  extends Omit<SampleOptions, "trajectory" | "forward"> {
  /** Noise to start from `[N, …]`, instead of the model's prior. */
  readonly x0?: StateOf<X>;
  /** Conditions `[N, …]`, for conditional models. */
  readonly condition?: StateOf<C>;
  /** Ends the call between two steps; it then rejects with an {@link AbortError}. */
  readonly signal?: AbortSignal;
}

/** Options of the losses. */
export interface LossSettings<C extends Size = never> {
  /** Conditions, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
  /** How times are drawn; default `"vanilla"`: uniform. */
  readonly weighting?: Weighting;
  /** A factor of each row's loss as a function of its time. */
  readonly weight?: Weight;
  /** `"mean"` over the batch (the default) or `"none"`: one loss per row. */
  readonly reduction?: "mean" | "none";
  /** What the optimiser works on (`"raw"`, the default), or the moving average where there is one. */
  readonly weights?: Weights;
  /** Seed of times and noise, default 0; a traced loss draws new ones at each step. */
  readonly seed?: number;
}

/** Options of the model functions. */
export interface CallSettings<C extends Size = never> {
  /** Conditions, row by row, for conditional models. */
  readonly condition?: StateOf<C>;
  /** The moving average where there is one (`"ema"`, the default), or what the optimiser works on. */
  readonly weights?: Weights;
}
