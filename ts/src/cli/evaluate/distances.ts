// Distances of samples to data, each beside that of data to data: below this floor nothing can be told.
// Tokens are compared as one-hot vectors.
import { energyDistance, mmd, slicedWasserstein, wasserstein } from "../../data/metrics.js";
import type { Tensor } from "../../tensor/tensor.js";

/** A distance and its floor. */
export interface Distance {
  /** What it is called. */
  readonly name: string;
  /** Of the samples to the second half of the data. */
  readonly value: number;
  /** Of the first half to the second. */
  readonly floor: number;
}

/** All distances; the exact one is null where there are too many rows for it. */
export interface Distances {
  readonly slicedWasserstein: Distance;
  readonly wasserstein: Distance | null;
  readonly mmdSquared: Distance;
  readonly energyDistance: Distance;
}

/** Three sets of as many rows. */
export interface Sets {
  readonly samples: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
}

/** Rows up to which the exact distance takes about a second. */
const EXACT = 2048;

/** Measures. */
export async function distances(
  { samples, first, second }: Sets,
  { seed, vocabulary }: { readonly seed: number; readonly vocabulary: number | undefined },
): Promise<Distances> {
  const vectors = (set: Tensor) => {
    const [count = 0] = set.shape;
    const numbers = vocabulary === undefined ? set : set.oneHot(vocabulary).cast("f32");
    return numbers.reshape([count, -1]);
  };
  const [a, b, c] = [vectors(samples), vectors(first), vectors(second)];
  const [count = 0] = a.shape;
  const both = async (name: string, measure: (set: Tensor) => Promise<number>): Promise<Distance> => {
    const floor = await measure(b);
    return { name, value: await measure(a), floor };
  };
  // One kernel for both columns: that of the data.
  const { bandwidths } = await mmd(b, c);
  return {
    slicedWasserstein: await both("sliced W2", (set) => slicedWasserstein(set, c, { seed })),
    wasserstein: count > EXACT ? null : await both("W2", async (set) => (await wasserstein(set, c)).distance),
    mmdSquared: await both("MMD²", async (set) => (await mmd(set, c, { bandwidths })).squaredUnbiased),
    energyDistance: await both("energy distance", async (set) => (await energyDistance(set, c)).distance),
  };
}
