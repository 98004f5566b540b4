// couple: rows of a batch by the model's own coupling, for losses of one's own.
import {
  DataError,
  IndependentConditionalFlowModel,
  OptimalTransportConditionalFlowModel,
  randn,
  SchrodingerBridgeConditionalFlowModel,
  ShapeError,
  type Tensor,
  tensor,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { mlp, numbers } from "./support.ts";

const network = { type: "velocity_function", args: { backbone: mlp } } as const;
const transport = () => new OptimalTransportConditionalFlowModel({ xSize: 2, model: network });
const rows = 32;
const order = Array.from({ length: rows }, (_, i) => (i * 5 + 3) % rows);
const shuffled = (x: Tensor) => x.indexSelect(0, tensor(order, { dtype: "i64" }));
const sorted = async (x: Tensor) => (await numbers(x)).sort((a, b) => a - b);

describe("couple", () => {
  it("by optimal transport finds the partners of a shuffled set", async () => {
    const x0 = randn([rows, 2], { seed: 1 });
    const pairs = transport().couple({ x0, x1: shuffled(x0).add(0.01) });
    const distance = pairs.x1.sub(pairs.x0).sub(0.01).abs().max();
    expect(await distance.item()).toBeLessThan(1e-5);
    expect(await sorted(pairs.x0)).toEqual(await sorted(x0));
    expect("condition" in pairs).toBe(false);
  });

  it("carries conditions along with the data", async () => {
    const backbone = {
      type: "TemporalSpatialResidualNet",
      args: { hiddenSizes: [16, 8], outputDim: 2, tDim: 8, conditionDim: 1 },
    } as const;
    const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 8, scale: 1 } } as const;
    const model = new OptimalTransportConditionalFlowModel({
      xSize: 2,
      conditionSize: 1,
      model: { type: "velocity_function", args: { tEncoder, backbone } },
    });
    const [x0, x1] = [randn([rows, 2], { seed: 1 }), randn([rows, 2], { seed: 2 })];
    const condition = x1.narrow(1, 0, 1).mul(2);
    const pairs = model.couple({ x0, x1, condition });
    expect(await numbers(pairs.condition!)).toEqual(await numbers(pairs.x1.narrow(1, 0, 1).mul(2)));
    expect(await numbers(pairs.x0)).not.toEqual(await numbers(x0));
  });

  it("of a bridge is entropic: drawn anew with each seed, the same with the same", async () => {
    const model = new SchrodingerBridgeConditionalFlowModel({
      xSize: 2,
      path: { sigma: 1 },
      velocityModel: network,
      scoreModel: { ...network, type: "score_function" },
      coupling: { type: "sinkhorn", epsilon: 1 },
    });
    const [x0, x1] = [randn([rows, 2], { seed: 1 }), randn([rows, 2], { seed: 2 })];
    const drawn = async (seed: number) => {
      const pairs = model.couple({ x0, x1, seed });
      return [...(await numbers(pairs.x0)), ...(await numbers(pairs.x1))];
    };
    expect(await drawn(4)).toEqual(await drawn(4));
    expect(await drawn(4)).not.toEqual(await drawn(5));
  });

  it("where pairs are independent leaves each set what it was", async () => {
    const model = new IndependentConditionalFlowModel({ xSize: 2, model: network });
    const [x0, x1] = [randn([rows, 2], { seed: 1 }), randn([rows, 2], { seed: 2 })];
    const pairs = model.couple({ x0, x1 });
    expect(await sorted(pairs.x0)).toEqual(await sorted(x0));
    expect(await sorted(pairs.x1)).toEqual(await sorted(x1));
  });

  it("refuses sets of different sizes and numbers that are not finite", async () => {
    const x0 = randn([rows, 2], { seed: 1 });
    const cut = async () =>
      transport()
        .couple({ x0, x1: x0.narrow(0, 0, 8) })
        .x0.data();
    await expect(cut()).rejects.toThrow(ShapeError);
    const nan = async () =>
      transport()
        .couple({ x0, x1: x0.div(0).mul(0) })
        .x0.data();
    await expect(nan()).rejects.toThrow(DataError);
    expect(() => transport().couple({ x0, x1: x0, condition: x0 as never })).toThrow(DataError);
  });
});
