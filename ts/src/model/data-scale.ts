// Whether the data of a fit are of about the size of the noise that they are mixed with, where they are not made so.
// Looked at beside the fit, which does not wait for it.

import { warnOnce } from "../config/warnings.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ModelInfo } from "./reports.js";

/** Rows that are looked at. */
const ROWS = 4096;

/** Root mean squares between which both noise of variance 1 and data are seen. */
const [LOW, HIGH] = [0.01, 20];

const isFar = (size: number) => size > HIGH || (size > 0 && size < LOW);
const short = (size: number) => Number(size.toPrecision(3));

/** The root mean square of the first rows, shifted and scaled. */
async function size(data: Tensor, mean: readonly number[] = [0], std: readonly number[] = [1]): Promise<number> {
  const shape = mean.length === 1 ? [1] : [1, ...data.shape.slice(1)];
  const made = [tensor(mean, { dtype: "f64", shape }), tensor(std, { dtype: "f64", shape })];
  const step = (next: Tensor) => {
    made.push(next);
    return next;
  };
  const [shift, scale] = made as [Tensor, Tensor];
  const some = step(step(data.narrow(0, 0, Math.min(ROWS, data.shape[0] ?? 0))).cast("f64"));
  const square = step(step(step(some.sub(shift)).div(scale)).square());
  try {
    return Math.sqrt(Number(await step(square.mean()).item()));
  } finally {
    for (const each of made) each.dispose();
  }
}

/** Warns where data that are not normalised are much larger or smaller than noise of variance 1. */
export async function watchScale(model: object, data: readonly Tensor[]): Promise<void> {
  for (const leaf of data) {
    const found = await size(leaf);
    if (!isFar(found)) continue;
    const what = `fit: the root mean square of the data is ${short(found)}, that of the noise 1, and normalize is false`;
    const effect = found > HIGH ? "the noise hardly reaches them" : "they are lost in the noise";
    const remedy = "leave normalize out, or scale the data to about −1 … 1 (pixels 0 … 255: .div(127.5).sub(1))";
    warnOnce(model, "THALWEG_UNSCALED_DATA", `${what}: ${effect}. Remedy: ${remedy}`);
  }
}

/** Warns where a fit goes on with data that are far from those of its first fit, by which the model normalises. */
export async function watchResumed(model: object, data: readonly Tensor[], info: Promise<ModelInfo>): Promise<void> {
  const { normalization } = await info;
  for (const [i, leaf] of data.entries()) {
    const units = normalization?.[i];
    const found = units === undefined ? 1 : await size(leaf, units.mean, units.std);
    if (!isFar(found)) continue;
    const what = "fit: resume goes on with other data than before";
    const effect = `in the units of the first fit, which the model keeps, their root mean square is ${short(found)} and not about 1`;
    const remedy = "give the same data, or leave resume out to start anew";
    warnOnce(model, "THALWEG_OTHER_DATA", `${what}: ${effect}. Remedy: ${remedy}`);
  }
}
