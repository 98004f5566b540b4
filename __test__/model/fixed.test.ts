// Samples of which some coordinates are known: exact in the result, sampled elsewhere, the same whatever the batch.
import {
  ConfigError,
  DataError,
  DiffusionModel,
  IndependentConditionalFlowModel,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { data, mlp, numbers, planar } from "./support.ts";

const mask = () => tensor([[0, 1]]);
const column = async (x: Tensor, k: number) => numbers(x.narrow(1, k, 1));
const flow = () =>
  new IndependentConditionalFlowModel({ xSize: 2, model: { type: "velocity_function", args: { backbone: mlp } } });
const diffusion = () => new DiffusionModel({ ...planar(), xSize: 2 });
const ddim = { type: "ODESolver", args: { method: "euler", steps: 20 } } as const;

describe("known coordinates", () => {
  it("are exactly what they were given as, in the units of the data, and the others are sampled", async () => {
    for (const model of [flow(), diffusion()]) {
      await model.fit(data(), { steps: 5, batchSize: 64, progress: false });
      const xFix = data(16);
      for (const resample of [undefined, { times: 2, jump: 2 }]) {
        if (resample && model instanceof IndependentConditionalFlowModel) continue;
        const settings = { seed: 2, solver: ddim, ...(resample && { resample }) };
        const filled = await model.sampleWithFixedX(xFix, mask(), settings);
        expect(filled.shape).toEqual([16, 2]);
        expect(await column(filled, 0)).toEqual(await column(xFix, 0));
        expect(await column(filled, 1)).not.toEqual(await column(xFix, 1));
      }
    }
  });

  it("all of them give what was given, and none of them samples as ever", async () => {
    const model = diffusion();
    const xFix = data(8);
    expect(await numbers(await model.sampleWithFixedX(xFix, tensor([[0, 0]])))).toEqual(await numbers(xFix));
    const free = await numbers(
      await model.sampleWithFixedX(zeros([1, 2]), tensor([[1, 1]]), { batchSize: 8, seed: 4 }),
    );
    const plain = await numbers(await model.sample({ batchSize: 8, seed: 4 }));
    for (const [i, value] of free.entries()) expect(value).toBeCloseTo(plain[i] ?? Number.NaN, 4);
  });

  it("resampling couples the free coordinate to the known one where the data are correlated", async () => {
    const model = diffusion();
    const shared = randn([2_048, 1], { seed: 1 });
    const rows = shared.matmul(tensor([[1, 1]])).add(randn([2_048, 2], { seed: 2 }).mul(0.3));
    await model.fit(rows, { steps: 1_200, batchSize: 128, progress: false });
    const xFix = tensor([[1, 0]]).broadcastTo([400, 2]);
    const mean = async (resample?: { times: number; jump: number }) => {
      const settings = { seed: 3, solver: ddim, ...(resample && { resample }) };
      const filled = await model.sampleWithFixedX(xFix, mask(), settings);
      return filled.narrow(1, 1, 1).mean().item();
    };
    // Of normal data: the covariance 1 over the variance 1.09.
    const exact = 1 / 1.09;
    const [replaced, resampled] = [await mean(), await mean({ times: 8, jump: 1 })];
    expect(Math.abs(resampled - exact)).toBeLessThan(0.2);
    expect(Math.abs(resampled - exact)).toBeLessThan(Math.abs(replaced - exact) + 0.05);
  });

  it("that do not fit are refused", async () => {
    const model = diffusion();
    const xFix = data(8);
    await expect(model.sampleWithFixedX(xFix, tensor([[0.5, 1]]))).rejects.toThrow(DataError);
    await expect(model.sampleWithFixedX(xFix, zeros([3, 2]))).rejects.toThrow(ShapeError);
    await expect(model.sampleWithFixedX(xFix, zeros([8, 3]))).rejects.toThrow(ShapeError);
    const resample = { times: 0, jump: 1 };
    await expect(model.sampleWithFixedX(xFix, mask(), { resample })).rejects.toThrow(ConfigError);
    await expect(flow().sampleWithFixedX(xFix, mask(), { resample: { times: 2, jump: 1 } })).rejects.toThrow(
      /resample/,
    );
    await expect(model.sample({ resample: { times: 2, jump: 1 } } as never)).rejects.toThrow(ConfigError);
  });
});
