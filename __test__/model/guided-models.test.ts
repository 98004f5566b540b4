// Guided models: at g = 0 and 1 they are their parts, beyond 1 they go on along the difference.
import { ConfigError, DiffusionModel, GuidedDiffusionModel, GuidedSchrodingerBridgeModel, tensor } from "thalweg";
import { describe, expect, it } from "vitest";

const config = (seed: number) =>
  ({
    xSize: 2,
    seed,
    path: { type: "gvp" },
    solver: { type: "ODESolver", args: { method: "euler", steps: 1 } },
    model: {
      type: "velocity_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 8 } },
        backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [16, 8], outputDim: 2, tDim: 8 } },
      },
    },
  }) as const;

describe("guided models", () => {
  const base = new DiffusionModel(config(1));
  const guided = new DiffusionModel(config(2));
  const model = new GuidedDiffusionModel({ base, guided });
  const x0 = tensor([
    [0.3, -1],
    [1.2, 0.4],
  ]);
  const at = async (guidanceScale?: number) =>
    (await model.sample({ x0, ...(guidanceScale !== undefined && { guidanceScale }) })).data();

  it("are the base at g = 0, and the guided model at g = 1, the default", async () => {
    expect(await at(0)).toEqual(await (await base.sample({ x0 })).data());
    const own = await (await guided.sample({ x0 })).data();
    (await at()).forEach((value, i) => {
      expect(value).toBeCloseTo(Number(own[i]), 5);
    });
  });

  it("go on along the difference beyond 1: one step of Euler's method is affine in g", async () => {
    const [zero, one, two] = [await at(0), await at(1), await at(2)];
    two.forEach((value, i) => {
      expect(value).toBeCloseTo(2 * Number(one[i]) - Number(zero[i]), 4);
    });
  });

  it("refuse models of another kind", () => {
    // @ts-expect-error: a diffusion model is no bridge
    expect(() => new GuidedSchrodingerBridgeModel({ base, guided })).toThrow(ConfigError);
  });
});
