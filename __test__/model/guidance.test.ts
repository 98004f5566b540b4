// What sampling can be guided by: a condition, another model, an energy; and densities against closed forms.
// The toy model is exact: of standard normal data a variance-preserving path has velocity 0.
import {
  adamw,
  ConfigError,
  customPath,
  DataError,
  DiffusionModel,
  diffusionFunction,
  EnergyConditionalDiffusionModel,
  IndependentConditionalFlowModel,
  Module,
  randn,
  registerModule,
  ShapeError,
  type Tensor,
  TraceError,
  tensor,
  weightFunction,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { data, mlp, numbers, planar, small } from "./support.ts";

class Still extends Module {
  override forward(_t: Tensor, x: Tensor): Tensor {
    return x.mul(0);
  }
}
const still = registerModule("Still", Still);
const solver = { type: "ODESolver", args: { method: "rk4", steps: 100 } } as const;

/** Exact for data of N(0, I) along linear_vp_sde. */
const exact = () =>
  new DiffusionModel({
    xSize: 2,
    dtype: "f64",
    solver,
    path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
    model: { type: "velocity_function", args: { backbone: still({}) } },
  });

/** s(t) of that path. */
const scale = (t: Tensor) => t.square().mul(-4.975).sub(t.mul(0.05)).exp();
const starts = (rows = 5) => randn([rows, 2], { seed: 1, dtype: "f64" });
const close = async (a: Tensor, b: Tensor, digits: number) => {
  const [x, y] = [await numbers(a), await numbers(b)];
  expect(x.length).toBe(y.length);
  for (const [i, value] of x.entries()) expect(value).toBeCloseTo(y[i] ?? Number.NaN, digits);
};

describe("an energy", () => {
  // E(x₀) = a·x₀ makes N(0, I) N(a, I), and log E[exp E(x₀) | x_t] is s(t) a·x_t: the flow shifts each start by a (s(0) − s(1)).
  const shift = 0.7 * (1 - Math.exp(-5.025));

  it("of the state shifts samples as the closed form says", async () => {
    const x0 = starts();
    const energy = { function: (t: Tensor, x: Tensor) => x.sum(1).mul(0.7).mul(scale(t)) };
    await close(await exact().sample({ x0, energy }), x0.add(shift), 5);
    await close(await exact().sample({ x0, energy: { ...energy, scale: 2 } }), x0.add(2 * shift), 5);
    await close(await exact().sample({ x0, energy: { ...energy, scale: 0 } }), x0, 12);
  });

  it("of the expected datum, which is exact where it is linear", async () => {
    const x0 = starts();
    const energy = { at: "data", function: (_t: Tensor, x: Tensor) => x.sum(1).mul(0.7) } as const;
    await close(await exact().sample({ x0, energy }), x0.add(shift), 5);
  });

  it("is traced once for each number of rows, before the job", async () => {
    const rows: number[] = [];
    const energy = {
      function: (_t: Tensor, x: Tensor) => {
        rows.push(x.shape[0] ?? 0);
        return x.sum(1);
      },
    };
    const samples = await exact().sample({ batchSize: [2, 3], energy });
    expect(samples.shape).toEqual([2, 3, 2]);
    expect(rows).toEqual([8]);
  });

  it("is refused where it is of another shape, captures tensors, or is none", async () => {
    const model = exact();
    await expect(model.sample({ energy: { function: (_t, x) => x } })).rejects.toThrow(ShapeError);
    const captured = tensor([[1, 2]], { dtype: "f64" });
    const capturing = model.sample({ energy: { function: (_t, x) => x.mul(captured).sum(1) } });
    await expect(capturing).rejects.toThrow(TraceError);
    await expect(model.sample({ energy: {} })).rejects.toThrow(ConfigError);
    await expect(model.sample({ energy: { scael: 1 } as never })).rejects.toThrow(
      /^energy: .*got "scael"; did you mean "scale"\?/,
    );
  });

  it("of a model's own network guides, and does nothing with scale 0", async () => {
    const energyGuidance = { backbone: { ...mlp, args: { ...mlp.args, outputSize: 1 } } };
    const model = new EnergyConditionalDiffusionModel({ ...planar(), xSize: 2, energyGuidance });
    const plain = await model.sample({ batchSize: 4 });
    await close(await model.sample({ batchSize: 4, energy: { scale: 0 } }), plain, 4);
    const guided = await model.sample({ batchSize: 4, energy: { scale: 2 } });
    expect(await guided.sub(plain).abs().max().item()).toBeGreaterThan(0.01);
  });
});

describe("a density", () => {
  it("is that of the closed form", async () => {
    const x = starts();
    const { logProb, nfe } = await exact().logProb(x);
    // The prior's variance is σ(1)² = 1 − s(1)², not quite 1.
    const variance = -Math.expm1(-2 * 5.025);
    const quadratic = x
      .square()
      .sum(1)
      .div(-2 * variance);
    await close(logProb, quadratic.sub(Math.log(2 * Math.PI * variance)), 10);
    expect(nfe).toBeGreaterThan(0);
    const hutchinson = await exact().logProb(x, { divergence: "hutchinson" });
    await close(hutchinson.logProb, logProb, 10);
  });

  it("needs an ODE", async () => {
    const settings = { solver: { type: "SDESolver", args: {} } } as const;
    await expect(exact().logProb(starts(), settings)).rejects.toThrow(ConfigError);
    await expect(exact().logProb(starts(), { divergence: "guess" } as never)).rejects.toThrow(/divergence/);
  });
});

describe("another model", () => {
  it("guides: weight 1 is this model, 0 the other one, and more goes beyond", async () => {
    const [own, other] = [small(1), small(2)];
    const sampled = async (more: object) => numbers(await own.sample({ batchSize: 4, seed: 3, ...more }));
    const theirs = await numbers(await other.sample({ batchSize: 4, seed: 3 }));
    const close = (a: number[], b: number[]) => {
      for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] ?? Number.NaN, 4);
    };
    close(await sampled({ guide: { model: other, scale: 1 } }), await sampled({}));
    close(await sampled({ guide: { model: other, scale: 0 } }), theirs);
    const beyond = await sampled({ guide: { model: other, scale: 2 } });
    expect(beyond).not.toEqual(theirs);
    expect(beyond).not.toEqual(await sampled({}));
  });

  it("is asked without a condition where none is given, as this one is, by an energy, too", async () => {
    const backbone = { ...mlp, args: { ...mlp.args, hiddenSizes: [6, 32, 32] } } as const;
    const conditional = (seed: number) => {
      const model = { type: "velocity_function", args: { backbone } } as const;
      return new DiffusionModel({ ...planar(), xSize: 2, seed, model, conditionSize: 3, conditionDropout: 0.5 });
    };
    const [own, other] = [conditional(1), conditional(2)];
    const sampled = async (model: typeof own, more: object = {}) =>
      numbers(await model.sample({ batchSize: 4, seed: 3, ...more }));
    const plain = await sampled(own);
    const near = (a: readonly number[], b: readonly number[]) =>
      a.forEach((value, i) => {
        expect(value).toBeCloseTo(b[i] ?? Number.NaN, 4);
      });
    near(await sampled(own, { guide: { model: other, scale: 0 } }), await sampled(other));
    const energy = { at: "data", function: (_t: Tensor, x: Tensor) => x.sum(1) } as const;
    near(await sampled(own, { energy: { ...energy, scale: 0 } }), plain);
    const shifted = await sampled(own, { energy });
    expect(shifted.every(Number.isFinite)).toBe(true);
    expect(shifted).not.toEqual(plain);
  });

  it("must be a model that fits", async () => {
    const own = small(1);
    await expect(own.sample({ guide: { model: {} as never, scale: 1 } })).rejects.toThrow(ConfigError);
    await expect(own.sample({ guide: { model: small(2) } as never })).rejects.toThrow(/guide\.scale/);
    const gvp = new DiffusionModel({ ...planar(), xSize: 2, path: { type: "gvp" } });
    await expect(own.sample({ guide: { model: gvp, scale: 2 } })).rejects.toThrow(/same path/);
  });
});

