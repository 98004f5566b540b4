// The types of configs, written by scripts/generate-schemas.mjs from the Rust types that read them.
// Do not edit: it is rewritten whenever the addon is built.
import type { ModuleConfig, RegisteredConfig } from "../config/modules.js";

/** The shape of one sample of a state or a condition: a width, a shape, or named parts that are either. */
export type Size = number | readonly number[] | { readonly [key: string]: Size };

/** Element type of parameters and computation. */
export type Precision = "f32" | "f64";

/** An elementwise function between layers. */
export type Activation = "mish" | "tanh" | "relu" | "softplus" | "elu" | "selu" | "silu" | "swish" | "gelu" | "gelu_tanh" | "square" | "identity";

/** One activation for all hidden layers, or one for each. */
export type Activations = Activation | readonly Activation[];

/** The word for `Norms::First`. */
export type FirstNorm = "first";

/** Where layer norms stand. */
export type Norms = boolean | FirstNorm;

/** Arguments of `MultiLayerPerceptron`. */
export interface MultiLayerPerceptronConfig {
  /** What follows each hidden layer. */
  readonly activation: Activations;
  /** Share of elements dropped after each hidden activation while training, 0 ≤ dropout < 1. */
  readonly dropout?: number;
  /** What follows the last layer. */
  readonly finalActivation?: Activation;
  /** Width of the input, then of each hidden layer. */
  readonly hiddenSizes: readonly number[];
  /**
   * Layer norms after the hidden activations.
   * Default: `false`.
   */
  readonly layernorm?: Norms;
  /** Width of the output. */
  readonly outputSize: number;
  /** A fixed factor of the output, stored with the parameters. */
  readonly scale?: number;
  /** Standard deviation that the last layer's weight starts with instead of the default. */
  readonly shrink?: number;
}

/** Arguments of `ConcatenateMLP`: those of `MultiLayerPerceptron`. */
export type ConcatenateMlpConfig = MultiLayerPerceptronConfig;

/** Arguments of `TemporalSpatialResidualNet`. */
export interface TemporalSpatialResidualNetConfig {
  /** Width of the condition; absent or 0 for a net without condition. */
  readonly conditionDim?: number;
  /** Width that the condition is brought to before it joins the time; `conditionDim` if absent. */
  readonly conditionHiddenDim?: number;
  /** Widths of the blocks on the way down; the way up mirrors them. */
  readonly hiddenSizes: readonly number[];
  /** Width of the input; `outputDim` if absent. */
  readonly inputDim?: number;
  /** Width of the output. */
  readonly outputDim: number;
  /** Width of time and condition inside the net; `tDim` + `conditionHiddenDim` if absent. Without condition it is `tDim`. */
  readonly tConditionHiddenDim?: number;
  /** Width of the encoded time; 1 for a plain time. */
  readonly tDim: number;
}

/** A backbone and its arguments. */
export type BackboneConfig = {
  /** Which kind it is. */
  readonly type: "MultiLayerPerceptron";
  /** Settings of this kind. */
  readonly args: MultiLayerPerceptronConfig;
} | {
  /** Which kind it is. */
  readonly type: "ConcatenateMLP";
  /** Settings of this kind. */
  readonly args: ConcatenateMlpConfig;
} | {
  /** Which kind it is. */
  readonly type: "TemporalSpatialResidualNet";
  /** Settings of this kind. */
  readonly args: TemporalSpatialResidualNetConfig;
} | RegisteredConfig | ModuleConfig;

/** Arguments of `GaussianFourierProjectionTimeEncoder`. */
export interface GaussianFourierProjectionTimeEncoderConfig {
  /** Width of the encoding: half of it sines, half cosines. */
  readonly embedDim: number;
  /**
   * Whether the frequencies are trained.
   * Default: `false`.
   */
  readonly requiresGrad?: boolean;
  /**
   * Standard deviation of the frequencies, in cycles per unit of time.
   * Default: `30`.
   */
  readonly scale?: number;
}

/** Arguments of `GaussianFourierProjectionEncoder`. */
export interface GaussianFourierProjectionEncoderConfig {
  /** Width of the encoding of one coordinate: half of it sines, half cosines. */
  readonly embedDim: number;
  /**
   * Whether all features of a sample form one vector.
   * Default: `true`.
   */
  readonly flatten?: boolean;
  /**
   * Standard deviation of the frequencies, in cycles per unit of the input.
   * Default: `30`.
   */
  readonly scale?: number;
  /** Shape of one sample of the input. */
  readonly xShape: readonly number[];
}

/** Arguments of `ExponentialFourierProjectionTimeEncoder`. */
export interface ExponentialFourierProjectionTimeEncoderConfig {
  /**
   * Number of sinusoids; an odd number is filled up by a zero.
   * Default: `256`.
   */
  readonly frequencyEmbeddingSize?: number;
  /** Width of the encoding. */
  readonly hiddenSize: number;
  /**
   * What times are multiplied by first; 1000 is DiT's scale.
   * Default: `1`.
   */
  readonly timeFactor?: number;
}

