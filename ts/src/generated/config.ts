// The types of configs, written by scripts/generate-schemas.mjs from the Rust types that read them.
// Do not edit: it is rewritten whenever the addon is built.
import type { ModuleConfig, RegisteredConfig } from "../config/modules.js";

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

/** Size doc. */
export type Size = number | readonly number[] | { readonly [key: string]: Size };

/** Doc of cfg. */
export interface DiffusionConfig {
  /** model */
  readonly model: IntrinsicConfig;
  /** path */
  readonly path: Path;
  /** solver */
  readonly solver?: SolverConfig;
  /** t span */
  readonly tSpan?: readonly number[];
  /** size */
  readonly xSize: Size;
}
