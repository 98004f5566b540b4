// profile tells what ran meanwhile, how much it had to do, and what the machine's limits make of that.
import { compile, DataError, profile, randn, type Tensor } from "thalweg";
import { describe, expect, it } from "vitest";

const [a, b] = [0, 1].map((seed) => randn([96, 96], { seed }));
const multiply = compile((x: Tensor, y: Tensor) => x.matmul(y).add(1).square());

describe("profile", () => {
  it("counts runs, operations and bytes of each kind of step", async () => {
    await multiply(a, b).data();
    const { value, seconds, threads, productRate, cacheRate, memoryRate, steps } = await profile(async () => {
      for (let i = 0; i < 3; i++) await multiply(a, b).data();
      return "done";
    });
    expect([value, threads >= 1, seconds > 0]).toEqual(["done", true, true]);
    for (const rate of [productRate, cacheRate, memoryRate]) expect(rate).toBeGreaterThan(1e7);
    const product = steps.find(({ step }) => step.startsWith("product"));
    expect(product).toMatchObject({ step: expect.stringContaining("[96, 96]"), count: 3, flops: 3 * 2 * 96 ** 3 });
    expect(product?.limit).toBeGreaterThanOrEqual(((3 * 2 * 96 ** 3) / productRate) * 0.999);
    const pass = steps.find(({ step }) => step.startsWith("pass"));
    expect(pass).toMatchObject({ count: 3, flops: 0, bytes: 3 * 2 * 4 * 96 ** 2 });
    expect(steps.map((step) => step.seconds)).toEqual(steps.map((step) => step.seconds).sort((x, y) => y - x));
  });

  it("forgets what ran before", async () => {
    await multiply(a, b).data();
    expect((await profile(() => 1)).steps).toEqual([]);
  });

  it("ends where the work throws, and refuses a second one meanwhile", async () => {
    const failed = profile(async () => {
      await expect(profile(() => 1)).rejects.toThrow(DataError);
      throw new RangeError("mine");
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect((await profile(() => 2)).value).toBe(2);
  });
});