/** Arguments of `SinusoidalPosEmb`. */
export interface SinusoidalPosEmbConfig {
  /** Width of the encoding (an odd number counts as the even one below it). */
  readonly dim: number;
}

/** An encoder and its arguments. */
export type EncoderConfig = {
  /** Which kind it is. */
  readonly type: "GaussianFourierProjectionTimeEncoder";
  /** Settings of this kind. */
  readonly args: GaussianFourierProjectionTimeEncoderConfig;
} | {
  /** Which kind it is. */
  readonly type: "GaussianFourierProjectionEncoder";
  /** Settings of this kind. */
  readonly args: GaussianFourierProjectionEncoderConfig;
} | {
  /** Which kind it is. */
  readonly type: "ExponentialFourierProjectionTimeEncoder";
  /** Settings of this kind. */
  readonly args: ExponentialFourierProjectionTimeEncoderConfig;
} | {
  /** Which kind it is. */
  readonly type: "SinusoidalPosEmb";
  /** Settings of this kind. */
  readonly args: SinusoidalPosEmbConfig;
};

/** The network of a model. */
export interface IntrinsicConfig {
  /** The network proper. */
  readonly backbone: BackboneConfig;
  /** Encodes conditions. */
  readonly conditionEncoder?: EncoderConfig;
  /** Encodes times; plain times reach the backbone if absent. */
  readonly tEncoder?: EncoderConfig;
  /** Encodes states. */
  readonly xEncoder?: EncoderConfig;
}

/** Which function of (t, x) the network is. */
export type Parameterization = "score_function" | "noise_function" | "velocity_function" | "data_prediction_function";

/** What the network predicts, and the network. */
export interface NetworkConfig {
  /** The quantity that the network's output is read as. */
  readonly type: Parameterization;
  /** The network. */
  readonly args: IntrinsicConfig;
}

/** How data becomes noise: x_t = s(t) x₀ + σ(t) ε, from data at t = 0 to noise at t = 1. */
export type Path = {
  /** Which kind it is. */
  readonly type: "linear_vp_sde";
  /**
   * Rate β at t = 0; at least 0.
   * Default: `0.1`.
   */
  readonly beta0?: number;
  /**
   * Rate β at t = 1; more than beta0.
   * Default: `20`.
   */
  readonly beta1?: number;
} | {
  /** Which kind it is. */
  readonly type: "linear";
} | {
  /** Which kind it is. */
  readonly type: "gvp";
};

/** An explicit Runge–Kutta method, by name. */
export type Method = "euler" | "midpoint" | "heun2" | "rk4" | "dopri5";

/** Settings of an ODE solver. */
export interface OdeSolver {
  /**
   * Error tolerated in a step, in units of the state; > 0. Without effect on equal steps.
   * Default: `0.00001`.
   */
  readonly atol?: number;
  /**
   * Steps, accepted and rejected, after which an adaptive method gives up; ≥ 1.
   * Default: `10000`.
   */
  readonly maxSteps?: number;
  /**
   * Step rule. dopri5 chooses its steps by rtol and atol, unless `steps` is given; the others take `steps` steps.
   * Default: `"dopri5"`.
   */
  readonly method?: Method;
  /**
   * Error tolerated in a step, relative to the state; > 0. Without effect on equal steps.
   * Default: `0.00001`.
   */
  readonly rtol?: number;
  /** Number of equal steps over the whole time span, at least one per interval of tSpan; ≥ 1. Of a fixed-step method: 100 if not given. */
  readonly steps?: number;
}

/** Step rule of an SDE. */
export type SdeMethod = "euler_maruyama";

/** Settings of an SDE solver. */
export interface SdeSolver {
  /**
   * Step rule.
   * Default: `"euler_maruyama"`.
   */
  readonly method?: SdeMethod;
  /**
   * Number of equal steps over the whole time span, at least one per interval of tSpan; ≥ 1.
   * Default: `1000`.
   */
  readonly steps?: number;
}

/** How the dynamics are integrated. */
export type SolverConfig = {
  /** Which kind it is. */
  readonly type: "ODESolver";
  /** Settings of this kind. */
  readonly args: OdeSolver;
} | {
  /** Which kind it is. */
  readonly type: "SDESolver";
  /** Settings of this kind. */
  readonly args: SdeSolver;
};

