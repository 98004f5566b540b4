// The four functions and the losses: linked by the path's formulas, the same at once and traced.
import {
  compile,
  DataError,
  DiffusionModel,
  grad,
  jvp,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  valueAndGrad,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { data, mlp, numbers, planar, small } from "./support.ts";

const x = randn([6, 2], { seed: 1 });
const far = async (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();

describe("the four functions", () => {
  const model = small();
  // linear_vp_sde with β from 0.1 to 20 at t = 0.4.
  const t = 0.4;
  const logScale = -0.25 * t * t * 19.9 - 0.5 * t * 0.1;
  const [scale, std, beta] = [Math.exp(logScale), Math.sqrt(-Math.expm1(2 * logScale)), 0.1 + t * 19.9];

  it("agree with each other: x = sD + σε, S = −ε/σ, v = −½βx − ½βS", async () => {
    const [score, noise] = [model.scoreFunction(t, x), model.noiseFunction(t, x)];
    const [velocity, datum] = [model.velocityFunction(t, x), model.dataPredictionFunction(t, x)];
    expect(await far(datum.mul(scale).add(noise.mul(std)), x)).toBeLessThan(1e-5);
    expect(await far(noise.neg().div(std), score)).toBeLessThan(1e-5);
    expect(await far(x.add(score).mul(-0.5 * beta), velocity)).toBeLessThan(1e-4);
  });

  it("take one time, or one per row", async () => {
    const times = tensor(new Float32Array(6).fill(t));
    expect(await far(model.scoreFunction(t, x), model.scoreFunction(times, x))).toBe(0);
    expect(await far(model.scoreFunction(t, x), model.scoreFunction(tensor(t), x))).toBe(0);
    const two = model.velocityFunction(tensor([0.2, 0.8, 0.2, 0.8, 0.2, 0.8]), x);
    expect(await far(two.select(0, 1), model.velocityFunction(0.8, x).select(0, 1))).toBeLessThan(1e-6);
  });

  it("give the same inside a traced function, and can be differentiated there", async () => {
    const traced = compile((state: Tensor) => model.velocityFunction(t, state));
    expect(await far(traced(x), model.velocityFunction(t, x))).toBeLessThan(1e-6);
    const sum = (state: Tensor) => model.velocityFunction(t, state).sum();
    const gradient = grad(sum)(x);
    const direction = randn([6, 2], { seed: 2 });
    const along = await jvp(sum)([x], [direction]).tangent.item();
    expect(along).toBeCloseTo(await gradient.mul(direction).sum().item(), 3);
  });

  it.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY])("refuse the time %d", (time) => {
    expect(() => model.scoreFunction(time, x)).toThrow(DataError);
  });

  it("refuse times and states that do not fit", async () => {
    const wrong = async (call: () => Tensor) => call().data();
    await expect(wrong(() => model.scoreFunction(tensor([0.1, 0.2]), x))).rejects.toThrow(ShapeError);
    await expect(wrong(() => model.scoreFunction(0.1, randn([6, 3])))).rejects.toThrow(ShapeError);
  });
});

describe("the losses", () => {
  it("are a mean, or one number per row, and a function of the seed", async () => {
    const model = small();
    for (const loss of [model.flowMatchingLoss.bind(model), model.scoreMatchingLoss.bind(model)]) {
      const rows = loss(data(), { reduction: "none", seed: 3 });
      expect(rows.shape).toEqual([256]);
      const mean = await loss(data(), { seed: 3 }).item();
      expect(mean).toBeCloseTo(await rows.mean().item(), 4);
      expect(await loss(data(), { seed: 3 }).item()).toBe(mean);
      expect(await loss(data(), { seed: 4 }).item()).not.toBe(mean);
      expect(await loss(data(), { seed: 3, weighting: "likelihood" }).item()).not.toBe(mean);
    }
  });

  it("multiply each row by the weight of its time", async () => {
    const model = small();
    const plain = model.flowMatchingLoss(data(), { reduction: "none", seed: 3 });
    const doubled = model.flowMatchingLoss(data(), { reduction: "none", seed: 3, weight: (t) => t.mul(0).add(2) });
    expect(await far(doubled, plain.mul(2))).toBeLessThan(1e-3);
    const zero = await numbers(model.flowMatchingLoss(data(), { reduction: "none", seed: 3, weight: (t) => t.sub(t) }));
    expect(new Set(zero)).toEqual(new Set([0]));
    expect(() => model.flowMatchingLoss(data(), { weight: (t) => t.sum() })).toThrow(ShapeError);
  });

  it("can be differentiated by the data", async () => {
    const model = small();
    const { value, grad: gradient } = valueAndGrad((rows: Tensor) => model.flowMatchingLoss(rows))(data(16));
    expect(Number.isFinite(await value.item())).toBe(true);
    expect(gradient.shape).toEqual([16, 2]);
    expect(await gradient.abs().max().item()).toBeGreaterThan(0);
  });

  it("of a condition need it", async () => {
    const model = new DiffusionModel({
      ...planar({
        model: { type: "noise_function", args: { backbone: { ...mlp, args: { ...mlp.args, hiddenSizes: [4, 8] } } } },
      }),
      xSize: 2,
      conditionSize: 1,
    });
    const condition = tensor(new Float32Array(256), { shape: [256, 1] });
    expect(Number.isFinite(await model.scoreMatchingLoss(data(), { condition }).item())).toBe(true);
    const without = async () => model.scoreMatchingLoss(data()).item();
    await expect(without()).rejects.toThrow(DataError);
  });
});