describe("classifier-free guidance", () => {
  const backbone = {
    type: "TemporalSpatialResidualNet",
    args: { hiddenSizes: [16, 8], outputDim: 2, tDim: 8, conditionDim: 1 },
  } as const;
  const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 8, scale: 1 } } as const;
  const conditional = (more: object = { conditionDropout: 0.5 }) =>
    new DiffusionModel({
      ...planar(),
      xSize: 2,
      conditionSize: 1,
      model: { type: "velocity_function", args: { tEncoder, backbone } },
      ...more,
    });
  const condition = tensor([[1], [-1]]);
  const trained = async () => {
    const model = conditional();
    const rows = randn([128, 1], { seed: 5 });
    const settings = { steps: 30, batchSize: 64, progress: false, condition: rows, ema: null } as const;
    await model.fit(data(128), settings);
    return model;
  };

  it("is the conditional model at 0, the unconditional one at −1, and changes samples otherwise", async () => {
    const model = await trained();
    const sampled = async (more: object) => numbers(await model.sample({ condition, seed: 3, ...more }));
    const plain = await sampled({});
    const near = (a: number[], b: number[]) => {
      for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] ?? Number.NaN, 3);
    };
    near(await sampled({ guidance: { scale: 0 } }), plain);
    const without = await numbers(await model.sample({ batchSize: 2, seed: 3 }));
    near(await sampled({ guidance: { scale: -1 } }), without);
    const strong = await sampled({ guidance: { scale: 3 } });
    expect(strong).not.toEqual(plain);
    expect(await sampled({ guidance: { scale: 3, rescale: 1 } })).not.toEqual(strong);
    near(await sampled({ guidance: { scale: 3, interval: [2, 3] } }), plain);
    expect((await model.logProb(data(2))).logProb.shape).toEqual([2]);
  });

  it("needs a condition, and a model that was trained to do without", async () => {
    const [model, strict] = [conditional(), conditional({})];
    await expect(model.sample({ guidance: { scale: 1 } })).rejects.toThrow(ConfigError);
    await expect(strict.sample({ condition, guidance: { scale: 1 } })).rejects.toThrow(/conditionDropout/);
    await expect(strict.sample()).rejects.toThrow(DataError);
    await expect(model.sample({ condition: tensor([[1, 2]]) })).rejects.toThrow(ShapeError);
    await expect(model.sample({ condition, guidance: { scale: 1, interval: [1] } as never })).rejects.toThrow(
      /guidance\.interval/,
    );
    expect(() => conditional({ conditionDropout: 1 })).toThrow(/conditionDropout/);
    // A single number has no standard deviation to be scaled back to.
    const line = new DiffusionModel({
      ...planar(),
      xSize: 1,
      conditionSize: 1,
      conditionDropout: 0.5,
      model: { type: "velocity_function", args: { backbone: { ...mlp, args: { ...mlp.args, outputSize: 1 } } } },
    });
    await expect(line.sample({ condition, guidance: { scale: 1, rescale: 0.5 } })).rejects.toThrow(/guidance\.rescale/);
  });
});