/** A diffusion model. */
export interface DiffusionConfig {
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: Size;
  /**
   * `"cpu"`, `"cuda"`, `"cuda:1"`, or `"auto"`: the best one there is.
   * Default: `"auto"`.
   */
  readonly device?: string;
  /**
   * Element type of parameters and computation.
   * Default: `"f32"`.
   */
  readonly dtype?: Precision;
  /** The network and what it predicts. */
  readonly model: NetworkConfig;
  /** The probability path between data and noise. */
  readonly path: Path;
  /**
   * Seed of the parameters' initial values.
   * Default: `0`.
   */
  readonly seed?: number;
  /** How samples are integrated, unless a call says otherwise. */
  readonly solver?: SolverConfig;
  /** Shape of one sample. */
  readonly xSize: Size;
}

/** Where to save while training. */
export interface Saving {
  /** The checkpoint's folder. */
  readonly dir: string;
  /** Steps between two saves; ≥ 1. */
  readonly every: number;
}

/** When to stop early: the validation loss has not fallen for some evaluations. */
export interface EarlyStop {
  /**
   * By how much a loss has to be lower to count as better; ≥ 0.
   * Default: `0`.
   */
  readonly minDelta?: number;
  /** Evaluations without a better loss before the run stops; ≥ 1. */
  readonly patience: number;
}

/** Exponential moving average of the parameters, used for sampling. */
export type Ema = number | {
  /** Decay per step, in [0, 1). */
  readonly decay: number;
  /**
   * Whether step n uses min(decay, (1 + n)/(10 + n)), so that the start is forgotten.
   * Default: `true`.
   */
  readonly warmup?: boolean;
};

/** When to pause for the caller. */
export interface Every {
  /** Steps between two pauses; ≥ 1. */
  readonly steps: number;
}

/** What to do with the rows that do not fill a last batch of an epoch. */
export type LastBatch = "drop" | "keep";

/** Which quantity is compared. */
export type ObjectiveKind = "score_matching" | "flow_matching";

/** How the time of a training example is drawn and weighted. */
export type Weighting = "vanilla" | "likelihood";

/** An objective. */
export interface Objective {
  /** What is compared. */
  readonly type: ObjectiveKind;
  /**
   * How times are drawn.
   * Default: `"vanilla"`.
   */
  readonly weighting?: Weighting;
}

/** A loss by name, or with settings. */
export type Loss = ObjectiveKind | Objective;

/** A learning-rate schedule. */
export type ScheduleConfig = {
  /** Which kind it is. */
  readonly type: "constant";
  /** The rate; > 0. */
  readonly rate: number;
} | {
  /** Which kind it is. */
  readonly type: "linear";
  /** Last rate. */
  readonly end: number;
  /** First rate. */
  readonly start: number;
  /** Steps between them. */
  readonly steps: number;
} | {
  /** Which kind it is. */
  readonly type: "cosine";
  /**
   * Last rate.
   * Default: `0`.
   */
  readonly final?: number;
  /** First rate. */
  readonly peak: number;
  /** Steps between them. */
  readonly steps: number;
} | {
  /** Which kind it is. */
  readonly type: "warmupCosine";
  /**
   * Last rate.
   * Default: `0`.
   */
  readonly final?: number;
  /** Highest rate. */
  readonly peak: number;
  /** Step at which the final rate is reached. */
  readonly steps: number;
  /**
   * Steps of warm-up.
   * Default: `100`.
   */
  readonly warmup?: number;
};

/** A number, or a schedule. */
export type LearningRate = number | ScheduleConfig;

/** An optimiser and its settings. */
export type Optimizer = {
  /** Which kind it is. */
  readonly type: "adamw";
  /**
   * Decay of the two moving averages, each in [0, 1).
   * Default: `[0.9,0.999]`.
   */
  readonly betas?: readonly [number, number];
  /** Largest global norm of the gradient; larger ones are scaled down to it. */
  readonly clipNorm?: number;
  /**
   * Added to the root.
   * Default: `1e-8`.
   */
  readonly eps?: number;
  /**
   * Learning rate.
   * Default: `0.001`.
   */
  readonly lr?: LearningRate;
  /**
   * Share of each parameter that a step of learning rate 1 removes.
   * Default: `0.01`.
   */
  readonly weightDecay?: number;
} | {
  /** Which kind it is. */
  readonly type: "adam";
  /**
   * Decay of the two moving averages, each in [0, 1).
   * Default: `[0.9,0.999]`.
   */
  readonly betas?: readonly [number, number];
  /** Largest global norm of the gradient; larger ones are scaled down to it. */
  readonly clipNorm?: number;
  /**
   * Added to the root.
   * Default: `1e-8`.
   */
  readonly eps?: number;
  /**
   * Learning rate.
   * Default: `0.001`.
   */
  readonly lr?: LearningRate;
  /**
   * Factor of the parameters that is added to the gradient.
   * Default: `0`.
   */
  readonly weightDecay?: number;
} | {
  /** Which kind it is. */
  readonly type: "sgd";
  /** Largest global norm of the gradient; larger ones are scaled down to it. */
  readonly clipNorm?: number;
  /**
   * Learning rate.
   * Default: `0.001`.
   */
  readonly lr?: LearningRate;
  /**
   * Share of the last direction that is kept, in [0, 1).
   * Default: `0`.
   */
  readonly momentum?: number;
  /**
   * Whether to look ahead along the momentum.
   * Default: `false`.
   */
  readonly nesterov?: boolean;
  /**
   * Factor of the parameters that is added to the gradient.
   * Default: `0`.
   */
  readonly weightDecay?: number;
};

