// A model's own energy: fitted to candidates by contrast, and then guiding samples to where the closed form says.
import {
  adamw,
  ConfigError,
  DataError,
  EnergyConditionalDiffusionModel,
  Module,
  nn,
  randn,
  registerModule,
  ShapeError,
  type Tensor,
  tensor,
  trainStep,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { numbers } from "./support.ts";

/** Data of one dimension: normal with this mean and variance. */
const [mean, variance] = [0.7, 1];
/** E(x) = −½·stiffness·(x − centre)². */
const [stiffness, centre] = [0.8, -1.1];
const energyOf = (x: Tensor) =>
  x
    .sub(centre)
    .square()
    .mul(-0.5 * stiffness);

const net = {
  type: "MultiLayerPerceptron",
  args: { hiddenSizes: [2, 32, 32], outputSize: 1, activation: "silu" },
} as const;
const make = () =>
  new EnergyConditionalDiffusionModel({
    xSize: 1,
    path: { type: "linear_vp_sde" },
    solver: { type: "ODESolver", args: { method: "rk4", steps: 40 } },
    model: { type: "noise_function", args: { backbone: net } },
    energyGuidance: { backbone: net },
  });
const samplesOf = (shape: number[], seed: number) => randn(shape, { seed }).mul(Math.sqrt(variance)).add(mean);
const candidates = (rows: number, k: number, seed = 5) => {
  const x = samplesOf([rows, k, 1], seed);
  return { x, energy: energyOf(x).reshape([rows, k]) };
};
const settings = {
  steps: 1_500,
  batchSize: 128,
  progress: false,
  normalize: false,
  optimizer: adamw({ lr: 3e-3 }),
} as const;
const parameters = async (model: ReturnType<typeof make>, own: boolean) => {
  const entries = Object.entries(model.stateDict()).filter(([name]) => name.startsWith("energy") === own);
  return (await Promise.all(entries.map(([, tensor]) => numbers(tensor)))).flat();
};

describe("contrastive energy prediction", () => {
  it("moves the mean of guided samples to that of p·exp(E)", async () => {
    const model = make();
    await model.fit(samplesOf([4_096, 1], 1), settings);
    await model.fit(candidates(2_048, 8), { ...settings, loss: "energy_matching" });
    const at = async (scale: number) => {
      const samples = await model.sample({ batchSize: 2_000, seed: 3, energy: { scale } });
      return samples.mean().item();
    };
    const guided = (w: number) => (mean / variance + w * stiffness * centre) / (1 / variance + w * stiffness);
    // 2000 samples have a standard error of 0.02; the rest is what the networks miss.
    expect(Math.abs((await at(0)) - mean)).toBeLessThan(0.12);
    expect(guided(1)).toBeCloseTo(-0.1, 2);
    expect(Math.abs((await at(1)) - guided(1))).toBeLessThan(0.15);
  });

  it("trains the energy network alone, and a plain fit leaves it alone", async () => {
    const model = make();
    const few = { ...settings, steps: 5 };
    const [own, rest] = [await parameters(model, true), await parameters(model, false)];
    expect(own.length).toBe(rest.length);
    await model.fit(candidates(64, 4), { ...few, loss: "energy_matching" });
    expect(await parameters(model, false)).toEqual(rest);
    const trained = await parameters(model, true);
    expect(trained).not.toEqual(own);
    await model.fit(samplesOf([64, 1], 1), few);
    expect(await parameters(model, true)).toEqual(trained);
    expect(await parameters(model, false)).not.toEqual(rest);
  });

  it("has a loss that a step of one's own lowers, and log K where the energy is flat", async () => {
    const model = make();
    const names = model.parameters().map(({ name }) => name);
    const flat = Object.fromEntries(
      names.map((name, i) => [name, zeros([...(model.parameters()[i]?.shape ?? [])])] as const),
    );
    const data = candidates(64, 4);
    const flatModel = make();
    await flatModel.loadStateDict(flat);
    // Weights of a batch sum to its number of rows, and log softmax of a flat energy is −log K.
    expect(await flatModel.energyMatchingLoss(data).item()).toBeCloseTo(Math.log(4), 4);
    const weighed = { energy: { weights: "softmax", alpha: 2 } } as const;
    expect(await flatModel.energyMatchingLoss(data, weighed).item()).toBeCloseTo(Math.log(4), 4);
    expect(flatModel.energyMatchingLoss(data, { reduction: "none" }).shape).toEqual([64]);
    const step = trainStep(
      model,
      (batch: { x: Tensor; energy: Tensor }) => model.energyMatchingLoss(batch, { seed: 1 }),
      adamw({ lr: 1e-2 }),
    );
    const first = await step(data);
    for (let i = 0; i < 100; i++) await step(data);
    expect((await step(data)).loss).toBeLessThan(first.loss);
  });

  it("has an energy function, one number per row, whose gradient is that of its graph", async () => {
    const model = make();
    const x = samplesOf([5, 1], 2);
    expect(model.energyFunction(0.5, x).shape).toEqual([5]);
    const one = await numbers(model.energyFunction(0.5, x.narrow(0, 1, 1)));
    expect(one[0]).toBeCloseTo((await numbers(model.energyFunction(0.5, x)))[1] ?? Number.NaN, 5);
    expect(() => model.energyFunction(-1, x)).toThrow(DataError);
  });

  it("can have its energy written in TypeScript: fitted, evaluated and guiding as the same network that is built in", async () => {
    for (const [name, flat] of [
      ["Quadratic", false],
      ["FlatQuadratic", true],
    ] as const) {
      class Quadratic extends Module {
        readonly layer: nn.Linear;
        constructor({ width }: { width: number }) {
          super();
          this.layer = new nn.Linear(width, width);
        }
        // −½ of the square of an affine map: [B], or [B, 1].
        override forward(_t: Tensor, x: Tensor): Tensor {
          return this.layer.forward(x).square().mul(-0.5).sum(1, { keepDims: !flat });
        }
      }
      const backbone = registerModule(name, Quadratic)({ width: 1 });
      const model = new EnergyConditionalDiffusionModel({ ...make().config, xSize: 1, energyGuidance: { backbone } });
      const { x, energy } = candidates(512, 8);
      const held = candidates(64, 4, 9);
      const report = await model.fit(
        { x, energy },
        {
          ...settings,
          steps: 300,
          loss: "energy_matching",
          validation: { data: held, every: 100 },
        },
      );
      expect(report.bestValidationLoss).toBeLessThan(Math.log(4));
      const state = model.stateDict({ weights: "ema" });
      const numberOf = async (end: string) =>
        state[Object.keys(state).find((key) => key.startsWith("energy") && key.endsWith(end)) ?? ""]?.item();
      const [w, b] = [await numberOf("weight"), await numberOf("bias")];
      const points = tensor([[-1], [0.5], [2]]);
      const expected = [-1, 0.5, 2].map((v) => -0.5 * ((w ?? Number.NaN) * v + (b ?? Number.NaN)) ** 2);
      for (const [i, value] of (await numbers(model.energyFunction(0.3, points))).entries()) {
        expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4);
      }
      expect(await model.energyMatchingLoss(candidates(2_048, 5, 11)).item()).toBeLessThan(Math.log(5));
      const guided = await model.sample({ batchSize: 64, seed: 3, energy: { scale: 1 } });
      expect(await numbers(guided)).not.toEqual(await numbers(await model.sample({ batchSize: 64, seed: 3 })));
    }
    class Wide extends Module {
      override forward(_t: Tensor, x: Tensor): Tensor {
        return x.broadcastTo([x.shape[0] ?? 0, 2]);
      }
    }
    const wide = new EnergyConditionalDiffusionModel({
      ...make().config,
      xSize: 1,
      energyGuidance: { backbone: registerModule("Wide", Wide)({}) },
    });
    const few = { ...settings, steps: 1, loss: "energy_matching" } as const;
    expect(() => wide.fit(candidates(8, 4), few)).toThrow(/Wide\.forward: expected a result of one number per row/);
  });

  it("refuses what does not belong together", async () => {
    const model = make();
    const { x, energy } = candidates(8, 4);
    const fit = async (data: object, more: object = { loss: "energy_matching" }) =>
      model.fit(data as never, { ...settings, ...more });
    await expect(fit({ x, energy: energy.narrow(1, 0, 2) })).rejects.toThrow(ShapeError);
    await expect(fit(samplesOf([8, 1], 1))).rejects.toThrow(DataError);
    await expect(fit({ x, energy }, {})).rejects.toThrow();
    const alpha = { loss: { type: "energy_matching", energy: { alpha: -1 } } };
    await expect(fit({ x, energy }, alpha)).rejects.toThrow(ConfigError);
    await expect(fit({ x, energy: tensor([[0]]).div(0) })).rejects.toThrow();
    expect(await model.info()).toMatchObject({ step: 0 });
  });
});
