// The types of configs, written by scripts/generate-schemas.mjs from the Rust types that read them.
// Do not edit: it is rewritten whenever the addon is built.
import type { ModuleConfig, RegisteredConfig } from "../config/modules.js";

/** The shape of one sample of a state or a condition: a width, a shape, or named parts that are either. */
export type Size = number | readonly number[] | { readonly [key: string]: Size };

/**
 * How far two condition vectors are apart.
 *
 * - `"squaredEuclidean"`: ‖c − c′‖².
 * - `"cosine"`: 1 − cos of the angle between c and c′, for embeddings; no vector may be 0.
 */
export type ConditionDistance = "squaredEuclidean" | "cosine";

/** Which source sample meets which datum, within a batch. */
export type Coupling = {
  /** Each datum meets a source sample chosen without regard to either (Lipman et al. 2023; Tong et al. 2024, I-CFM). */
  readonly type: "independent";
} | {
  /** The pairs of least total squared distance (Tong et al. 2024, OT-CFM; Pooladian et al. 2023). */
  readonly type: "exact";
} | {
  /** Pairs drawn from the entropic plan: between exact and independent (Cuturi 2013; Tong et al. 2024, SF2M). */
  readonly type: "sinkhorn";
  /**
   * Regularisation ε on the cost ‖x₀ − x₁‖², the whole square, in the units that the network sees; > 0. The Schrödinger bridge of noise σ has
   * ε = 2σ². Give this or relativeEpsilon.
   */
  readonly epsilon?: number;
  /**
   * Iterations after which a batch is an error; ≥ 1.
   * Default: `10000`.
   */
  readonly maxIterations?: number;
  /** Regularisation as a share of the batch's mean cost; > 0. Small shares (0.01) converge slowly. */
  readonly relativeEpsilon?: number;
  /**
   * Share of the source's mass that may be misplaced, counted at both ends; > 0.
   * Default: `0.001`.
   */
  readonly tolerance?: number;
} | {
  /** The pairs of least total squared distance that leave p(source | condition) as it is (Cheng & Schwing 2025, C²OT). */
  readonly type: "conditional";
  /**
   * How far two conditions are apart.
   * Default: `"squaredEuclidean"`.
   */
  readonly distance?: ConditionDistance;
  /**
   * Chooses w for each batch: the smallest at which at most this share of all (source, datum) pairs cost no more than the pair that
   * the datum was drawn with; in (0, 1]. The n pairs as drawn always count, so that shares below 1/n act as 1/n.
   */
  readonly targetRatio?: number;
  /** The weight w of the distance of conditions; ≥ 0. 0 is exact transport, a large one leaves pairs as they were drawn. */
  readonly weight?: number;
} | {
  /** Source row k belongs to data row k (Albergo et al. 2024, data-dependent couplings). */
  readonly type: "paired";
};

/** What becomes of missing numbers. */
export type MissingNumber = {
  /** They are refused. */
  readonly type: "error";
} | {
  /** This value takes their place. */
  readonly type: "fill";
  /** In the column's units. */
  readonly value: number;
} | {
  /** They are kept, so that samples have missing values as well. */
  readonly type: "keep";
  /** What the network sees in their place, in the column's units. */
  readonly value: number;
};

/** From a column's units to those that the network sees. */
export type Transform = {
  /** As it is. */
  readonly type: "none";
} | {
  /** To mean 0 and standard deviation 1. */
  readonly type: "standard";
  /** What is subtracted. */
  readonly mean: number;
  /** What is divided by; > 0. */
  readonly std: number;
} | {
  /** To −1 … 1. */
  readonly type: "minMax";
  /** What becomes 1; more than `min`. */
  readonly max: number;
  /** What becomes −1. */
  readonly min: number;
} | {
  /** To normal scores: knot i of m becomes the normal quantile of (i + ½)/m; between knots, and beyond the outer ones, along straight lines. */
  readonly type: "quantile";
  /** Values in ascending order; equal ones are one value of many rows. */
  readonly knots: readonly number[];
};

/** The numbers of a category. */
export type CategoryCode = {
  /** One number per category: 1 for its own and −1 for the others. */
  readonly type: "oneHot";
} | {
  /** The bits of its index as −1 and 1 (Chen et al. 2023, "Analog bits"). */
  readonly type: "bits";
} | {
  /** A vector of its own; numbers mean the nearest one. */
  readonly type: "embedding";
  /** The vector of each category, all of one length. */
  readonly vectors: readonly (readonly number[])[];
};

/** What becomes of missing categories. */
export type MissingCategory = {
  /** They are refused. */
  readonly type: "error";
} | {
  /** This category takes their place. */
  readonly type: "fill";
  /** One of the column's. */
  readonly value: string;
} | {
  /** They are a category of their own, so that samples have missing values as well. */
  readonly type: "keep";
};

/** How one column becomes numbers. */
export type ColumnEncoding = {
  /** A column of numbers. */
  readonly type: "number";
  /**
   * Whether decoded values are kept within that range.
   * Default: `false`.
   */
  readonly clip?: boolean;
  /**
   * Whether the column is a condition, and not part of the state.
   * Default: `false`.
   */
  readonly condition?: boolean;
  /** What becomes of missing values. */
  readonly missing?: MissingNumber;
  /** The column's name. */
  readonly name: string;
  /** Smallest and largest value that was seen. */
  readonly range: readonly [number, number];
  /** What all values are multiples of, and decoded ones are rounded to: 1 of integers, 0.01 of two decimals; of dates in milliseconds. */
  readonly step?: number;
  /** From the column's units to those that the network sees. */
  readonly transform: Transform;
} | {
  /** A column of dates: milliseconds since 1970, UTC. */
  readonly type: "date";
  /**
   * Whether decoded values are kept within that range.
   * Default: `false`.
   */
  readonly clip?: boolean;
  /**
   * Whether the column is a condition, and not part of the state.
   * Default: `false`.
   */
  readonly condition?: boolean;
  /** What becomes of missing values. */
  readonly missing?: MissingNumber;
  /** The column's name. */
  readonly name: string;
  /** Smallest and largest value that was seen. */
  readonly range: readonly [number, number];
  /** What all values are multiples of, and decoded ones are rounded to: 1 of integers, 0.01 of two decimals; of dates in milliseconds. */
  readonly step?: number;
  /** From the column's units to those that the network sees. */
  readonly transform: Transform;
} | {
  /** A column of categories. */
  readonly type: "category";
  /** All categories. Where missing values are kept, one more comes after them. */
  readonly categories: readonly string[];
  /** The numbers of each. */
  readonly code: CategoryCode;
  /**
   * Whether the column is a condition, and not part of the state.
   * Default: `false`.
   */
  readonly condition?: boolean;
  /** What becomes of missing values. */
  readonly missing?: MissingCategory;
  /** The column's name. */
  readonly name: string;
};

/** How a table becomes rows of numbers: its columns, one after the other. Made by `fitEncoding`. */
export interface EncodingConfig {
  /** The columns in the table's order. */
  readonly columns: readonly ColumnEncoding[];
}

/**
 * Element type of parameters and computation.
 *
 * - `"f32"`: 32-bit floats.
 * - `"f64"`: 64-bit floats.
 */
export type Precision = "f32" | "f64";

/**
 * a = 1 − t, b = t, c = sigma √(t(1 − t)); ċ is infinite at both ends.
 *
 * A score network s_θ is fitted by ½‖−λ(t) s_θ − ε‖² with λ = 2√(t(1 − t))/σ and then is (σ²/2)∇log p_t, finite at both ends. Samples
 * follow dx = (v + s_θ) dt + σ dW, or dx = v dt.
 */
export interface SchrodingerBridge {
  /**
   * Diffusion σ of the Brownian motion; positive, in the units that the network sees: those of the data divided by their standard deviation unless `normalize` is false.
   * Default: `1`.
   */
  readonly sigma?: number;
}

/**
 * An elementwise function between layers.
 *
 * - `"mish"`: x · tanh(softplus(x)) (Misra 2019).
 * - `"tanh"`: tanh x.
 * - `"relu"`: max(x, 0) (Nair & Hinton 2010).
 * - `"softplus"`: log(1 + eˣ) (Dugas et al. 2001).
 * - `"elu"`: x above 0, eˣ − 1 below (Clevert, Unterthiner & Hochreiter 2016).
 * - `"selu"`: A scaled elu that keeps mean 0 and variance 1 (Klambauer et al. 2017).
 * - `"silu"`: x · sigmoid(x) (Elfwing, Uchibe & Doya 2018).
 * - `"swish"`: x · sigmoid(βx) with a trained β, one per use (Ramachandran, Zoph & Le 2017).
 * - `"gelu"`: x Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016).
 * - `"gelu_tanh"`: gelu with Φ approximated by tanh (Hendrycks & Gimpel 2016).
 * - `"square"`: x².
 * - `"identity"`: x.
 */
export type Activation = "mish" | "tanh" | "relu" | "softplus" | "elu" | "selu" | "silu" | "swish" | "gelu" | "gelu_tanh" | "square" | "identity";

/** One activation for all hidden layers, or one for each. */
export type Activations = Activation | readonly Activation[];

/**
 * The word for `Norms::First`.
 *
 * - `"first"`: What GenerativeRL builds for any number of hidden layers, since its norms share one name: for loading its checkpoints.
 */
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

/** Arguments of `TemporalSpatialConditionalResidualNet`. */
export interface TemporalSpatialConditionalResidualNetConfig {
  /** Width of the condition; absent or 0 for a net without condition. */
  readonly conditionDim?: number;
  /** Widths of the blocks on the way down; the way up mirrors them. */
  readonly hiddenSizes: readonly number[];
  /** Width of the state. */
  readonly inputDim: number;
  /** Width of the output. */
  readonly outputDim: number;
  /** Width of the encoded time; 1 for a plain time. */
  readonly tDim: number;
  /** Width of the time inside the net; `tDim` if absent. */
  readonly tHiddenDim?: number;
}

/** Arguments of `ConcatenateLayer`: none. */
export type ConcatenateLayerConfig = { readonly [key: string]: unknown };

