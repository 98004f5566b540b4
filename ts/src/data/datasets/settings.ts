// What toy data sets are asked for, and where their random numbers come from.
// Drawn by the engine, so that equal seeds give equal points everywhere.
import { namesOf, optionsOf } from "../../config/options.js";
import { ConfigError } from "../../errors.js";
import { rand, randn } from "../../tensor/create.js";
import { Tensor } from "../../tensor/tensor.js";

/** Settings of a toy data set. */
export interface DatasetSettings {
  /** Number of points; ≥ 1. */
  readonly count: number;
  /** Standard deviation of the noise on each coordinate, in the units of the definition. */
  readonly noise?: number;
  /** Equal seeds give equal points; default 0. */
  readonly seed?: number;
}

const names = namesOf<DatasetSettings>({ count: true, noise: true, seed: true });

/** Independent random numbers for one data set: a stream of its own for each quantity. */
export function streams(settings: DatasetSettings) {
  const { count, seed = 0 } = optionsOf("datasets", settings, names);
  if (!Number.isSafeInteger(count) || count < 1) {
    const details = { expected: "an integer ≥ 1", got: String(count), path: "count" };
    throw new ConfigError(`count: expected an integer ≥ 1, got ${count}`, details);
  }
  let next = seed * 16;
  return {
    uniform: () => rand([count], { seed: next++ }),
    normal: () => randn([count, 2], { seed: next++ }),
  };
}

/** Points of the plane by their coordinates. */
export const points = (x: Tensor, y: Tensor): Tensor => Tensor.stack([x, y], 1);

/** The index, 0 … choices − 1, that uniform numbers choose. */
export const chosen = (uniform: Tensor, choices: number): Tensor => uniform.mul(choices).floor();
