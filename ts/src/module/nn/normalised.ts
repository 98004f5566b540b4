// What layers that normalise the last dimensions share: which dimensions these are, and that the input has them.
import { misfit, requireWhole } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";

/** Sizes of the dimensions that are normalised. */
export function sizesOf(layer: string, features: number | readonly number[]): readonly number[] {
  const sizes = typeof features === "number" ? [features] : features;
  requireWhole(layer, "features", sizes, 1);
  if (sizes.length === 0) throw misfit(layer, "at least one size of features", "none");
  return sizes;
}

/** Applies a function of the last dimension to the last dimensions as one, which must have these sizes. */
export function overLast(layer: string, sizes: readonly number[], x: Tensor, apply: (rows: Tensor) => Tensor): Tensor {
  if (`${x.shape.slice(-sizes.length)}` !== `${sizes}`) {
    throw misfit(layer, `an input […, ${sizes.join(", ")}]`, `[${x.shape.join(", ")}]`);
  }
  return sizes.length === 1 ? apply(x) : apply(x.flatten(-sizes.length)).reshape(x.shape);
}
