// Initial values of parameters, as data: what distribution, with which numbers.
// The values themselves are a function of seed, full name and shape, made on the native side.

/** How a parameter starts. Made by {@link uniform}, {@link normal}, {@link constant}. */
export type Init = UniformInit | NormalInit | ConstantInit;

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

/** Uniform in (low, high). */
export function uniform(low: number, high: number): Init {
  return { type: "uniform", low, high };
}

/** Normal with this standard deviation and mean. */
export function normal(std = 1, mean = 0): Init {
  return { type: "normal", mean, std };
}

/** One number everywhere. */
export function constant(value: number): Init {
  return { type: "constant", value };
}

/** U(±√(6/(in + out))) (Glorot and Bengio 2010): how PyTorch starts the projections of attention. */
export function xavier(inputs: number, outputs: number): Init {
  const bound = Math.sqrt(6 / (inputs + outputs));
  return uniform(-bound, bound);
}

/** U(±1/√fanIn): how PyTorch starts the weights and biases of linear layers and convolutions. */
export function fanIn(features: number): Init {
  const bound = 1 / Math.sqrt(features);
  return uniform(-bound, bound);
}