/** Arguments of `MLPResNet`. */
export interface MlpResNetConfig {
  /**
   * What stands within the blocks and before the last layer.
   * Default: `"relu"`.
   */
  readonly activations?: Activation;
  /** Share of elements dropped before each block while training, 0 ≤ dropoutRate < 1. */
  readonly dropoutRate?: number;
  /**
   * Width of the net.
   * Default: `256`.
   */
  readonly hiddenDim?: number;
  /** Width of all inputs together: state, condition and time. */
  readonly inputDim: number;
  /** Number of residual blocks. */
  readonly numBlocks: number;
  /** Width of the output. */
  readonly outputDim: number;
  /**
   * Whether each block begins with a layer norm.
   * Default: `false`.
   */
  readonly useLayerNorm?: boolean;
}

/** Arguments of `TemporalConcatenateMLPResNet`. */
export interface TemporalConcatenateMlpResNetConfig {
  /**
   * What stands within the time's network.
   * Default: `"mish"`.
   */
  readonly activation?: Activation;
  /**
   * What stands within the blocks and before the last layer.
   * Default: `"relu"`.
   */
  readonly activations?: Activation;
  /** Share of elements dropped before each block while training, 0 ≤ dropoutRate < 1. */
  readonly dropoutRate?: number;
  /**
   * Width of the net.
   * Default: `256`.
   */
  readonly hiddenDim?: number;
  /** Width of state and condition together. */
  readonly inputDim: number;
  /** Number of residual blocks. */
  readonly numBlocks: number;
  /** Width of the output. */
  readonly outputDim: number;
  /**
   * Width of the encoded time.
   * Default: `64`.
   */
  readonly tDim?: number;
  /**
   * Whether each block begins with a layer norm.
   * Default: `false`.
   */
  readonly useLayerNorm?: boolean;
}

/** One size for both dimensions of an image, or one for each. */
export type Side = number | readonly [number, number];

/** Arguments of `DiT`. */
export interface DitConfig {
  /**
   * Above 0, the label "no class" has a trained vector, else the vector 0. Which share of the labels training hides is the model's
   * `conditionDropout`.
   * Default: `0.1`.
   */
  readonly classDropoutProb?: number;
  /** Width of the condition, for a net whose condition is a vector per image. */
  readonly conditionDim?: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Width of a token; divisible by 4 and by `numHeads`. */
  readonly hiddenSize: number;
  /** Channels of the images. */
  readonly inChannels: number;
  /** Height and width of the images. */
  readonly inputSize: Side;
  /**
   * Whether the output has twice the channels, as nets that learn variances have.
   * Default: `false`.
   */
  readonly learnSigma?: boolean;
  /**
   * How wide a block's perceptron is inside, relative to `hiddenSize`.
   * Default: `4`.
   */
  readonly mlpRatio?: number;
  /** Number of classes, for a net whose condition is a label per image. */
  readonly numClasses?: number;
  /** Attention heads. */
  readonly numHeads: number;
  /**
   * Height and width of a patch; divides `inputSize`.
   * Default: `2`.
   */
  readonly patchSize?: number;
  /**
   * What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
   * Default: `1`.
   */
  readonly timeFactor?: number;
}

/** Arguments of `DiT1D`. */
export interface Dit1dConfig {
  /**
   * Above 0, the label "no class" has a trained vector, else the vector 0. Which share of the labels training hides is the model's
   * `conditionDropout`.
   * Default: `0.1`.
   */
  readonly classDropoutProb?: number;
  /** Width of the condition, for a net whose condition is a vector per series. */
  readonly conditionDim?: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Width of a token; even, and divisible by `numHeads`. */
  readonly hiddenSize: number;
  /** Numbers per step. */
  readonly inChannels: number;
  /**
   * How wide a block's perceptron is inside, relative to `hiddenSize`.
   * Default: `4`.
   */
  readonly mlpRatio?: number;
  /** Number of classes, for a net whose condition is a label per series. */
  readonly numClasses?: number;
  /** Attention heads. */
  readonly numHeads: number;
  /**
   * Steps of the series in one token; divides `tokenSize`.
   * Default: `1`.
   */
  readonly patchSize?: number;
  /**
   * What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
   * Default: `1`.
   */
  readonly timeFactor?: number;
  /** Length of the series. */
  readonly tokenSize: number;
}

/** Channels in one dimension, or in several. */
export type Channels = number | readonly number[];

/** One size for all three dimensions, or one for each: time, height, width. */
export type Edges = number | readonly [number, number, number];

/** Arguments of `DiT3D`. */
export interface Dit3dConfig {
  /**
   * Above 0, the label "no class" has a trained vector, else the vector 0. Which share of the labels training hides is the model's
   * `conditionDropout`.
   * Default: `0.1`.
   */
  readonly classDropoutProb?: number;
  /** Width of the condition, for a net whose condition is a vector per state. */
  readonly conditionDim?: number;
  /**
   * Whether a token is a map of all channels; otherwise each channel fills a part of it, and the channels divide `hiddenSize`.
   * Default: `false`.
   */
  readonly convolved?: boolean;
  /** Number of blocks. */
  readonly depth: number;
  /** Width of a token; divisible by `numHeads`, and by 2 and the number of places along time, height and width together, or by 6. */
  readonly hiddenSize: number;
  /** Channels of the states. */
  readonly inChannels: Channels;
  /**
   * Whether the output has twice the channels, as nets that learn variances have.
   * Default: `false`.
   */
  readonly learnSigma?: boolean;
  /**
   * How wide a block's perceptron is inside, relative to `hiddenSize`.
   * Default: `4`.
   */
  readonly mlpRatio?: number;
  /** Number of classes, for a net whose condition is a label per state. */
  readonly numClasses?: number;
  /** Attention heads. */
  readonly numHeads: number;
  /** Time, height and width of the states. */
  readonly patchBlockSize: Edges;
  /**
   * Time, height and width of a patch; they divide `patchBlockSize`.
   * Default: `2`.
   */
  readonly patchSize?: Edges;
  /**
   * What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
   * Default: `1`.
   */
  readonly timeFactor?: number;
}

/** Arguments of `unet_1D` and `unet_2D`. */
export interface UNetConfig {
  /**
   * Levels with attention, by how much coarser than the state they are: 1, 2, 4 ….
   * Default: `[]`.
   */
  readonly attentionResolutions?: readonly number[];
  /**
   * Channels of each level, relative to `modelChannels`; each level is half as fine as the one before.
   * Default: `[1,2,4,8]`.
   */
  readonly channelMult?: readonly number[];
  /** Width of the condition, for a net whose condition is a vector per row. */
  readonly conditionDim?: number;
  /**
   * Whether levels are joined by convolutions; otherwise by means and copies.
   * Default: `true`.
   */
  readonly convResample?: boolean;
  /**
   * Share of elements dropped within each block while training, 0 ≤ dropout < 1.
   * Default: `0`.
   */
  readonly dropout?: number;
  /** Channels of the state `[B, inChannels, …sizes]`. */
  readonly inChannels: number;
  /** Channels of the finest level. */
  readonly modelChannels: number;
  /** Number of classes, for a net whose condition is a label per row. */
  readonly numClasses?: number;
  /**
   * Groups of channels of each norm, or as many fewer as divide its channels. By default 32, or as many fewer as leave 4 channels in each: in
   * a group of one channel, the norm undoes the time, which is added to channels before it. Nets of improved-diffusion have 32.
   */
  readonly numGroups?: number;
  /**
   * Attention heads.
   * Default: `1`.
   */
  readonly numHeads?: number;
  /** Attention heads on the way up; `numHeads` if absent. */
  readonly numHeadsUpsample?: number;
  /** Residual blocks of each level. */
  readonly numResBlocks: number;
  /** Channels of the output; `inChannels` if absent. */
  readonly outChannels?: number;
  /**
   * What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
   * Default: `1`.
   */
  readonly timeFactor?: number;
  /**
   * Whether the time scales and shifts the norms; otherwise it is added.
   * Default: `false`.
   */
  readonly useScaleShiftNorm?: boolean;
}

/** Arguments of `unet_1D`, whose states are `[B, inChannels, length]`. */
export type UNet1dConfig = UNetConfig;

/** Arguments of `unet_2D`, whose states are `[B, inChannels, height, width]`. */
export type UNet2dConfig = UNetConfig;

/** Arguments of `UViT`. */
export interface UvitConfig {
  /** Width of the condition, for a net whose condition is a vector per image. */
  readonly conditionDim?: number;
  /**
   * Whether a convolution smooths the edges of the patches.
   * Default: `true`.
   */
  readonly conv?: boolean;
  /** Number of blocks besides the middle one; half of them down, half up (an odd one is left out). */
  readonly depth: number;
  /** Width of a token; divisible by `numHeads`. */
  readonly embedDim: number;
  /** Height and width of the images. */
  readonly imgSize: number;
  /** Channels of the images. */
  readonly inChans: number;
  /**
   * How wide a block's perceptron is inside, relative to `embedDim`.
   * Default: `4`.
   */
  readonly mlpRatio?: number;
  /**
   * Whether a small network stands between the time's sinusoids and its token.
   * Default: `false`.
   */
  readonly mlpTimeEmbed?: boolean;
  /** Number of classes, for a net whose condition is a label per image. */
  readonly numClasses?: number;
  /** Attention heads. */
  readonly numHeads: number;
  /** Height and width of a patch; divides `imgSize`. */
  readonly patchSize: number;
  /**
   * Whether the map to queries, keys and values has a bias.
   * Default: `false`.
   */
  readonly qkvBias?: boolean;
  /**
   * Whether blocks on the way up see the output of their mirror image.
   * Default: `true`.
   */
  readonly skip?: boolean;
  /**
   * What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
   * Default: `1`.
   */
  readonly timeFactor?: number;
}

/** Arguments of `FNO1d`. */
export interface Fno1dConfig {
  /** Kept frequencies; at most half the length, and 1. */
  readonly modes1: number;
  /** Number of Fourier layers. */
  readonly numLayers: number;
  /** Fields beside each other: states are `[B, width, numVars, length]`. */
  readonly numVars: number;
  /** Channels. */
  readonly width: number;
}

/** Arguments of `FNO2d`. */
export interface Fno2dConfig {
  /** Kept frequencies along the height, of each sign; at most half of it. */
  readonly modes1: number;
  /** Kept frequencies along the width; at most half of it, and 1. */
  readonly modes2: number;
  /** Number of Fourier layers. */
  readonly numLayers: number;
  /** Fields beside each other: states are `[B, width, numVars, height, width]`. */
  readonly numVars: number;
  /** Channels. */
  readonly width: number;
}

