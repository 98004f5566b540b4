// The sliced Wasserstein distance against cases that are known by hand.
import { DataError, metrics, randn, ShapeError, tensor, zeros } from "thalweg";
import { expect, it } from "vitest";

it("is 0 between equal sets, and does not depend on the order of rows", async () => {
  const x = randn([50, 3], { seed: 1 });
  expect(await metrics.slicedWasserstein(x, x)).toBe(0);
  expect(await metrics.slicedWasserstein(x, x.flip(0))).toBeLessThan(1e-7);
});

it("of a shift by d in D dimensions is |d|/√D on average over directions", async () => {
  const x = randn([200, 2], { seed: 1 });
  const shifted = x.add(tensor([[3, 4]]));
  expect(await metrics.slicedWasserstein(x, shifted, { projections: 2000 })).toBeCloseTo(5 / Math.SQRT2, 1);
});

it("is a function of the seed, and takes sets of different sizes", async () => {
  const [a, b] = [randn([40, 2], { seed: 1 }), randn([60, 2], { seed: 2 })];
  expect(await metrics.slicedWasserstein(a, b, { seed: 3 })).toBe(await metrics.slicedWasserstein(a, b, { seed: 3 }));
  expect(await metrics.slicedWasserstein(a, b, { seed: 3 })).not.toBe(
    await metrics.slicedWasserstein(a, b, { seed: 4 }),
  );
});

it("refuses rows of other shapes, no rows, and what is not finite", async () => {
  await expect(metrics.slicedWasserstein(zeros([2, 2]), zeros([2, 3]))).rejects.toThrow(ShapeError);
  await expect(metrics.slicedWasserstein(zeros([0, 2]), zeros([2, 2]))).rejects.toThrow(DataError);
  await expect(metrics.slicedWasserstein(tensor([[Number.NaN]]), tensor([[1]]))).rejects.toThrow(DataError);
});
