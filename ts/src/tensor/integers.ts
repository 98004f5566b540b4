// Random whole numbers: independent ones of a range, and the numbers of a range in random order.
// Made of rand, so that seeds mean the same and traced functions draw anew in each run.
import { namesOf, optionsOf } from "../config/options.js";
import { misfit } from "./checks.js";
import { checkedShape, type RandomOptions, rand } from "./create.js";
import type { Tensor } from "./tensor.js";

/** Seed of random whole numbers. */
export type IntegerOptions = Pick<RandomOptions, "seed">;

const integerNames = namesOf<IntegerOptions>({ seed: true });

/**
 * Independent whole numbers low, …, high − 1, each as likely, as i64.
 *
 * @throws ShapeError where the ends are no whole numbers, or there is none between them
 *
 * @example
 * ```ts
 * const t = randInt(0, 1000, [16], { seed: 1 }); // a time step for each row
 * ```
 */
export function randInt(low: number, high: number, shape: readonly number[], options: IntegerOptions = {}): Tensor {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || high <= low) {
    throw misfit("randInt", "whole numbers low < high", `${low} and ${high}`);
  }
  const { seed } = optionsOf("randInt", options, integerNames);
  const part = rand(shape, { seed, dtype: "f64" });
  return part
    .mul(high - low)
    .floor()
    .add(low)
    .clamp(low, high - 1)
    .cast("i64");
}

/**
 * The numbers 0, …, count − 1 in random order, as i64.
 *
 * @example
 * ```ts
 * const shuffled = x.indexSelect(0, randPerm(64, { seed: 1 }));
 * ```
 */
export function randPerm(count: number, options: IntegerOptions = {}): Tensor {
  const shape = checkedShape([count], "randPerm");
  const { seed } = optionsOf("randPerm", options, integerNames);
  return rand(shape, { seed, dtype: "f64" }).argSort(0);
}
