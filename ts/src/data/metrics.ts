// Distances between sets of samples, measures of trajectories and of likelihoods.
// Computed by the engine on its worker, in f64; every draw is a function of the seed.
import { namesOf, optionsOf } from "../config/options.js";
import { ConfigError } from "../errors.js";
import { native } from "../native.js";
import { rand } from "../tensor/create.js";
import { handleOf, type Tensor } from "../tensor/tensor.js";

/** Settings of {@link slicedWasserstein}. */
export interface SlicedWassersteinSettings {
  /** Number of random directions; default 200. */
  readonly projections?: number;
  /** Order of the distance, ≥ 1; default 2. */
  readonly p?: number;
  /** Seed of the directions; default 0. */
  readonly seed?: number;
}

const slicedNames = namesOf<SlicedWassersteinSettings>({ projections: true, p: true, seed: true });

/**
 * The sliced Wasserstein distance (Bonneel et al. 2015) between two sets of rows: the p-mean over random directions of
 * the distance in one dimension, in the units of the data.
 *
 * @param a - `[N, …]`
 * @param b - `[M, …]`, with rows of the same shape
 * @throws ShapeError where rows differ in shape; DataError where there are none or they are not finite
 *
 * @example
 * ```ts
 * await metrics.slicedWasserstein(tensor([[0, 0]]), tensor([[0, 0]])); // 0
 * ```
 */
export async function slicedWasserstein(
  a: Tensor,
  b: Tensor,
  settings: SlicedWassersteinSettings = {},
): Promise<number> {
  const { projections = 200, p = 2, seed = 0 } = optionsOf("slicedWasserstein", settings, slicedNames);
  return native.slicedWasserstein(handleOf(a), handleOf(b), projections, p, seed);
}

async function measured<Result>(what: object, tensors: readonly Tensor[]): Promise<Result> {
  return JSON.parse(await native.measure(JSON.stringify(what), tensors.map(handleOf)));
}

/** What {@link wasserstein} gives. */
export interface Wasserstein {
  /** W₂, in the units of the data. */
  readonly distance: number;
  /** W₂². */
  readonly squared: number;
  /** What W₂² is proved not to be below: `squared` up to rounding. */
  readonly lowerBound: number;
}

/**
 * The 2-Wasserstein distance between two sets of rows, exactly: the cost of the best plan. In the plane about 1 s for 2048 rows
 * each and half a minute for 10 000. Between samples of one distribution it is not 0: print that floor beside it.
 *
 * @param a - `[N, …]`
 * @param b - `[M, …]`, with rows of the same shape
 * @throws ShapeError where rows differ in shape; DataError where there are none or they are not finite
 *
 * @example
 * ```ts
 * (await metrics.wasserstein(tensor([[0, 0], [1, 2]]), tensor([[3, 0], [4, 2]]))).distance; // 3
 * ```
 */
export async function wasserstein(a: Tensor, b: Tensor): Promise<Wasserstein> {
  return measured({ type: "wasserstein" }, [a, b]);
}

/** Settings of {@link mmd}. */
export interface MmdSettings {
  /** Bandwidths h of the kernel Σ exp(−‖x − y‖²/(2h²)), in the units of the data; each > 0. */
  readonly bandwidths?: readonly number[];
  /** Or multiples of the median distance between all rows of both sets; each > 0. */
  readonly multiples?: readonly number[];
}

const mmdNames = namesOf<MmdSettings>({ bandwidths: true, multiples: true });

/** What {@link mmd} gives. */
export interface Mmd {
  /** Without bias; may be negative. */
  readonly squaredUnbiased: number;
  /** With all pairs; ≥ 0 up to rounding, and larger by about 1/N + 1/M. */
  readonly squaredBiased: number;
  /** The bandwidths of the kernel. */
  readonly bandwidths: readonly number[];
}

/**
 * The squared maximum mean discrepancy (Gretton et al. 2012) between two sets of at least two rows; time O((N + M)²).
 *
 * @param a - `[N, …]`
 * @param b - `[M, …]`, with rows of the same shape
 * @throws ConfigError for bandwidths that are not positive; otherwise as {@link wasserstein}
 *
 * @example
 * ```ts
 * const points = tensor([[0], [1]]);
 * (await metrics.mmd(points, points, { bandwidths: [1] })).squaredBiased; // 0
 * ```
 */
export async function mmd(a: Tensor, b: Tensor, settings: MmdSettings = {}): Promise<Mmd> {
  return measured({ type: "mmd", ...optionsOf("mmd", settings, mmdNames) }, [a, b]);
}

