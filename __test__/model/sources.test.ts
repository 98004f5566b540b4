// What a flow knows of its source: a score, and samples without a start, only where it is normal noise independent of the data.
import {
  ConfigError,
  DataError,
  IndependentConditionalFlowModel,
  OptimalTransportConditionalFlowModel,
  randn,
  type Tensor,
  TraceError,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { mlp } from "./support.ts";

const config = { xSize: 2, model: { type: "velocity_function", args: { backbone: mlp } } } as const;
const settings = { steps: 2, batchSize: 32, progress: false } as const;
const [x0, x1] = [randn([64, 2], { seed: 1 }), randn([64, 2], { seed: 2 }).add(3)];
const energy = { function: (_t: Tensor, x: Tensor) => x.sum(1) };
/** Where the path has some of its data: the solver of EDM needs σ/s. */
const tSpan = [0.01, 1];
const noisy = [
  { type: "SDESolver", args: { steps: 5 } },
  { type: "DPMSolver", args: { steps: 5, algorithm: "sde-dpmsolver++" } },
  { type: "DDIMSolver", args: { steps: 5, eta: 0.5 } },
  { type: "SDESolver", args: { method: "edm", steps: 5, churn: 1 } },
] as const;
const quiet = [
  { type: "SDESolver", args: { method: "edm", steps: 5 } },
  { type: "DPMSolver", args: { steps: 5 } },
  { type: "DDIMSolver", args: { steps: 5 } },
  { type: "ODESolver", args: { method: "euler", steps: 5 } },
] as const;

describe("a flow from normal noise to independent data", () => {
  it("has a score, may add noise and follow an energy, and starts by itself", async () => {
    const model = new IndependentConditionalFlowModel(config);
    await model.fit(x1, settings);
    expect(model.scoreFunction(0.5, x1).shape).toEqual([64, 2]);
    for (const solver of [...noisy, ...quiet]) {
      expect((await model.sample({ batchSize: 3, solver, tSpan })).shape).toEqual([3, 2]);
    }
    await model.sample({ batchSize: 3, energy });
    await model.sample({ batchSize: 3, solver: noisy[0], diffusion: { type: "zero" } });
  });
});

describe("a flow whose source is known by samples, or that pairs its noise with data", () => {
  const fitted = async () => {
    const between = new IndependentConditionalFlowModel(config);
    await between.fit({ x0, x1 }, settings);
    const paired = new OptimalTransportConditionalFlowModel(config);
    await paired.fit(x1, settings);
    return [between, paired] as const;
  };

  it("has no score, and refuses noise, energies and jumps back with the reason", async () => {
    for (const model of await fitted()) {
      const x0 = randn([3, 2]);
      for (const solver of noisy) {
        const sampled = model.sample({ x0, solver, tSpan });
        await expect(sampled, JSON.stringify(solver)).rejects.toThrow(ConfigError);
        await expect(sampled).rejects.toThrow(/solver: expected a solver without noise .* this flow has no score/);
      }
      for (const solver of quiet) expect((await model.sample({ x0, solver, tSpan })).shape).toEqual([3, 2]);
      const still = { x0, solver: noisy[0], diffusion: { type: "zero" } } as const;
      expect((await model.sample(still)).shape).toEqual([3, 2]);
      await expect(model.sample({ x0, energy })).rejects.toThrow(/energy: expected none: this flow has no score/);
      const [mask, resample] = [randn([1, 2]).mul(0), { jump: 1, times: 2 }];
      await expect(model.sampleWithFixedX(x1, mask, { x0: x1, solver: quiet[3], resample })).rejects.toThrow(
        /resample: expected none/,
      );
      await expect(Promise.resolve().then(() => model.scoreFunction(0.5, x1).data())).rejects.toThrow(TraceError);
      // The expected datum and the expected start follow from the velocity whatever the source is.
      expect(model.dataPredictionFunction(0.5, x1).shape).toEqual([64, 2]);
    }
  });

  it("does not make up starts where its source is data", async () => {
    const [between, paired] = await fitted();
    await expect(between.sample({ batchSize: 4 })).rejects.toThrow(DataError);
    await expect(between.sample({ batchSize: 4 })).rejects.toThrow(/x0: missing: expected samples x0 of the source/);
    await expect(between.sampleWithFixedX(x1, randn([1, 2]).mul(0))).rejects.toThrow(/x0: missing/);
    expect((await paired.sample({ batchSize: 4 })).shape).toEqual([4, 2]);
  });
});