/** When the validation loss is computed. It uses the EMA weights, no dropout, and the same times and noise each time. */
export interface Validation {
  /** Steps between two evaluations; ≥ 1. */
  readonly every: number;
}

/** Options of `fit`. */
export interface FitOptions {
  /**
   * Over how many batches a step's gradient is averaged; ≥ 1.
   * Default: `1`.
   */
  readonly accumulate?: number;
  /**
   * Rows per step; at most the number of rows.
   * Default: `512`.
   */
  readonly batchSize?: number;
  /** Folder for the checkpoint of the best validation loss. */
  readonly best?: string;
  /** Where to save while training. */
  readonly checkpoint?: Saving;
  /** When to stop early. */
  readonly earlyStop?: EarlyStop;
  /**
   * Moving average of the parameters; `null` for none.
   * Default: `0.999`.
   */
  readonly ema?: Ema | null;
  /** Passes over the data to take; give this or `steps`. */
  readonly epochs?: number;
  /** When to pause for the caller. */
  readonly every?: Every;
  /**
   * Parameters, by prefix of their names, that stay as they are.
   * Default: `[]`.
   */
  readonly frozen?: readonly string[];
  /**
   * What to do with a last, smaller batch.
   * Default: `"drop"`.
   */
  readonly lastBatch?: LastBatch;
  /**
   * The loss.
   * Default: `"flow_matching"`.
   */
  readonly loss?: Loss;
  /**
   * Whether to shift and scale each column of the data to mean 0 and standard deviation 1 (kept in the checkpoint, undone on sampling).
   * Default: `true`.
   */
  readonly normalize?: boolean;
  /** The optimiser. */
  readonly optimizer?: Optimizer;
  /**
   * Whether to go on from the training state that was loaded, instead of starting anew.
   * Default: `false`.
   */
  readonly resume?: boolean;
  /**
   * Seed of the order of rows, times, noise and dropout.
   * Default: `0`.
   */
  readonly seed?: number;
  /** Steps to take; give this or `epochs`. */
  readonly steps?: number;
  /** When to validate, if validation data is given. */
  readonly validation?: Validation;
}

/** A number of samples, or a shape of them. */
export type BatchSize = number | readonly number[];

/** The coefficient h(t) of dW in the sampler's SDE. 0 makes it the probability-flow ODE. */
export type Diffusion = {
  /** Which kind it is. */
  readonly type: "zero";
} | {
  /** Which kind it is. */
  readonly type: "g";
} | {
  /** Which kind it is. */
  readonly type: "constant";
  /** h; at least 0. */
  readonly value: number;
} | {
  /** Which kind it is. */
  readonly type: "sigma";
} | {
  /** Which kind it is. */
  readonly type: "linear";
} | {
  /** Which kind it is. */
  readonly type: "g_scaled";
  /** Multiple of g; at least 0. */
  readonly factor: number;
};

/** Which weights a job reads. */
export type Weights = "ema" | "raw";

/** Options of `sample`, `sampleForwardProcess` and `forwardSample`. */
export interface SampleOptions {
  /** How many samples (of each condition or start, if there are any). */
  readonly batchSize?: BatchSize;
  /** Diffusion h(t) of an SDE solver. */
  readonly diffusion?: Diffusion;
  /**
   * Whether to go from data to noise.
   * Default: `false`.
   */
  readonly forward?: boolean;
  /**
   * Seed of the start and of the SDE's noise. The random numbers of row i depend on the seed and on i alone; so does the row, up to rounding
   * and, with an adaptive solver, up to its tolerance, since all rows of a chunk share their steps.
   * Default: `0`.
   */
  readonly seed?: number;
  /** Solver, instead of the config's. */
  readonly solver?: SolverConfig;
  /**
   * Sampler times τ = t_max − t at which a trajectory is returned, increasing from 0; the last one is where sampling ends. Clamped to the times
   * at which the model's velocity is finite.
   */
  readonly tSpan?: readonly number[];
  /**
   * Whether to return all times, first dimension, instead of the last.
   * Default: `false`.
   */
  readonly trajectory?: boolean;
  /**
   * Which parameters: `"ema"` where there are any, or `"raw"`.
   * Default: `"ema"`.
   */
  readonly weights?: Weights;
}