/** What {@link energyDistance} gives. */
export interface EnergyDistance {
  /** D = √D². */
  readonly distance: number;
  /** D² = 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖ of the two sets, in the units of the data. */
  readonly squared: number;
  /** An estimate of D² without bias; may be negative. */
  readonly squaredUnbiased: number;
}

/**
 * The energy distance (Székely & Rizzo 2013) between two sets of at least two rows: like {@link mmd}, with no bandwidth to choose.
 *
 * @param a - `[N, …]`
 * @param b - `[M, …]`, with rows of the same shape
 * @throws as {@link wasserstein}
 *
 * @example
 * ```ts
 * (await metrics.energyDistance(tensor([[0], [0]]), tensor([[1], [1]]))).squared; // 2
 * ```
 */
export async function energyDistance(a: Tensor, b: Tensor): Promise<EnergyDistance> {
  return measured({ type: "energyDistance" }, [a, b]);
}

/** Mean and covariance to compare with, of rows of D numbers. */
export interface Moments {
  /** The mean, D numbers. */
  readonly mean: readonly number[];
  /** The covariance, D rows of D numbers. */
  readonly covariance: readonly (readonly number[])[];
}

/** What {@link momentErrors} gives. */
export interface MomentErrors {
  /** ‖μ − μ'‖, in the units of the data. */
  readonly mean: number;
  /** ‖Σ − Σ'‖ (Frobenius). */
  readonly covariance: number;
  /** ‖Σ − Σ'‖/‖Σ'‖; NaN where the reference has no spread. */
  readonly relativeCovariance: number;
}

/**
 * How far mean and covariance of a set of rows are from those of a reference.
 *
 * @param samples - `[N, …]`, N ≥ 2
 * @param reference - rows of the same shape, or a mean and a covariance
 * @throws ShapeError where shapes differ; DataError where numbers are not finite
 *
 * @example
 * ```ts
 * const exact = { mean: [0.5], covariance: [[0.5]] };
 * (await metrics.momentErrors(tensor([[0], [1]]), exact)).mean; // 0
 * ```
 */
export async function momentErrors(samples: Tensor, reference: Tensor | Moments): Promise<MomentErrors> {
  const known = "mean" in reference && "covariance" in reference ? reference : undefined;
  const errors: MomentErrors & { readonly relativeCovariance: number | null } = known
    ? await measured({ type: "momentErrors", mean: known.mean, covariance: known.covariance.flat() }, [samples])
    : await measured({ type: "momentErrors" }, [samples, reference as Tensor]);
  return { ...errors, relativeCovariance: errors.relativeCovariance ?? Number.NaN };
}

/** Settings of the measures of trajectories. */
export interface TrajectorySettings {
  /** The times of the states, ascending; equally spaced if not given. */
  readonly times?: readonly number[];
}

const trajectoryNames = namesOf<TrajectorySettings>({ times: true });

/**
 * ∫₀¹ E‖v‖² dt of trajectories that are straight between their times, with time scaled to [0, 1].
 *
 * @param trajectories - `[times, N, …]`, as {@link GenerativeModel.sampleForwardProcess} gives them
 * @throws ShapeError for other shapes; ConfigError where there is not one time for each state; DataError where times do not ascend
 *
 * @example
 * ```ts
 * // (3² + 1²)/½
 * await metrics.pathEnergy(tensor([[[0]], [[3]], [[4]]])); // 20
 * ```
 */
export async function pathEnergy(trajectories: Tensor, settings: TrajectorySettings = {}): Promise<number> {
  return measured({ type: "pathEnergy", ...optionsOf("pathEnergy", settings, trajectoryNames) }, [trajectories]);
}

/** Settings of {@link normalizedPathEnergy}. */
export interface NormalizedPathEnergySettings extends TrajectorySettings {
  /** Two sets, source and data, to take W₂ between, instead of the first and the last states. */
  readonly between?: readonly [source: Tensor, data: Tensor];
}

const normalizedNames = namesOf<NormalizedPathEnergySettings>({ times: true, between: true });

/** What {@link normalizedPathEnergy} gives. */
export interface NormalizedPathEnergy {
  /** The path energy. */
  readonly pathEnergy: number;
  /** W₂² between the ends. */
  readonly wassersteinSquared: number;
  /** (path energy − W₂²)/W₂²: ≥ 0 between the trajectories' own ends, 0 where they are the straight lines of the best plan. */
  readonly normalized: number;
}

/**
 * How much longer trajectories are than they need be: (path energy − W₂²)/W₂² (Tong et al. 2024). It has a sign: between `source` and
 * `data` it can be negative, where the flow stops short.
 *
 * @param trajectories - `[times, N, …]`
 * @throws DataError where the ends coincide; otherwise as {@link pathEnergy}
 *
 * @example
 * ```ts
 * (await metrics.normalizedPathEnergy(tensor([[[0]], [[1]], [[2]]]))).normalized; // 0
 * ```
 */
