// Distances between sets of samples.
// Computed by the engine; every draw is a function of the seed.
import { native } from "../native.js";
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
  const { projections = 200, p = 2, seed = 0 } = settings;
  return native.slicedWasserstein(handleOf(a), handleOf(b), projections, p, seed);
}