/** Velocity c, whatever t and x are. */
class Carried extends Module {
  override forward(_t: Tensor, x: Tensor, c: Tensor): Tensor {
    return x.mul(0).add(c);
  }
}
const carried = registerModule("Carried", Carried);

describe("classifier-free guidance of a module of one's own", () => {
  const model = () =>
    new IndependentConditionalFlowModel({
      xSize: 2,
      conditionSize: 2,
      conditionDropout: 0.5,
      solver: { type: "ODESolver", args: { method: "euler", steps: 10 } },
      model: { type: "velocity_function", args: { backbone: carried({}) } },
    });

  it("is the closed form: (1 + w)·c − w·c₀, where c₀ is what was learned for no condition", async () => {
    const flow = model();
    await flow.loadStateDict({ "null_condition.value": tensor([0.5, -1]) });
    const condition = tensor([
      [1, 2],
      [-3, 0.25],
      [0, 4],
    ]);
    const x0 = randn([3, 2], { seed: 4 });
    const nothing = tensor([[0.5, -1]]);
    const moved = async (more: object) => (await flow.sample({ x0, condition, ...more })).sub(x0);
    await close(await moved({}), condition, 5);
    for (const scale of [-1, 0.5, 2]) {
      const expected = condition.mul(1 + scale).sub(nothing.mul(scale));
      await close(await moved({ guidance: { scale } }), expected, 5);
    }
    // Euler's ten steps begin at t = 0, 0.1, …, 0.9; five of them are guided.
    const half = await moved({ guidance: { scale: 2, interval: [0.35, 0.85] } });
    await close(half, condition.add(condition.sub(nothing)), 5);
  });

  it("learns what stands for no condition", async () => {
    const flow = model();
    const x1 = randn([256, 2], { seed: 2 }).mul(0).add(3);
    await flow.fit(x1, {
      steps: 200,
      batchSize: 64,
      progress: false,
      normalize: false,
      condition: x1,
      optimizer: adamw({ lr: 0.05 }),
    });
    const learned = await numbers(flow.stateDict()["null_condition.value"] ?? tensor([0, 0]));
    for (const value of learned) expect(Math.abs(value - 3)).toBeLessThan(0.3);
  });
});