export async function normalizedPathEnergy(
  trajectories: Tensor,
  settings: NormalizedPathEnergySettings = {},
): Promise<NormalizedPathEnergy> {
  const { between = [], ...rest } = optionsOf("normalizedPathEnergy", settings, normalizedNames);
  return measured({ type: "normalizedPathEnergy", ...rest }, [trajectories, ...between]);
}

/**
 * ∫₀¹ E‖(x₁ − x₀) − v‖² dt of trajectories; 0 where they are straight and of constant speed.
 *
 * @param trajectories - `[times, N, …]`
 * @throws as {@link pathEnergy}
 *
 * @example
 * ```ts
 * // Velocities 6 and 2 around the mean 4.
 * await metrics.straightness(tensor([[[0]], [[3]], [[4]]])); // 4
 * ```
 */
export async function straightness(trajectories: Tensor, settings: TrajectorySettings = {}): Promise<number> {
  return measured({ type: "straightness", ...optionsOf("straightness", settings, trajectoryNames) }, [trajectories]);
}

/** A mean with its standard error. */
export interface Estimate {
  /** The mean. */
  readonly mean: number;
  /** Its standard error. */
  readonly standardError: number;
  /** Number of rows. */
  readonly count: number;
}

/**
 * The mean negative log-likelihood, in nats.
 *
 * @param logProb - log densities `[N]`, N ≥ 2, as {@link GenerativeModel.logProb} gives them
 * @throws ShapeError where there are fewer than two; DataError where one is not finite
 *
 * @example
 * ```ts
 * await metrics.nll(tensor([-1, -3])); // { mean: 2, standardError: 1, count: 2 }
 * ```
 */
export async function nll(logProb: Tensor): Promise<Estimate> {
  return measured({ type: "nll" }, [logProb]);
}

/** Settings of {@link bitsPerDimension}. */
export interface BitsSettings {
  /** Numbers per sample; ≥ 1. */
  readonly dimensions: number;
  /** Levels that {@link dequantize} was told, 256 for 8-bit images; ≥ 1. */
  readonly levels: number;
}

const bitsNames = namesOf<BitsSettings>({ dimensions: true, levels: true });

function levelsOf(levels: number): number {
  if (Number.isSafeInteger(levels) && levels >= 1 && levels <= 65_536) return levels;
  const [expected, got] = ["an integer from 1 to 65536", String(levels)];
  throw new ConfigError(`levels: expected ${expected}, got ${got}`, { expected, got, path: "levels" });
}

/**
 * The mean negative log-likelihood in bits per dimension, of data dequantised by {@link dequantize}: NLL/(D ln 2) + log₂ levels.
 *
 * @param logProb - log densities `[N]`, N ≥ 2, of the dequantised data
 * @throws ConfigError for levels that are no integer ≥ 1; otherwise as {@link nll}
 *
 * @example
 * ```ts
 * // The uniform density on [0, 1) tells 256 levels apart with 8 bits.
 * (await metrics.bitsPerDimension(tensor([0, 0]), { dimensions: 1, levels: 256 })).mean; // 8
 * ```
 */
export async function bitsPerDimension(logProb: Tensor, settings: BitsSettings): Promise<Estimate> {
  const { dimensions, levels } = optionsOf("bitsPerDimension", settings, bitsNames);
  return measured({ type: "bitsPerDimension", dimensions, binWidth: 1 / levelsOf(levels) }, [logProb]);
}

/**
 * Integers 0 … levels − 1 as numbers in [0, 1): uniform noise of one bin is added, so that a density makes sense of them (Theis et al. 2016).
 *
 * @param images - integers from 0 to levels − 1, of any shape and element type; others leave [0, 1)
 * @param levels - how many there are; 256 for 8-bit images
 * @param seed - of the noise; default 0
 * @throws ConfigError for levels that are no integer from 1 to 65536
 *
 * @example
 * ```ts
 * metrics.dequantize(tensor([[0, 255]]), 256, 0); // in [0, 1/256) and [255/256, 1)
 * ```
 */
export function dequantize(images: Tensor, levels: number, seed = 0): Tensor {
  const values = images.dtype === "f64" ? images : images.cast("f32");
  // Less than the last bin's width by the rounding of its sum, which would else reach the next bin.
  const rounding = levelsOf(levels) * 2 ** (values.dtype === "f64" ? -52 : -23);
  const noise = rand(values.shape, { seed, dtype: values.dtype }).minimum(1 - rounding);
  return values.add(noise).div(levels);
}
