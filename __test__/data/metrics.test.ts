// Metrics against cases that are known by hand.
import { ConfigError, DataError, full, metrics, randn, ShapeError, tensor, zeros } from "thalweg";
import { describe, expect, it } from "vitest";

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

describe("exact distances", () => {
  it("W₂ of a shift is its length, whatever the order of rows", async () => {
    const x = randn([60, 2], { seed: 1 });
    const { distance, squared, lowerBound } = await metrics.wasserstein(x, x.add(tensor([[3, 4]])).flip(0));
    expect(distance).toBeCloseTo(5, 5);
    expect(squared).toBeCloseTo(25, 4);
    expect(lowerBound).toBeCloseTo(25, 4);
  });

  it("W₂ takes sets of different sizes: half of the mass moves by 1", async () => {
    const { squared } = await metrics.wasserstein(
      tensor([[0, 0]]),
      tensor([
        [0, 0],
        [1, 0],
      ]),
    );
    expect(squared).toBeCloseTo(0.5, 12);
  });

  it("MMD² of one Gaussian kernel is as by hand", async () => {
    const [a, b] = [tensor([[0], [0]]), tensor([[1], [1]])];
    const { squaredBiased, squaredUnbiased, bandwidths } = await metrics.mmd(a, b, { bandwidths: [1] });
    expect(bandwidths).toEqual([1]);
    expect(squaredBiased).toBeCloseTo(2 - 2 * Math.exp(-0.5), 12);
    expect(squaredUnbiased).toBeCloseTo(2 - 2 * Math.exp(-0.5), 12);
    await expect(metrics.mmd(a, b, { bandwidths: [0] })).rejects.toThrow(ConfigError);
    await expect(metrics.mmd(tensor([[0]]), b)).rejects.toThrow(ShapeError);
  });

  it("the energy distance between two points is 2|d|", async () => {
    const [a, b] = [tensor([[0], [0]]), tensor([[3], [3]])];
    expect(await metrics.energyDistance(a, b)).toMatchObject({
      squared: 6,
      distance: Math.sqrt(6),
      squaredUnbiased: 6,
    });
  });

  it("errors of moments are against a set, or exact ones", async () => {
    const x = tensor([
      [0, 0],
      [2, 2],
    ]);
    const exact = {
      mean: [1, 1],
      covariance: [
        [2, 2],
        [2, 2],
      ],
    };
    expect(await metrics.momentErrors(x, exact)).toEqual({ mean: 0, covariance: 0, relativeCovariance: 0 });
    expect(await metrics.momentErrors(x, x.add(tensor([[3, 4]])))).toMatchObject({ mean: 5, covariance: 0 });
    const still = await metrics.momentErrors(x, {
      ...exact,
      covariance: [
        [0, 0],
        [0, 0],
      ],
    });
    expect(still).toEqual({ mean: 0, covariance: 4, relativeCovariance: Number.NaN });
    await expect(metrics.momentErrors(x, { mean: [1], covariance: [[1]] })).rejects.toThrow(ShapeError);
  });

  it("refuse what does not fit, with the class that says why", async () => {
    for (const distance of [metrics.wasserstein, metrics.mmd, metrics.energyDistance]) {
      await expect(distance(zeros([2, 2]), zeros([2, 3]))).rejects.toThrow(ShapeError);
      await expect(distance(zeros([0, 2]), zeros([2, 2]))).rejects.toThrow(DataError);
      await expect(distance(tensor([[Number.NaN], [1]]), tensor([[1], [2]]))).rejects.toThrow(DataError);
    }
  });

  it("are computed beside the event loop", async () => {
    const pending = metrics.wasserstein(randn([1000, 2], { seed: 1 }), randn([1000, 2], { seed: 2 }));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await pending;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });
});

describe("trajectories", () => {
  const bent = tensor([[[0]], [[3]], [[4]]]);

  it("have energy and straightness as by hand, with any times", async () => {
    expect(await metrics.pathEnergy(bent)).toBe(20);
    expect(await metrics.straightness(bent)).toBe(4);
    expect(await metrics.pathEnergy(bent, { times: [0, 3, 4] })).toBeCloseTo(16, 12);
    expect(await metrics.straightness(bent, { times: [0, 3, 4] })).toBeCloseTo(0, 12);
  });

  it("have an energy beyond W₂² between their ends, or between two sets", async () => {
    const own = await metrics.normalizedPathEnergy(bent);
    expect(own).toEqual({ pathEnergy: 20, wassersteinSquared: 16, normalized: 0.25 });
    const farther = await metrics.normalizedPathEnergy(bent, { between: [tensor([[0]]), tensor([[5]])] });
    expect(farther.normalized).toBeCloseTo(-0.2, 12);
  });

  it("that are none are refused", async () => {
    await expect(metrics.pathEnergy(zeros([3, 2]))).rejects.toThrow(ShapeError);
    await expect(metrics.pathEnergy(bent, { times: [0, 1] })).rejects.toThrow(ConfigError);
    await expect(metrics.straightness(bent, { times: [0, 2, 1] })).rejects.toThrow(DataError);
    await expect(metrics.normalizedPathEnergy(zeros([3, 2, 1]))).rejects.toThrow(DataError);
  });
});

describe("likelihoods", () => {
  it("have a mean and its standard error, in nats or in bits", async () => {
    expect(await metrics.nll(tensor([-1, -3]))).toEqual({ mean: 2, standardError: 1, count: 2 });
    const bits = await metrics.bitsPerDimension(tensor([-1, -3]), { dimensions: 2, levels: 256 });
    expect(bits.mean).toBeCloseTo(2 / (2 * Math.LN2) + 8, 12);
    expect(bits.standardError).toBeCloseTo(1 / (2 * Math.LN2), 12);
    await expect(metrics.nll(tensor([-1, Number.NEGATIVE_INFINITY]))).rejects.toThrow(DataError);
    await expect(metrics.nll(tensor([-1]))).rejects.toThrow(ShapeError);
    await expect(metrics.nll(zeros([2, 2]))).rejects.toThrow(ShapeError);
    await expect(metrics.bitsPerDimension(tensor([0, 0]), { dimensions: 1, levels: 0 })).rejects.toThrow(ConfigError);
  });

  it("of integers need noise of one bin, a function of the seed", async () => {
    const levels = 4;
    const images = tensor([0, 1, 2, 3, 3, 0]);
    const values = Array.from(await metrics.dequantize(images, levels, 1).data(), Number);
    expect(values.map((value) => Math.floor(value * levels))).toEqual([0, 1, 2, 3, 3, 0]);
    expect(values.some((value) => value * levels !== Math.floor(value * levels))).toBe(true);
    expect(await metrics.dequantize(images, levels, 1).toArray()).toEqual(values);
    expect(await metrics.dequantize(images, levels, 2).toArray()).not.toEqual(values);
    expect(() => metrics.dequantize(images, 2.5)).toThrow(ConfigError);
    const white = metrics.dequantize(full([1_000_000], 255), 256, 3);
    expect(await white.max().item()).toBeLessThan(1);
  });
});