describe("functions of t as data", () => {
  const straight = () => customPath({ scale: (t) => t.neg().add(1), std: (t) => t });
  const along = (path: ReturnType<typeof straight> | { readonly type: "linear" }) =>
    new DiffusionModel({ ...planar(), xSize: 2, dtype: "f64", path });

  it("a path that imitates the built-in one is the same to 1e-6", async () => {
    const [custom, linear] = [along(straight()), along({ type: "linear" })];
    const x = starts(64);
    await close(custom.scoreFunction(0.3, x), linear.scoreFunction(0.3, x), 6);
    const losses = [custom, linear].map((model) => model.flowMatchingLoss(x, { seed: 2 }));
    await close(losses[0]!, losses[1]!, 6);
    const samples = await Promise.all([custom, linear].map((model) => model.sample({ batchSize: 8, seed: 4 })));
    await close(samples[0]!, samples[1]!, 6);
  });

  it("a path by logarithms, on an interval of its own", () => {
    const path = customPath(
      { logScale: (t) => t.neg().log1p(), logStd: (t) => t.log() },
      { tMin: 0.001, tMax: 0.999 }, // open at both ends
    );
    expect(path).toMatchObject({ type: "custom", tMin: 0.001, tMax: 0.999 });
    expect(JSON.parse(JSON.stringify(along(path).config.path))).toEqual(path);
  });

  it("a weight is a factor of the loss, and a diffusion of the sampler's noise", async () => {
    const [model, x] = [small(), data()];
    const plain = await numbers(model.flowMatchingLoss(x, { seed: 1, reduction: "none" }));
    const weight = weightFunction(() => 3);
    const tripled = await numbers(model.flowMatchingLoss(x, { seed: 1, reduction: "none", weight }));
    for (const [i, value] of tripled.entries()) expect(value / (plain[i] ?? Number.NaN)).toBeCloseTo(3, 4);
    const loss = { type: "flow_matching", weight } as const;
    expect(await model.fit(x, { steps: 2, batchSize: 32, loss, progress: false })).toMatchObject({ stepsRun: 2 });
    const sde = { batchSize: 4, solver: { type: "SDESolver", args: { steps: 20 } } } as const;
    const sampled = async (more: object) => numbers(await model.sample({ ...sde, ...more }));
    const sigma = await sampled({ diffusion: { type: "linear" } });
    const function_ = await sampled({ diffusion: diffusionFunction((t) => t) });
    for (const [i, value] of function_.entries()) expect(value).toBeCloseTo(sigma[i] ?? Number.NaN, 4);
  });

  it("that do more than arithmetic are refused by name", () => {
    expect(() => weightFunction((t) => t.reshape([1]).cumSum(0).reshape([]))).toThrow(TraceError);
    expect(() => weightFunction((t) => t.reshape([1]).cumSum(0).reshape([]))).toThrow(/cum_sum/);
    expect(() => weightFunction((t) => t.floor())).toThrow(/floor/);
    const outside = tensor(2, { dtype: "f64" });
    expect(() => weightFunction((t) => t.mul(outside))).toThrow(TraceError);
    expect(weightFunction((t) => t.mul(tensor(2, { dtype: "f64" })))).toEqual(weightFunction((t) => t.mul(2)));
    expect(() => weightFunction((t) => t.broadcastTo([3]))).toThrow(ShapeError);
    expect(() => customPath({ scale: (t) => t, std: "t" as never })).toThrow();
  });
});