/** Arguments of `FNO1dTemporal`. */
export interface Fno1dTemporalConfig {
  /** Channels of the state `[B, inChannels, length]`. */
  readonly inChannels: number;
  /** Kept frequencies; at most half the length, and 1. */
  readonly modes1: number;
  /** Number of Fourier layers. */
  readonly numLayers: number;
  /** Channels of the output. */
  readonly outChannels: number;
}

/** Arguments of `FNO2dTemporal`. */
export interface Fno2dTemporalConfig {
  /** Channels of the state `[B, inChannels, height, width]`. */
  readonly inChannels: number;
  /** Kept frequencies along the height, of each sign; at most half of it. */
  readonly modes1: number;
  /** Kept frequencies along the width; at most half of it, and 1. */
  readonly modes2: number;
  /** Number of Fourier layers. */
  readonly numLayers: number;
  /** Channels of the output. */
  readonly outChannels: number;
}

/** Arguments of `FNO2dTemporalMultivariable`. */
export interface Fno2dTemporalMultivariableConfig {
  /** Channels of each variable. */
  readonly inChannels: number;
  /** Kept frequencies along the height, of each sign; at most half of it. */
  readonly modes1: number;
  /** Kept frequencies along the width; at most half of it, and 1. */
  readonly modes2: number;
  /** Number of Fourier layers. */
  readonly numLayers: number;
  /** Variables: states are `[B, inChannels, numVars, height, width]`. */
  readonly numVars: number;
  /** Channels of the output. */
  readonly outChannels: number;
}

