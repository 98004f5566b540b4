// Initial values of parameters, as data: what distribution, with which numbers.
// The values themselves are a function of seed, full name and shape, made on the native side.

/** How a parameter starts. Made by {@link uniform}, {@link normal}, {@link constant}, {@link fanIn}, {@link xavier}, {@link sinCos}. */
export type Init = UniformInit | NormalInit | ConstantInit | SinCosInit;

/** Uniform in (low, high). */
export interface UniformInit {
  /** Which kind it is. */
  readonly type: "uniform";
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/** Normal. */
export interface NormalInit {
  /** Which kind it is. */
  readonly type: "normal";
  /** Expectation. */
  readonly mean: number;
  /** Standard deviation. */
  readonly std: number;
}

/** All elements equal. */
export interface ConstantInit {
  /** Which kind it is. */
  readonly type: "constant";
  /** The value of every element. */
  readonly value: number;
}

/** Sines and cosines of the places of a grid, the same for every seed. */
export interface SinCosInit {
  /** Which kind it is. */
  readonly type: "sinCos";
  /** Places along each dimension. */
  readonly grid: readonly number[];
  /** Which coordinate fills which part of the width, in this order. */
  readonly features: readonly Coordinate[];
}

/** A part of a table of places that encodes one coordinate. */
export interface Coordinate {
  /** The dimension of the grid. */
  readonly axis: number;
  /** How much of the width: half sines, half cosines; an even number. */
  readonly width: number;
}

/**
 * Uniform in (low, high).
 *
 * @param low - lower end
 * @param high - upper end, more than `low`
 *
 * @example
 * ```ts
 * const bias = new Parameter([16], { init: init.uniform(-0.1, 0.1) });
 * ```
 */
export function uniform(low: number, high: number): Init {
  return { type: "uniform", low, high };
}

/**
 * Normal with this standard deviation and mean.
 *
 * @param std - standard deviation, ≥ 0; default 1
 * @param mean - default 0
 *
 * @example
 * ```ts
 * const table = new Parameter([10, 16], { init: init.normal(0.02) });
 * ```
 */
export function normal(std = 1, mean = 0): Init {
  return { type: "normal", mean, std };
}

/**
 * One number everywhere.
 *
 * @param value - finite
 *
 * @example
 * ```ts
 * const scale = new Parameter([16], { init: init.constant(1), decay: false });
 * ```
 */
export function constant(value: number): Init {
  return { type: "constant", value };
}

/**
 * U(±√(6/(in + out))) (Glorot & Bengio 2010): how PyTorch starts the projections of attention.
 *
 * @param inputs - width that goes in, ≥ 1
 * @param outputs - width that comes out, ≥ 1
 *
 * @example
 * ```ts
 * const weight = new Parameter([32, 16], { init: init.xavier(16, 32) });
 * ```
 */
export function xavier(inputs: number, outputs: number): Init {
  const bound = Math.sqrt(6 / (inputs + outputs));
  return uniform(-bound, bound);
}

/**
 * U(±1/√fanIn): how PyTorch starts the weights and biases of linear layers and convolutions.
 *
 * @param features - numbers that one output is a sum of, ≥ 1
 *
 * @example
 * ```ts
 * const weight = new Parameter([32, 16], { init: init.fanIn(16) });
 * ```
 */
export function fanIn(features: number): Init {
  const bound = 1 / Math.sqrt(features);
  return uniform(-bound, bound);
}

/**
 * A fixed table of places for transformers: sines, then cosines, of each coordinate times 10000^(−2i/width) (Vaswani et al. 2017, section 3.5). The
 * parameter's shape is `[…grid, width]` or `[places, width]`, where the width is the sum of the features'.
 *
 * @param grid - places along each dimension
 * @param features - which coordinate fills which part of the width
 *
 * @example
 * ```ts
 * const places = new Parameter([10, 16], { init: init.sinCos([10], [{ axis: 0, width: 16 }]), trainable: false });
 * ```
 */
export function sinCos(grid: readonly number[], features: readonly Coordinate[]): Init {
  return { type: "sinCos", grid, features };
}