/** A backbone and its arguments. */
export type BackboneConfig = {
  /** Fully connected layers over time, state and condition joined; of GenerativeRL. */
  readonly type: "MultiLayerPerceptron";
  /** Settings of this kind. */
  readonly args: MultiLayerPerceptronConfig;
} | {
  /** The same network under GenerativeRL's names for joined inputs. */
  readonly type: "ConcatenateMLP";
  /** Settings of this kind. */
  readonly args: ConcatenateMlpConfig;
} | {
  /** A U-shaped net of residual blocks, each fed by the time and the condition; of GenerativeRL. */
  readonly type: "TemporalSpatialResidualNet";
  /** Settings of this kind. */
  readonly args: TemporalSpatialResidualNetConfig;
} | {
  /** The same blocks, fed with state and condition joined; of GenerativeRL. */
  readonly type: "TemporalSpatialConditionalResidualNet";
  /** Settings of this kind. */
  readonly args: TemporalSpatialConditionalResidualNetConfig;
} | {
  /** Time, state and condition side by side; of GenerativeRL. */
  readonly type: "ConcatenateLayer";
  /** Settings of this kind. */
  readonly args: ConcatenateLayerConfig;
} | {
  /** Residual blocks of two dense layers over all inputs joined (Hansen-Estruch et al. 2023, IDQL). */
  readonly type: "MLPResNet";
  /** Settings of this kind. */
  readonly args: MlpResNetConfig;
} | {
  /** The same, with a small network for the time; of GenerativeRL. */
  readonly type: "TemporalConcatenateMLPResNet";
  /** Settings of this kind. */
  readonly args: TemporalConcatenateMlpResNetConfig;
} | {
  /** A diffusion transformer of images (Peebles & Xie 2023). */
  readonly type: "DiT";
  /** Settings of this kind. */
  readonly args: DitConfig;
} | {
  /** A diffusion transformer of series: the blocks of DiT (Peebles & Xie 2023) over tokens along the time. */
  readonly type: "DiT1D";
  /** Settings of this kind. */
  readonly args: Dit1dConfig;
} | {
  /** A diffusion transformer of videos and volumes: the blocks of DiT (Peebles & Xie 2023) over patches of time and space. */
  readonly type: "DiT3D";
  /** Settings of this kind. */
  readonly args: Dit3dConfig;
} | {
  /** A U-Net of series (Nichol & Dhariwal 2021, improved-diffusion). */
  readonly type: "unet_1D";
  /** Settings of this kind. */
  readonly args: UNet1dConfig;
} | {
  /** A U-Net of images (Nichol & Dhariwal 2021, improved-diffusion). */
  readonly type: "unet_2D";
  /** Settings of this kind. */
  readonly args: UNet2dConfig;
} | {
  /** A vision transformer of images with long skips (Bao et al. 2023, "All are worth words"). */
  readonly type: "UViT";
  /** Settings of this kind. */
  readonly args: UvitConfig;
} | {
  /** A Fourier neural operator over series, the same at all times (Li et al. 2021). */
  readonly type: "FNO1d";
  /** Settings of this kind. */
  readonly args: Fno1dConfig;
} | {
  /** A Fourier neural operator over images, the same at all times (Li et al. 2021). */
  readonly type: "FNO2d";
  /** Settings of this kind. */
  readonly args: Fno2dConfig;
} | {
  /** A Fourier neural operator over series (Li et al. 2021), whose weights depend on the time; of GenerativeRL. */
  readonly type: "FNO1dTemporal";
  /** Settings of this kind. */
  readonly args: Fno1dTemporalConfig;
} | {
  /** A Fourier neural operator over images (Li et al. 2021), whose weights depend on the time; of GenerativeRL. */
  readonly type: "FNO2dTemporal";
  /** Settings of this kind. */
  readonly args: Fno2dTemporalConfig;
} | {
  /** A Fourier neural operator over several fields of an image (Li et al. 2021), whose weights depend on the time; of GenerativeRL. */
  readonly type: "FNO2dTemporalMultivariable";
  /** Settings of this kind. */
  readonly args: Fno2dTemporalMultivariableConfig;
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

/** Arguments of `DiscreteEmbeddingEncoder`. */
export interface DiscreteEmbeddingEncoderConfig {
  /** Width of a label's vector, and of the encoding. */
  readonly hiddenDim: number;
  /** Number of different labels. */
  readonly xDim: number;
  /** Number of labels per row. */
  readonly xNum: number;
}

/** Arguments of `TensorDictConcatenateEncoder`: none. */
export type TensorDictConcatenateEncoderConfig = { readonly [key: string]: unknown };

/** An encoder and its arguments. */
export type EncoderConfig = {
  /** Random Fourier features of a time: sin tW and cos tW with fixed Gaussian frequencies W (Tancik et al. 2020, eq. 5; Song et al. 2021, appendix C). */
  readonly type: "GaussianFourierProjectionTimeEncoder";
  /** Settings of this kind. */
  readonly args: GaussianFourierProjectionTimeEncoderConfig;
} | {
  /** Random Fourier features of each coordinate of a state or condition (Tancik et al. 2020, eq. 5). */
  readonly type: "GaussianFourierProjectionEncoder";
  /** Settings of this kind. */
  readonly args: GaussianFourierProjectionEncoderConfig;
} | {
  /** Sinusoids of a time at geometric frequencies, then a small trained network (Peebles & Xie 2023, section 3.2). */
  readonly type: "ExponentialFourierProjectionTimeEncoder";
  /** Settings of this kind. */
  readonly args: ExponentialFourierProjectionTimeEncoderConfig;
} | {
  /** Sinusoids of a time at geometric frequencies (Vaswani et al. 2017, section 3.5). */
  readonly type: "SinusoidalPosEmb";
  /** Settings of this kind. */
  readonly args: SinusoidalPosEmbConfig;
} | {
  /** A trained vector for each of several labels, brought to one vector; of GenerativeRL. */
  readonly type: "DiscreteEmbeddingEncoder";
  /** Settings of this kind. */
  readonly args: DiscreteEmbeddingEncoderConfig;
} | {
  /** All parts of a nested state or condition, side by side; of GenerativeRL. */
  readonly type: "TensorDictConcatenateEncoder";
  /** Settings of this kind. */
  readonly args: TensorDictConcatenateEncoderConfig;
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

/** EDM's preconditioning (Karras et al. 2022, table 1): the network's input and target have unit variance at every noise level. */
export interface Preconditioning {
  /**
   * Standard deviation of the data; positive.
   * Default: `0.5`.
   */
  readonly sigmaData?: number;
}

/**
 * Which function of (t, x) the network is.
 *
 * - `"score_function"`: The score S = ∇ log p_t(x) = −E[ε | x_t = x]/σ (Song et al. 2021).
 * - `"noise_function"`: The noise E[ε | x_t = x] (Ho et al. 2020).
 * - `"velocity_function"`: The velocity v = E[ṡx₀ + σ̇ε | x_t = x] of the probability-flow ODE (Lipman et al. 2023).
 * - `"data_prediction_function"`: The data D = E[x₀ | x_t = x] (Karras et al. 2022).
 */
export type Parameterization = "score_function" | "noise_function" | "velocity_function" | "data_prediction_function";

/** What the network predicts, and the network. */
export interface NetworkConfig {
  /** The quantity that the network's output is read as. */
  readonly type: Parameterization;
  /** The network. */
  readonly args: IntrinsicConfig;
  /**
   * EDM's preconditioning around a `data_prediction_function` (Karras et al. 2022): the network then sees inputs and is fitted to targets of unit variance at
   * every noise level, and its time is ¼ log(σ/s).
   */
  readonly preconditioning?: Preconditioning;
}

/**
 * How an adaptive method chooses its steps (Söderlind 2003, *ACM TOMS* 29): with k the order of the error estimate and eₙ the present error in units of what
 * is tolerated, a step is followed by one longer by the factor safety·eₙ^(−(p+i+d)/k)·eₙ₋₁^((p+2d)/k)·eₙ₋₂^(−d/k). The default is the PI controller of
 * the code DOPRI5 (Gustafsson 1991; Hairer & Wanner, *Solving Ordinary Differential Equations II*, section IV.2).
 */
export interface StepControl {
  /**
   * d: weight of the change of the change; ≥ 0. Not 0 makes it a PID controller.
   * Default: `0`.
   */
  readonly derivative?: number;
  /**
   * i: weight of the error itself; > 0.
   * Default: `0.65`.
   */
  readonly integral?: number;
  /**
   * Largest factor between two steps; > 1.
   * Default: `10`.
   */
  readonly maxFactor?: number;
  /**
   * Smallest factor between two steps; in (0, 1).
   * Default: `0.2`.
   */
  readonly minFactor?: number;
  /**
   * p: weight of the change of the error; ≥ 0.
   * Default: `0.2`.
   */
  readonly proportional?: number;
  /**
   * Part of the step that would just be accepted; in (0, 1).
   * Default: `0.9`.
   */
  readonly safety?: number;
}

/** How the steps of a fixed grid are spread over the time span, in the time of the path. */
export type Grid = {
  /** That of the path: equal steps in time; along `edm`, whose time is σ itself, those of `karras`. */
  readonly type: "path";
} | {
  /** Equal steps in time. */
  readonly type: "uniform";
} | {
  /** Equal steps in √t: short ones near t = 0 (Song, Meng & Ermon 2021, appendix D.2). */
  readonly type: "quadratic";
} | {
  /**
   * Equal steps in λ = log(s/σ), which are equal steps in log σ where s = 1 (also called exponential), as in DPM-Solver (Lu et al. 2022). The span must end
   * where s > 0 and σ > 0.
   */
  readonly type: "logSnr";
} | {
  /** Equal steps in (σ/s)^(1/rho), as in EDM (Karras et al. 2022, equation 5). The span must begin where s > 0. */
  readonly type: "karras";
  /**
   * Larger values make steps near the data shorter; > 0.
   * Default: `7`.
   */
  readonly rho?: number;
} | {
  /** The ends of all steps. They replace the number of steps; those of tSpan are added, those outside it left out. */
  readonly type: "times";
  /** Times in the units of tSpan. */
  readonly times: readonly number[];
};

/**
 * A step rule of ODEs, by name.
 *
 * - `"euler"`: Order 1, one evaluation per step (Euler 1768).
 * - `"midpoint"`: Order 2, two evaluations per step, none of them at its end (Runge 1895).
 * - `"heun2"`: Order 2, two evaluations per step, at both ends (Heun 1900; Karras et al. 2022, algorithm 1).
 * - `"ralston"`: Order 2, two evaluations per step, none of them at its end; smallest error bound of its kind (Ralston 1962).
 * - `"heun3"`: Order 3, three evaluations per step, none of them at its end (Heun 1900).
 * - `"rk4"`: Order 4, four evaluations per step (Kutta 1901).
 * - `"rk4_three_eighths"`: Order 4, four evaluations per step; torchdiffeq's rk4 (Kutta 1901, the 3/8 rule).
 * - `"dopri5"`: Order 5, six evaluations per step; chooses its steps (Dormand & Prince 1980).
 * - `"bosh3"`: Order 3, three evaluations per step; chooses its steps. For loose tolerances (Bogacki & Shampine 1989).
 * - `"tsit5"`: Order 5, six evaluations per step; chooses its steps (Tsitouras 2011).
 * - `"dopri8"`: Order 8, twelve evaluations per step; chooses its steps. For tight tolerances. An output between two steps costs three evaluations (Prince & Dormand 1981; Hairer, Nørsett & Wanner, the code DOP853).
 * - `"ab2"`: Order 2, one evaluation per step (Bashforth & Adams 1883).
 * - `"ab4"`: Order 4, one evaluation per step (Bashforth & Adams 1883).
 */
export type Method = "euler" | "midpoint" | "heun2" | "ralston" | "heun3" | "rk4" | "rk4_three_eighths" | "dopri5" | "bosh3" | "tsit5" | "dopri8" | "ab2" | "ab4";

/** Settings of an ODE solver. */
export interface OdeSolver {
  /**
   * Error tolerated in a step, in units of the state; > 0. Without effect on fixed steps.
   * Default: `0.00001`.
   */
  readonly atol?: number;
  /** How an adaptive method chooses its steps. */
  readonly control?: StepControl;
  /** Whether the last state is replaced by the datum that the model predicts from it; one more evaluation. */
  readonly denoiseFinal?: boolean;
  /** How fixed steps are spread; as the path says if not given: equal in time, along `edm` as `karras`. */
  readonly grid?: Grid;
  /**
   * Steps, accepted and rejected, after which an adaptive method gives up; ≥ 1.
   * Default: `10000`.
   */
  readonly maxSteps?: number;
  /**
   * Step rule. dopri5, bosh3, tsit5 and dopri8 choose their steps by rtol and atol, unless `steps` or a grid other than the path's or the uniform one is given;
   * the others take `steps` steps.
   * Default: `"dopri5"`.
   */
  readonly method?: Method;
  /**
   * Error tolerated in a step, relative to the state; > 0. Without effect on fixed steps.
   * Default: `0.00001`.
   */
  readonly rtol?: number;
  /** Number of steps over the whole time span, at least one per interval of tSpan; ≥ 1. Of a fixed-step method: 100 if not given. */
  readonly steps?: number;
}

/**
 * A step rule of SDEs, by name.
 *
 * - `"euler_maruyama"`: Strong order 1, one evaluation per step (Maruyama 1955; Kloeden & Platen 1992, section 10.2).
 * - `"heun"`: Strong order 1, weak order 2 in the drift, two evaluations per step, at both ends (Rümelin 1982).
 * - `"sra1"`: Strong order 1.5, two evaluations per step (Rößler 2010).
 * - `"edm"`: Heun steps along the ODE, each after as much new noise as `churn` says (Karras et al. 2022, algorithm 2); ignores the diffusion.
 * - `"ancestral"`: Draws from the posterior of the predicted datum (Ho et al. 2020, DDPM); ignores the diffusion.
 */
export type SdeMethod = "euler_maruyama" | "heun" | "sra1" | "edm" | "ancestral";

/** Settings of an SDE solver. */
export interface SdeSolver {
  /**
   * Whether the noise is one Brownian path of the seed, the same for any number of steps, so that more steps refine the same sample; of
   * euler_maruyama, heun and sra1.
   */
  readonly brownian?: boolean;
  /** Of edm: how much new noise all steps together add, S_churn; ≥ 0. 0 makes it deterministic. */
  readonly churn?: number;
  /** Whether the last state is replaced by the datum that the model predicts from it; one more evaluation. */
  readonly denoiseFinal?: boolean;
  /** How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`. */
  readonly grid?: Grid;
  /**
   * Step rule.
   * Default: `"euler_maruyama"`.
   */
  readonly method?: SdeMethod;
  /** Of edm: largest σ/s at which noise is added, S_max; ≥ sMin. Without limit if not given. */
  readonly sMax?: number;
  /** Of edm: least σ/s at which noise is added, S_min; ≥ 0. */
  readonly sMin?: number;
  /** Of edm: standard deviation of the new noise, S_noise; ≥ 0. */
  readonly sNoise?: number;
  /**
   * Number of steps over the whole time span, at least one per interval of tSpan; ≥ 1.
   * Default: `1000`.
   */
  readonly steps?: number;
}

/**
 * Which dynamics are solved, and in which prediction.
 *
 * - `"dpmsolver"`: The ODE, on the predicted noise (Lu et al. 2022, DPM-Solver).
 * - `"dpmsolver++"`: The ODE, on the predicted datum (Lu et al. 2022, DPM-Solver++): starts also where s = 0, bears guidance and thresholding.
 * - `"sde-dpmsolver++"`: The SDE with the path's own diffusion g, on the predicted datum (Lu et al. 2022, DPM-Solver++, section 5); multistep only.
 */
export type DpmAlgorithm = "dpmsolver" | "dpmsolver++" | "sde-dpmsolver++";

/**
 * How a formula of second order (and singlestep of third order) weighs differences.
 *
 * - `"dpmsolver"`: As in the papers' algorithms.
 * - `"taylor"`: The terms of the Taylor expansion, integrated exactly.
 */
export type Expansion = "dpmsolver" | "taylor";

/**
 * Where a step of higher order takes its further evaluations from.
 *
 * - `"singlestep"`: From within the step: as many evaluations as its order.
 * - `"multistep"`: From earlier steps: one evaluation per step.
 */
export type DpmMethod = "singlestep" | "multistep";

/**
 * Where the inner evaluations of singlestep steps lie.
 *
 * - `"fractions"`: At ½, or ⅓ and ⅔, of the step in log(s/σ).
 * - `"grid"`: At the grid's own times, of which a step takes as many as its order, as GenerativeRL does.
 */
export type StagePlacement = "fractions" | "grid";

/**
 * The multistep formula of order 3, and how it starts.
 *
 * - `"corrected"`: Order 3: with the whole second derivative, after two singlestep steps of order 2 (one evaluation more each).
 * - `"published"`: As published and in other libraries, with half of the second derivative, after steps of orders 1 and 2: order 2, often better below 10 steps.
 */
export type ThirdOrder = "corrected" | "published";

/** Dynamic thresholding (Saharia et al. 2022, Imagen, section 2.3), for data in [−floor, floor]. */
export interface Thresholding {
  /**
   * Largest magnitude of the data; > 0. Nothing below it is clipped.
   * Default: `1`.
   */
  readonly floor?: number;
  /**
   * Part of the elements of one sample whose magnitude is not clipped; in (0, 1].
   * Default: `0.995`.
   */
  readonly percentile?: number;
}

/** Settings of DPM-Solver in its variants (Lu et al. 2022: DPM-Solver, of the noise; DPM-Solver++, of the datum). */
export interface DpmSolver {
  /**
   * Which dynamics are solved, and in which prediction. From a time at which s = 0, only those on the datum can start; their first step then is the
   * limit of order 1.
   * Default: `"dpmsolver++"`.
   */
  readonly algorithm?: DpmAlgorithm;
  /** Whether the last state is replaced by the datum that the model predicts from it; one more evaluation. */
  readonly denoiseFinal?: boolean;
  /** How differences are weighed. */
  readonly expansion?: Expansion;
  /** How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`. */
  readonly grid?: Grid;
  /**
   * Whether the last steps are of lower order: multistep ends with orders 2 and 1, singlestep with what fills up `steps`. If not given: where there are
   * fewer than 15 steps, or the last one is longer than 1 in λ = log(s/σ), as it is where the span ends at or near σ = 0.
   */
  readonly lowerOrderFinal?: boolean;
  /**
   * Where a step of higher order takes its further evaluations from.
   * Default: `"multistep"`.
   */
  readonly method?: DpmMethod;
  /**
   * Order of a step; 1 to 3. Order 1 is DDIM.
   * Default: `2`.
   */
  readonly order?: number;
  /** Where the inner evaluations of singlestep steps lie. */
  readonly stages?: StagePlacement;
  /**
   * Evaluations over the whole time span, at least one per interval of tSpan; ≥ 1. Singlestep makes multiples of its order in each interval, except in the
   * last one with `lowerOrderFinal`. With `thirdOrder: "corrected"`, order 3 multistep makes two more.
   * Default: `20`.
   */
  readonly steps?: number;
  /** Multistep formula of order 3. */
  readonly thirdOrder?: ThirdOrder;
  /** Dynamic thresholding of the predicted datum; not with `dpmsolver`. */
  readonly thresholding?: Thresholding;
}

/**
 * What UniPC predicts and corrects.
 *
 * - `"noise"`: The noise.
 * - `"data"`: The datum: starts also where s = 0, bears guidance and thresholding.
 */
export type UniPcPrediction = "noise" | "data";

/**
 * The function B(h) of UniPC (Zhao et al. 2023).
 *
 * - `"bh1"`: B(h) = h.
 * - `"bh2"`: B(h) = eʰ − 1.
 */
export type UniPcVariant = "bh1" | "bh2";

/** Settings of UniPC (Zhao et al. 2023, algorithms 1 and 2). */
export interface UniPcSolver {
  /** Whether the last state is replaced by the datum that the model predicts from it; one more evaluation. */
  readonly denoiseFinal?: boolean;
  /** How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`. */
  readonly grid?: Grid;
  /**
   * Whether the last steps are of orders 2 and 1. If not given: where there are fewer than 15 steps, or the last one is longer than 1 in λ = log(s/σ), as it is
   * where the span ends at or near σ = 0.
   */
  readonly lowerOrderFinal?: boolean;
  /**
   * Order of the predictor; 1 to 3. The corrector's is one higher.
   * Default: `3`.
   */
  readonly order?: number;
  /**
   * What is predicted and corrected.
   * Default: `"data"`.
   */
  readonly prediction?: UniPcPrediction;
  /**
   * Number of steps, each one evaluation, over the whole time span, at least one per interval of tSpan; ≥ 1.
   * Default: `20`.
   */
  readonly steps?: number;
  /** Dynamic thresholding of the predicted datum; not with the noise. */
  readonly thresholding?: Thresholding;
  /**
   * B(h).
   * Default: `"bh2"`.
   */
  readonly variant?: UniPcVariant;
}

/**
 * How DEIS of orders 3 and 4 starts.
 *
 * - `"singlestep"`: With singlestep steps of DPM-Solver, of order one less; they make one or two more evaluations each.
 * - `"lowerOrder"`: With steps of orders 1, 2, … as published and in other libraries: the whole is of order 2.
 */
export type DeisStart = "singlestep" | "lowerOrder";

/**
 * The variable in which DEIS extrapolates.
 *
 * - `"time"`: Time (tAB).
 * - `"logSnr"`: log(s/σ).
 */
export type DeisVariable = "time" | "logSnr";

/** Settings of DEIS (Zhang & Chen 2023, tAB-DEIS), on the predicted noise. */
export interface DeisSolver {
  /** Whether the last state is replaced by the datum that the model predicts from it; one more evaluation. */
  readonly denoiseFinal?: boolean;
  /** How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`. */
  readonly grid?: Grid;
  /**
   * Whether the last steps are of lower order. If not given: where there are fewer than 15 steps, or the last one is longer than 1 in λ = log(s/σ), as it is
   * where the span ends at or near σ = 0.
   */
  readonly lowerOrderFinal?: boolean;
  /**
   * Number of evaluations that are extrapolated; 1 to 4. Order 1 is DDIM.
   * Default: `3`.
   */
  readonly order?: number;
  /** How orders 3 and 4 start. */
  readonly start?: DeisStart;
  /**
   * Number of steps, each one evaluation except the first ones of orders 3 and 4, over the whole time span, at least one per interval of tSpan; ≥ 1.
   * Default: `20`.
   */
  readonly steps?: number;
  /**
   * The variable in which the noise is extrapolated.
   * Default: `"time"`.
   */
  readonly variable?: DeisVariable;
}

/** Settings of DDIM (Song, Meng & Ermon 2021, eq. 12 and 16). */
export interface DdimSolver {
  /** Whether the last state is replaced by the datum that the model predicts from it; one more evaluation. */
  readonly denoiseFinal?: boolean;
  /**
   * Part of the noise that is drawn anew; 0 (deterministic) to 1 (ancestral).
   * Default: `0`.
   */
  readonly eta?: number;
  /** How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`. */
  readonly grid?: Grid;
  /**
   * Number of steps, each one evaluation, over the whole time span, at least one per interval of tSpan; ≥ 1.
   * Default: `50`.
   */
  readonly steps?: number;
  /** Dynamic thresholding of the predicted datum. */
  readonly thresholding?: Thresholding;
}

/** How the dynamics are integrated. */
export type SolverConfig = {
  /** Along the probability-flow ODE (Song et al. 2021, eq. 13). */
  readonly type: "ODESolver";
  /** Settings of this kind. */
  readonly args: OdeSolver;
} | {
  /** Along an SDE with the same marginals (Song et al. 2021, eq. 6; of any diffusion Karras et al. 2022, eq. 6). */
  readonly type: "SDESolver";
  /** Settings of this kind. */
  readonly args: SdeSolver;
} | {
  /** DPM-Solver, DPM-Solver++ and SDE-DPM-Solver++: few steps along a Gaussian path (Lu et al. 2022). */
  readonly type: "DPMSolver";
  /** Settings of this kind. */
  readonly args: DpmSolver;
} | {
  /** UniPC: few steps along a Gaussian path, each corrected (Zhao et al. 2023). */
  readonly type: "UniPCSolver";
  /** Settings of this kind. */
  readonly args: UniPcSolver;
} | {
  /** DEIS: few steps along a Gaussian path, by extrapolating the noise (Zhang & Chen 2023). */
  readonly type: "DEISSolver";
  /** Settings of this kind. */
  readonly args: DeisSolver;
} | {
  /** DDIM, with any part of new noise (Song, Meng & Ermon 2021). */
  readonly type: "DDIMSolver";
  /** Settings of this kind. */
  readonly args: DdimSolver;
};

/** A Schrödinger bridge: a velocity and a score, fitted together, between two distributions. */
export interface BridgeConfig {
  /**
   * Share of the conditions, in [0, 1), that training replaces by a learned "no condition", so that the model can be sampled
   * without one and with classifier-free guidance.
   */
  readonly conditionDropout?: number;
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: Size;
  /** Which source sample meets which datum; by default the exact transport plan of each batch. */
  readonly coupling?: Coupling;
  /** How tables become states and conditions: what `fitEncoding` gives. With it the model is fitted to tables, and samples come back as tables. */
  readonly data?: EncodingConfig;
  /**
   * Where the model's jobs run: `"cpu"`, `"cuda"` (the first GPU), `"cuda:1"` …, or `"auto"`: where `THALWEG_DEVICE` says, else on the first
   * GPU if there is one and the CUDA addon, else on the CPU.
   * Default: `"auto"`.
   */
  readonly device?: string;
  /**
   * Element type of parameters and computation.
   * Default: `"f32"`.
   */
  readonly dtype?: Precision;
  /** The Brownian bridge from a source sample to a datum, given both. */
  readonly path: SchrodingerBridge;
  /** The network of the score. */
  readonly scoreModel: NetworkConfig;
  /**
   * Seed of the parameters' initial values.
   * Default: `0`.
   */
  readonly seed?: number;
  /** How samples are integrated, unless a call says otherwise. */
  readonly solver?: SolverConfig;
  /** The network of the velocity. */
  readonly velocityModel: NetworkConfig;
  /** Shape of one sample. */
  readonly xSize: Size;
}

/**
 * A function of one number.
 *
 * - `"neg"`: −x.
 * - `"abs"`: |x|.
 * - `"sign"`: −1, 0 or 1.
 * - `"exp"`: eˣ.
 * - `"expm1"`: eˣ − 1.
 * - `"log"`: log x.
 * - `"log1p"`: log(1 + x).
 * - `"sqrt"`: √x.
 * - `"recip"`: 1/x.
 * - `"sin"`: sin x.
 * - `"cos"`: cos x.
 * - `"tan"`: tan x.
 * - `"atan"`: arctan x.
 * - `"tanh"`: tanh x.
 * - `"sigmoid"`: 1/(1 + e⁻ˣ).
 * - `"erf"`: The error function.
 */
export type Function = "neg" | "abs" | "sign" | "exp" | "expm1" | "log" | "log1p" | "sqrt" | "recip" | "sin" | "cos" | "tan" | "atan" | "tanh" | "sigmoid" | "erf";

/**
 * A function of two numbers.
 *
 * - `"add"`: x + y.
 * - `"sub"`: x − y.
 * - `"mul"`: x y.
 * - `"div"`: x / y.
 * - `"pow"`: xʸ, x ≥ 0.
 * - `"maximum"`: The larger.
 * - `"minimum"`: The smaller.
 */
export type Operator = "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum";

/**
 * A relation of two numbers.
 *
 * - `"eq"`: x = y.
 * - `"ne"`: x ≠ y.
 * - `"lt"`: x < y.
 * - `"le"`: x ≤ y.
 * - `"gt"`: x > y.
 * - `"ge"`: x ≥ y.
 */
export type Relation = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** One operation. Operands are positions of earlier steps. */
export type Step = {
  /** t. */
  readonly op: "time";
} | {
  /** A number. */
  readonly op: "constant";
  /** The number; finite. */
  readonly value: number;
} | {
  /** A function of one operand. */
  readonly op: "unary";
  /** Which function. */
  readonly function: Function;
  /** The operand. */
  readonly x: number;
} | {
  /** A function of two operands. */
  readonly op: "binary";
  /** Which function. */
  readonly function: Operator;
  /** The left operand. */
  readonly x: number;
  /** The right operand. */
  readonly y: number;
} | {
  /** `then` where x ⋄ y, else `otherwise`. */
  readonly op: "choose";
  /** The value elsewhere. */
  readonly otherwise: number;
  /** The relation ⋄. */
  readonly relation: Relation;
  /** The value where the relation holds. */
  readonly then: number;
  /** The left side. */
  readonly x: number;
  /** The right side. */
  readonly y: number;
};

/** A function of the time t as data: a list of at most 1024 operations, each of which uses results of earlier ones; the last one is the value. Written by tracing a function of t. */
export interface Expression {
  /** The operations, in order; each refers to earlier ones by their position. */
  readonly steps: readonly Step[];
}

/** How data becomes noise: x_t = s(t) x₀ + σ(t) ε, from data at the least t to noise at the largest. */
export type Path = {
  /** The variance-preserving SDE whose β rises linearly: f = −β/2, g² = β, β(t) = beta0 + t (beta1 − beta0) (Song et al. 2021, appendix C, eq. 33). */
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
  /** The straight path of flow matching: s = 1 − t, σ = t (Lipman et al. 2023, eq. 20 with σ_min = 0, time reversed; Liu et al. 2023). */
  readonly type: "linear";
} | {
  /** The generalized variance-preserving path: s = cos(πt/2), σ = sin(πt/2) (Albergo & Vanden-Eijnden 2023; Ma et al. 2024, SiT). */
  readonly type: "gvp";
} | {
  /** The variance-exploding SDE: s = 1, σ from sigmaMin to sigmaMax in geometric progression (Song et al. 2021, appendix C). */
  readonly type: "ve";
  /**
   * σ at t = 1; more than sigmaMin.
   * Default: `50`.
   */
  readonly sigmaMax?: number;
  /**
   * σ at t = 0; positive.
   * Default: `0.01`.
   */
  readonly sigmaMin?: number;
} | {
  /** s = 1, σ = t, from t = sigmaMin to sigmaMax: the noise level itself is the time (Karras et al. 2022, table 1). */
  readonly type: "edm";
  /**
   * The largest noise level, and time; more than sigmaMin.
   * Default: `80`.
   */
  readonly sigmaMax?: number;
  /**
   * The least noise level, and time; positive.
   * Default: `0.002`.
   */
  readonly sigmaMin?: number;
} | {
  /** The variance-preserving path of the cosine schedule, up to t = 0.9946 (Nichol & Dhariwal 2021, section 3.2). */
  readonly type: "cosine_vp";
} | {
  /** The sub-variance-preserving SDE: s as linear_vp_sde, σ = 1 − s² (Song et al. 2021, appendix C). */
  readonly type: "sub_vp";
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
  /** s = 1 − tⁿ, σ = tⁿ: lingers at the data (Lipman et al. 2024, "Flow matching guide and code"). */
  readonly type: "polynomial";
  /**
   * The power n; from 1 to 64.
   * Default: `2`.
   */
  readonly exponent?: number;
} | {
  /** s = (1 − t)ⁿ, σ = 1 − (1 − t)ⁿ: lingers at the noise (Lipman et al. 2024, "Flow matching guide and code", time reversed). */
  readonly type: "polynomial_convex";
  /**
   * The power n; from 1 to 64.
   * Default: `2`.
   */
  readonly exponent?: number;
} | {
  /** A path of one's own: two functions of t, as traced expressions, from which all else follows (Kingma et al. 2021). */
  readonly type: "custom";
  /** log s(t), the logarithm of the factor of the data; finite inside of (tMin, tMax). */
  readonly logScale?: Expression;
  /** log σ(t), the logarithm of the standard deviation of the noise; finite inside of (tMin, tMax), less log s rising strictly. */
  readonly logStd?: Expression;
  /** s(t), the factor of the data; positive inside of (tMin, tMax). */
  readonly scale?: Expression;
  /** σ(t), the standard deviation of the noise; positive inside of (tMin, tMax), σ/s rising strictly. */
  readonly std?: Expression;
  /** The noise end of the path; more than tMin. Default 1. */
  readonly tMax?: number;
  /** The data end of the path; at least 0. Default 0. */
  readonly tMin?: number;
};

/** A diffusion model. */
export interface DiffusionConfig {
  /**
   * Share of the conditions, in [0, 1), that training replaces by a learned "no condition", so that the model can be sampled
   * without one and with classifier-free guidance.
   */
  readonly conditionDropout?: number;
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: Size;
  /** How tables become states and conditions: what `fitEncoding` gives. With it the model is fitted to tables, and samples come back as tables. */
  readonly data?: EncodingConfig;
  /**
   * Where the model's jobs run: `"cpu"`, `"cuda"` (the first GPU), `"cuda:1"` …, or `"auto"`: where `THALWEG_DEVICE` says, else on the first
   * GPU if there is one and the CUDA addon, else on the CPU.
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

/** How tokens go from source to data: each is the data's with probability κ(t). */
export type Mixture = {
  /** κ = t (Gat et al. 2024; Campbell et al. 2024). */
  readonly type: "linear";
} | {
  /** κ = t^exponent: with an exponent above 1 data comes in late (Gat et al. 2024). */
  readonly type: "polynomial";
  /** n; a finite number ≥ 1. */
  readonly exponent: number;
} | {
  /** κ = 1 − cos(πt/2): slowly at first (Chang et al. 2022, "MaskGIT"). */
  readonly type: "cosine";
} | {
  /** κ is a function of one's own. */
  readonly type: "function";
  /** κ(t), a traced function of t that does not decrease from κ(0) = 0 to κ(1) = 1. */
  readonly kappa: Expression;
};

/**
 * Which positions count.
 *
 * - `"all"`: All: the loss sums over all of them, and the network is asked for all of them.
 * - `"masked"`: Those that are masked; the others are data already, are not in the loss, and keep their token while sampling. For the source `"mask"`.
 */
export type Positions = "all" | "masked";

/** Where steps end. */
export type TokenGrid = {
  /** `steps` equal steps over all of `tSpan`. */
  readonly type: "uniform";
} | {
  /** At these times, as far as they are within `tSpan`; `steps` is not used. */
  readonly type: "times";
  /** Times in [0, 1], strictly increasing. */
  readonly times: readonly number[];
};

/**
 * How the probability of a jump follows from its rate (Gat et al. 2024; Campbell et al. 2022). Either way it is at most 1, so that every step's
 * probabilities are a distribution, and a step that ends at t = 1 draws every token from the posterior.
 *
 * - `"exponential"`: 1 − e^{−∫rate}: what the rate makes of the step, (κ(s) − κ(t))/(1 − κ(t)) without stochasticity.
 * - `"euler"`: The step's length times the rate at its start, cut at 1. Equal to `exponential` for the linear κ without stochasticity.
 */
export type JumpRule = "exponential" | "euler";

/** How tokens are sampled. */
export interface DiscreteSampler {
  /**
   * Whether a step that ends at t = 1 takes the likeliest token instead of drawing one.
   * Default: `false`.
   */
  readonly argmaxFinal?: boolean;
  /** Where steps end. */
  readonly grid?: TokenGrid;
  /**
   * How the probability of a jump follows from its rate.
   * Default: `"exponential"`.
   */
  readonly method?: JumpRule;
  /** Number of steps, each one evaluation of the network; ≥ 1. Default 100. */
  readonly steps?: number;
  /**
   * η ≥ 0: tokens also go back to the source at a rate of ηκ̇(1 − κ), and forward at a higher one, so that mistakes are corrected; the distribution stays
   * the same (Gat et al. 2024). Default 0.
   */
  readonly stochasticity?: number;
  /** Divides the logits; > 0. Below 1 likely tokens become likelier. Default 1: the distribution that was learned. */
  readonly temperature?: number;
}

/**
 * Where tokens come from at t = 0, if no source samples are given (Gat et al. 2024, "Discrete flow matching").
 *
 * - `"mask"`: Every token is the mask, a token of its own whose number is the vocabulary's size.
 * - `"uniform"`: Every token of the vocabulary is equally likely, at each position on its own.
 */
export type TokenSource = "mask" | "uniform";

/** How tokens become numbers for a backbone. The numbers of all positions are joined to one vector per row. */
export type TokensConfig = {
  /** V numbers per position: 1 at the token's place, else 0; the mask is all zeros. */
  readonly type: "one_hot";
} | {
  /** A learned vector per token, the mask included: the parameter `token_embedding.weight`. */
  readonly type: "embedding";
  /** Numbers per position; ≥ 1. */
  readonly dim: number;
};

/**
 * A flow of tokens (Gat et al. 2024, "Discrete flow matching"; Campbell et al. 2024): from masked or random tokens (t = 0) to the data's (t = 1).
 * States are integers, 64 bits each, of the shape `xSize`: a length, or a grid.
 */
export interface DiscreteConfig {
  /**
   * Share of the conditions, in [0, 1), that training replaces by a learned "no condition", so that the model can be sampled
   * without one and with classifier-free guidance.
   */
  readonly conditionDropout?: number;
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: Size;
  /** Which source sample meets which datum, where source samples are given: `independent` (default) or `paired`. */
  readonly coupling?: Coupling;
  /**
   * Where the model's jobs run: `"cpu"`, `"cuda"` (the first GPU), `"cuda:1"` …, or `"auto"`: where `THALWEG_DEVICE` says, else on the first
   * GPU if there is one and the CUDA addon, else on the CPU.
   * Default: `"auto"`.
   */
  readonly device?: string;
  /**
   * Element type of parameters and computation.
   * Default: `"f32"`.
   */
  readonly dtype?: Precision;
  /** The network; it predicts the data (`data_prediction_function`): logits of p(x₁ | x_t), V numbers for each position. */
  readonly model: NetworkConfig;
  /** κ(t), the probability that a token is the data's. */
  readonly path?: Mixture;
  /**
   * Which positions count.
   * Default: `"all"`.
   */
  readonly positions?: Positions;
  /** How samples are drawn, unless a call says otherwise. */
  readonly sampler?: DiscreteSampler;
  /**
   * Seed of the parameters' initial values.
   * Default: `0`.
   */
  readonly seed?: number;
  /**
   * Where tokens come from.
   * Default: `"mask"`.
   */
  readonly source?: TokenSource;
  /** How tokens become numbers for the network. A module written in TypeScript gets the tokens themselves. */
  readonly tokens?: TokensConfig;
  /** V ≥ 2: tokens are 0 … V − 1. The mask of the source `"mask"` is V. */
  readonly vocabulary: number;
  /** Shape of one sample. */
  readonly xSize: Size;
}

/** A number of samples, or a shape of them. */
export type BatchSize = number | readonly number[];

/** Classifier-free guidance (Ho & Salimans 2022): (1 + w)·conditional − w·unconditional. */
export interface Guidance {
  /** The times of the model's path, from least to greatest, between which guidance acts; elsewhere w is 0 (Kynkäänniemi et al. 2024). Default: all. */
  readonly interval?: readonly [number, number];
  /**
   * Share φ in [0, 1] in which the prediction is scaled back to the standard deviation of the conditional one, row by row (Lin et al. 2024,
   * "Common diffusion noise schedules and sample steps are flawed", section 3.4). Default 0.
   */
  readonly rescale?: number;
  /** w. 0 is the conditional model, −1 the unconditional one; diffusers' `guidance_scale` is 1 + w. */
  readonly scale: number;
}

/**
 * Which weights a job reads.
 *
 * - `"ema"`: The moving average where there is one.
 * - `"raw"`: What the optimiser works on.
 */
export type Weights = "ema" | "raw";

/** Options of `sample` of a discrete flow. */
export interface DiscreteSampleOptions {
  /** How many samples (of each condition or start, if there are any). */
  readonly batchSize?: BatchSize;
  /** Classifier-free guidance of the logits, for models trained with `conditionDropout`. Its `rescale` must be 0. */
  readonly guidance?: Guidance;
  /** How tokens are sampled, instead of the config's. */
  readonly sampler?: DiscreteSampler;
  /**
   * Seed of the start and of the draws. The random numbers of row i depend on the seed and on i alone.
   * Default: `0`.
   */
  readonly seed?: number;
  /**
   * Times at which a trajectory is returned, increasing, from 0 (source) to 1 (data); by default these two. The last one is where sampling ends: before 1
   * tokens of the source are left.
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

/** A diffusion model with an energy that guides it: samples come from p·exp(E) for an energy E of the data (Lu et al. 2023, contrastive energy prediction). */
export interface EnergyConfig {
  /**
   * Share of the conditions, in [0, 1), that training replaces by a learned "no condition", so that the model can be sampled
   * without one and with classifier-free guidance.
   */
  readonly conditionDropout?: number;
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: Size;
  /** How tables become states and conditions: what `fitEncoding` gives. With it the model is fitted to tables, and samples come back as tables. */
  readonly data?: EncodingConfig;
  /**
   * Where the model's jobs run: `"cpu"`, `"cuda"` (the first GPU), `"cuda:1"` …, or `"auto"`: where `THALWEG_DEVICE` says, else on the first
   * GPU if there is one and the CUDA addon, else on the CPU.
   * Default: `"auto"`.
   */
  readonly device?: string;
  /**
   * Element type of parameters and computation.
   * Default: `"f32"`.
   */
  readonly dtype?: Precision;
  /** The network of the energy at each time; its output has one number per row. */
  readonly energyGuidance: IntrinsicConfig;
  /** The network of the diffusion model and what it predicts. */
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

/**
 * What to do with the rows that do not fill a last batch of an epoch.
 *
 * - `"drop"`: Leave them out of this epoch (each epoch is shuffled anew).
 * - `"keep"`: Make a smaller batch of them.
 */
export type LastBatch = "drop" | "keep";

/**
 * Which quantity is compared.
 *
 * - `"score_matching"`: The noise, ½‖ε̂ − ε‖²: denoising score matching (Vincent 2011) with the score's error weighted by σ², which keeps it bounded at small times (Ho et al., NeurIPS 2020, eq. 14). Of a bridge, the score's part of its loss.
 * - `"flow_matching"`: The velocity, ½‖v̂ − v‖²: conditional flow matching (Lipman et al., ICLR 2023, eq. 9). Of a flow of tokens −log p̂(x₁ | x_t), summed over positions (Gat et al. 2024, "Discrete flow matching").
 * - `"bridge_matching"`: Both, of a Schrödinger bridge: its velocity and its score (Tong et al., AISTATS 2024, "simulation-free score and flow matching").
 * - `"energy_matching"`: The model's own energy, by contrast among candidates: −Σ_k w_k·log softmax_k E(t, x_t^k) (Lu et al., ICML 2023, "contrastive energy prediction"). Trains the energy network alone; every other loss leaves it alone. A row of data is K candidates of one condition, of shape `[K, …xSize]`, with their energies `[K]`.
 */
export type ObjectiveKind = "score_matching" | "flow_matching" | "bridge_matching" | "energy_matching";

/**
 * How a candidate's energy E becomes its weight in contrastive energy prediction (Lu et al. 2023).
 *
 * - `"exact"`: exp(αE), divided by its mean over all rows and candidates of the data: the optimum is exact for every number of candidates.
 * - `"softmax"`: softmax of αE over the candidates of a row (GenerativeRL): bounded, but exact only in the limit of many candidates. With few the energy is too flat.
 */
export type EnergyWeights = "exact" | "softmax";

/** Settings of `"energy_matching"`. */
export interface EnergyMatching {
  /**
   * α > 0, the inverse temperature: guided samples come from p·exp(αE).
   * Default: `1`.
   */
  readonly alpha?: number;
  /**
   * How energies become weights.
   * Default: `"exact"`.
   */
  readonly weights?: EnergyWeights;
}

/**
 * How uniform numbers are laid out over the rows of a batch.
 *
 * - `"independent"`: Each row has its own number.
 * - `"stratified"`: Row i of B has a number between i/B and (i + 1)/B: the mean over a batch varies least.
 * - `"antithetic"`: Rows 2k and 2k + 1 have u and 1 − u.
 */
export type TimeLayout = "independent" | "stratified" | "antithetic";

/** A factor of the loss at t. */
export type Weight = {
  /** min(SNR, gamma): easy, nearly noiseless times count no more than those with signal-to-noise ratio gamma (Hang et al. 2023). */
  readonly type: "min_snr";
  /**
   * The signal-to-noise ratio above which the weight stays the same; positive.
   * Default: `5`.
   */
  readonly gamma?: number;
} | {
  /** (σ̃² + σd²)/(σ̃σd)²: every noise level starts with loss 1 (Karras et al. 2022, table 1). */
  readonly type: "edm";
  /**
   * Standard deviation of the data; positive.
   * Default: `0.5`.
   */
  readonly sigmaData?: number;
} | {
  /**
   * The weight of the likelihood bound: −2λ̇ of the noise error, if t is drawn uniformly (Song et al. 2021, "Maximum likelihood training of score-based
   * diffusion models", theorem 1).
   */
  readonly type: "likelihood";
} | {
  /** max(SNR, 1): the error of data or of noise, whichever is larger (Salimans & Ho 2022, section 4). */
  readonly type: "truncated_snr";
} | {
  /** −2λ̇ · sigmoid(bias − 2λ) of the noise error: the likelihood bound without what is too fine to be seen (Kingma & Gao 2023). */
  readonly type: "sigmoid";
  /**
   * The log signal-to-noise ratio 2λ at which the weight has fallen to half; finite.
   * Default: `2`.
   */
  readonly bias?: number;
} | {
  /** A function of t of one's own, by which the loss is multiplied as it is, whatever it compares. */
  readonly type: "function";
  /** w(t), a traced function of t; finite and at least 0. */
  readonly weight: Expression;
};

/** The distribution that a loss draws t from. */
export type TimeSampler = {
  /** Every t equally likely (Song et al. 2021, eq. 7). */
  readonly type: "uniform";
} | {
  /**
   * Density in proportion to g²/σ²: uniform in log signal-to-noise ratio, which weights the loss by likelihood (Song et al. 2021, "Maximum likelihood
   * training of score-based diffusion models", section 5.1).
   */
  readonly type: "inverse_lambda";
} | {
  /** The logit of t, as a fraction of the interval, is normal (Esser et al. 2024, section 3.1). */
  readonly type: "logit_normal";
  /**
   * Mean of the logit: negative prefers times near the data; finite.
   * Default: `0`.
   */
  readonly mean?: number;
  /**
   * Standard deviation of the logit; positive.
   * Default: `1`.
   */
  readonly std?: number;
} | {
  /** The logarithm of the noise level σ/s is normal, truncated to the interval (Karras et al. 2022, table 1). */
  readonly type: "log_normal_sigma";
  /**
   * Mean of ln(σ/s); finite.
   * Default: `-1.2`.
   */
  readonly mean?: number;
  /**
   * Standard deviation of ln(σ/s); positive.
   * Default: `1.2`.
   */
  readonly std?: number;
} | {
  /** Density in proportion to a weight. */
  readonly type: "weighted";
  /**
   * The quantity whose error the weight multiplies; noise by default.
   * Default: `"noise_function"`.
   */
  readonly of?: Parameterization;
  /** The weight that t is drawn in proportion to. */
  readonly weight: Weight;
};

/**
 * How the time of a training example is drawn and weighted.
 *
 * - `"vanilla"`: Uniform times, weight 1.
 * - `"likelihood"`: Times with density ∝ g²/σ² (half log-SNR uniform), which makes the loss a bound of the likelihood up to a factor (Song, Durkan, Murray, Ermon, NeurIPS 2021, theorem 1).
 */
export type Weighting = "vanilla" | "likelihood";

/** An objective. */
export interface Objective {
  /** What is compared. */
  readonly type: ObjectiveKind;
  /** Settings of `"energy_matching"`. */
  readonly energy?: EnergyMatching;
  /**
   * How the times of one batch relate to each other.
   * Default: `"independent"`.
   */
  readonly layout?: TimeLayout;
  /** How times are drawn, instead of `weighting`. */
  readonly time?: TimeSampler;
  /** A factor of the loss as a function of time. */
  readonly weight?: Weight;
  /**
   * How times are drawn, in short: `"vanilla"` is uniform, `"likelihood"` is the time sampler `inverse_lambda`.
   * Default: `"vanilla"`.
   */
  readonly weighting?: Weighting;
}

/** A loss by name, or with settings. */
export type Loss = ObjectiveKind | Objective;

/** A learning-rate schedule. */
export type ScheduleConfig = {
  /** The same rate at every step. */
  readonly type: "constant";
  /** The rate; > 0. */
  readonly rate: number;
} | {
  /** From `start` to `end` over `steps` steps, then `end`. */
  readonly type: "linear";
  /** Last rate. */
  readonly end: number;
  /** First rate. */
  readonly start: number;
  /** Steps between them. */
  readonly steps: number;
} | {
  /** Half a cosine from `peak` to `final` over `steps` steps, then `final` (Loshchilov & Hutter 2017, eq. 5, without restarts). */
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
  /** Linearly from 0 to `peak` over `warmup` steps (Goyal et al. 2017, section 2.2), then half a cosine to `final` at step `steps`. */
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
  /** Adam with weight decay beside it, which leaves out biases, norms and Fourier features (Loshchilov & Hutter 2019, algorithm 2). */
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
  /** Steps along the mean gradient divided by the root of the mean squared gradient (Kingma & Ba 2015, algorithm 1). */
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
  /** Gradient descent, with momentum if wanted (Sutskever et al. 2013, in PyTorch's form). */
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

/** Averages that are tracked while training, so that others can be had from their snapshots (Karras et al. 2024, EDM2, section 3). */
export interface PosthocEma {
  /** Steps between two snapshots; ≥ 1. Each keeps one copy of the parameters for each length, in memory and in checkpoints. */
  readonly every: number;
  /**
   * Their lengths: standard deviation of an average's weights, as a share of the training so far; in (0, 0.288). At least one, all different.
   * Default: `[0.05,0.1]`.
   */
  readonly sigmaRel?: readonly number[];
}

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
   * Rows per step; ≥ 1, and at most the number of rows.
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
  /** Passes over the data to take, ≥ 1; give this or `steps`. */
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
  /** The loss; by default `"flow_matching"`, and of a Schrödinger bridge `"bridge_matching"`. `"energy_matching"` trains a model's own energy, and nothing else. */
  readonly loss?: Loss;
  /**
   * Whether to shift and scale each column of the data to mean 0 and standard deviation 1 (kept in the checkpoint, undone on sampling). Without effect on
   * `"energy_matching"`: an energy is fitted in the units that its model has, which later fits of the model then keep. Tokens are never normalised.
   * Default: `true`.
   */
  readonly normalize?: boolean;
  /** The optimiser. */
  readonly optimizer?: Optimizer;
  /** Averages that are tracked so that one of any other length can be made after training (`posthocEma` of a model); `null` for none. */
  readonly posthocEma?: PosthocEma;
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
  /** Steps to take, ≥ 1; give this or `epochs`. */
  readonly steps?: number;
  /** When to validate, if validation data is given. */
  readonly validation?: Validation;
}

/** How a flow or bridge model goes from source to data: x_t = a(t) x₀ + b(t) x₁ + c(t) ε. */
export type Interpolant = {
  /** Straight lines between source and data, blurred by sigma: a = 1 − t, b = t, c = sigma (Lipman et al. 2023; Tong et al. 2024, I-CFM). */
  readonly type: "independent";
  /**
   * Standard deviation of the noise around the line; at least 0, in the units that the network sees: those of the data divided by their standard deviation unless `normalize` is false.
   * Default: `0`.
   */
  readonly sigma?: number;
} | {
  /** From noise to data of width sigma: a = 1 − (1 − sigma) t, b = t, c = 0 (Lipman et al. 2023, eq. 20 and 22). */
  readonly type: "target";
  /**
   * Factor of the source that is left at the data; at least 0 and less than 1.
   * Default: `0`.
   */
  readonly sigma?: number;
} | {
  /** A quarter turn, blurred by sigma: a = cos(πt/2), b = sin(πt/2), c = sigma (Albergo & Vanden-Eijnden 2023, the trigonometric interpolant). */
  readonly type: "variance_preserving";
  /**
   * Standard deviation of the noise around the arc; at least 0, in the units that the network sees: those of the data divided by their standard deviation unless `normalize` is false.
   * Default: `0`.
   */
  readonly sigma?: number;
} | {
  /**
   * Brownian bridges of diffusion sigma: a = 1 − t, b = t, c = sigma √(t(1 − t)) (Tong et al. 2024, "Simulation-free Schrödinger bridges via score and
   * flow matching").
   */
  readonly type: "schrodinger_bridge";
  /**
   * Diffusion σ of the Brownian motion; positive, in the units that the network sees: those of the data divided by their standard deviation unless `normalize` is false.
   * Default: `1`.
   */
  readonly sigma?: number;
};

/** A flow model: a velocity that carries a source distribution (t = 0) to the data (t = 1). */
export interface FlowConfig {
  /**
   * Share of the conditions, in [0, 1), that training replaces by a learned "no condition", so that the model can be sampled
   * without one and with classifier-free guidance.
   */
  readonly conditionDropout?: number;
  /** Shape of one condition, for conditional models. */
  readonly conditionSize?: Size;
  /** Which source sample meets which datum. By default what the model's name says. */
  readonly coupling?: Coupling;
  /** How tables become states and conditions: what `fitEncoding` gives. With it the model is fitted to tables, and samples come back as tables. */
  readonly data?: EncodingConfig;
  /**
   * Where the model's jobs run: `"cpu"`, `"cuda"` (the first GPU), `"cuda:1"` …, or `"auto"`: where `THALWEG_DEVICE` says, else on the first
   * GPU if there is one and the CUDA addon, else on the CPU.
   * Default: `"auto"`.
   */
  readonly device?: string;
  /**
   * Element type of parameters and computation.
   * Default: `"f32"`.
   */
  readonly dtype?: Precision;
  /** The network; it predicts the velocity. */
  readonly model: NetworkConfig;
  /** The path from a source sample to a datum, given both. */
  readonly path?: Interpolant;
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

/**
 * How ∇·v is computed.
 *
 * - `"exact"`: One Jacobian–vector product per dimension (Chen et al. 2018, theorem 1).
 * - `"hutchinson"`: εᵀ(∂v/∂x)ε with one Rademacher probe ε per row, the same along the whole trajectory: unbiased (Hutchinson 1990; Grathwohl et al. 2019, FFJORD).
 */
export type Divergence = "exact" | "hutchinson";

/** Options of `logProb`. */
export interface LogProbOptions {
  /** How the divergence of the velocity is computed; by default exactly up to 64 dimensions, else by Hutchinson's estimate. */
  readonly divergence?: Divergence;
  /** Classifier-free guidance, for models trained with `conditionDropout`. */
  readonly guidance?: Guidance;
  /**
   * Seed of Hutchinson's probe; row i's depends on the seed and on i alone.
   * Default: `0`.
   */
  readonly seed?: number;
  /** An ODE solver; by default the config's, or dopri5 with rtol and atol 1e-5 where that is no ODE solver. */
  readonly solver?: SolverConfig;
  /** Times over which the flow is followed from data to noise, increasing: t of a diffusion model, from 0 to t_max; 1 − t of a flow. */
  readonly tSpan?: readonly number[];
  /**
   * Which parameters: `"ema"` where there are any, or `"raw"`.
   * Default: `"ema"`.
   */
  readonly weights?: Weights;
}

/** The coefficient h(t) of dW in the sampler's SDE (Ma et al. 2024, SiT, whose diffusion is ½h²). 0 makes it the probability-flow ODE. */
export type Diffusion = {
  /** h = 0: deterministic. */
  readonly type: "zero";
} | {
  /** h = g, that of the forward SDE; infinite at t = 1 on linear and gvp. */
  readonly type: "g";
} | {
  /** h = value at every time. */
  readonly type: "constant";
  /** h; at least 0. */
  readonly value: number;
} | {
  /** h = σ(t): finite everywhere, fades out at the data. */
  readonly type: "sigma";
} | {
  /** h = t. */
  readonly type: "linear";
} | {
  /** h = factor · g; infinite at t = 1 on linear and gvp. */
  readonly type: "g_scaled";
  /** Multiple of g; at least 0. */
  readonly factor: number;
} | {
  /** h = a function of t of one's own. */
  readonly type: "function";
  /** h(t), a traced function of t; finite and at least 0 at every time of the path. */
  readonly h: Expression;
};

/**
 * In which point an energy written by the user is evaluated.
 *
 * - `"state"`: In x_t itself, in the units that the network sees: exact where the energy is log E[exp E(x₀) | x_t] (Lu et al. 2023).
 * - `"data"`: In the model's expectation of the datum given x_t, in the user's units: approximate (Chung et al. 2023, diffusion posterior sampling), for energies of data.
 */
export type EnergyAt = "state" | "data";

/** How strongly an energy guides, and where it is evaluated. */
export interface EnergySettings {
  /**
   * Where an energy written as a function is evaluated; without effect on a model's own energy.
   * Default: `"state"`.
   */
  readonly at?: EnergyAt;
  /**
   * w; 1 samples from p·exp(E), 0 from p.
   * Default: `1`.
   */
  readonly scale?: number;
}

/** How often steps are taken again, and how far back (Lugmayr et al. 2022, RePaint, algorithm 1). */
export interface Resample {
  /** How many of the solver's steps a stretch has; ≥ 1. */
  readonly jump: number;
  /** How often each stretch of steps is taken; ≥ 1, and 1 is plain replacement. The share of error that replacement leaves falls with it, the work grows with it. */
  readonly times: number;
}

/** Options of `sample`, `sampleForwardProcess` and `forwardSample`. */
export interface SampleOptions {
  /** How many samples (of each condition or start, if there are any). */
  readonly batchSize?: BatchSize;
  /** Diffusion h(t) of an SDE solver. */
  readonly diffusion?: Diffusion;
  /** How the divergence of the velocity is computed for `logProb`; by default exactly up to 64 dimensions. */
  readonly divergence?: Divergence;
  /** Guidance by an energy, the model's own or one that is given as a function. */
  readonly energy?: EnergySettings;
  /**
   * Whether to go from data to noise.
   * Default: `false`.
   */
  readonly forward?: boolean;
  /** Classifier-free guidance, for models trained with `conditionDropout`. */
  readonly guidance?: Guidance;
  /**
   * Whether to return the log density of each sample too.
   * Default: `false`.
   */
  readonly logProb?: boolean;
  /** Weight g of this model where another one guides: (1 − g)·other + g·this. */
  readonly otherScale?: number;
  /** Repeats stretches of steps, so that sampled coordinates agree with known ones (`fixedX`, `fixedMask`). Solvers of single steps, on Gaussian paths. */
  readonly resample?: Resample;
  /** Another path along which a diffusion model is sampled, than the one it was trained on: `tSpan` and the solver's grid are times of this one. */
  readonly schedule?: Path;
  /**
   * Seed of the start and of the SDE's noise. The random numbers of row i depend on the seed and on i alone; so does the row, up to rounding
   * and, with an adaptive solver, up to its tolerance, since all rows of a chunk share their steps.
   * Default: `0`.
   */
  readonly seed?: number;
  /** Solver, instead of the config's. */
  readonly solver?: SolverConfig;
  /**
   * Times at which a trajectory is returned, increasing; the last one is where sampling ends. Of a diffusion model τ = t_max − t, from 0 (noise)
   * to t_max (data); of a flow t, from 0 (source) to 1 (data). Clamped to the times at which the model's velocity is finite.
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
