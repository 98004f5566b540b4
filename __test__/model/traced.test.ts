// Samples and densities inside of a traced function: the values of the jobs, and derivatives that are those of finite differences.
import {
  adamw,
  ConfigError,
  compile,
  DiffusionModel,
  IndependentConditionalFlowModel,
  Module,
  nn,
  randn,
  registerModule,
  type Tensor,
  TraceError,
  tensor,
  trainStep,
  valueAndGrad,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { data, mlp, numbers, planar } from "./support.ts";

const rk4 = (steps: number) => ({ type: "ODESolver", args: { method: "rk4", steps } }) as const;
const adaptive = { type: "ODESolver", args: { method: "dopri5" } } as const;
const velocity = { type: "velocity_function", args: { backbone: mlp } } as const;
const flow = (dtype: "f32" | "f64" = "f64") =>
  new IndependentConditionalFlowModel({ xSize: 2, dtype, solver: rk4(4), model: velocity });
const diffusion = () => new DiffusionModel({ ...planar(), xSize: 2, dtype: "f64" });

const values = [0.3, -1.2, 0.8, 0.1, -0.4, 2];
const at = (given: readonly number[]) => tensor([...given], { dtype: "f64" }).reshape([given.length / 2, 2]);
const close = (a: readonly number[], b: readonly number[], digits: number) => {
  expect(a.length).toBe(b.length);
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] ?? Number.NaN, digits);
};

/** Central differences of a number that depends on numbers. */
async function differences(of: (given: readonly number[]) => Promise<number>): Promise<number[]> {
  const h = 1e-5;
  const moved = (i: number, by: number) => of(values.map((value, k) => (k === i ? value + by : value)));
  return Promise.all(values.map(async (_, i) => ((await moved(i, h)) - (await moved(i, -h))) / (2 * h)));
}

describe("a traced sample", () => {
  it("is that of the job", async () => {
    const sde = { seed: 3, solver: { type: "SDESolver", args: { steps: 10 } } } as const;
    for (const settings of [{ solver: rk4(6) }, sde]) {
      const model = diffusion();
      const sampled = compile((x0: Tensor) => model.tracedSample({ x0, ...settings }));
      close(await numbers(sampled(at(values))), await numbers(await model.sample({ x0: at(values), ...settings })), 10);
    }
    const model = flow();
    const all = compile((x0: Tensor) => model.tracedSampleForwardProcess({ x0, tSpan: [0, 0.5, 1] }))(at(values));
    expect(all.shape).toEqual([3, 3, 2]);
    const job = await model.sampleForwardProcess({ x0: at(values), tSpan: [0, 0.5, 1] });
    close(await numbers(all), await numbers(job), 10);
  });

  it("is that of the job, too, in the units of a source that is data", async () => {
    const model = flow();
    const rows = (seed: number, mean: number) => randn([64, 2], { seed, dtype: "f64" }).mul(20).add(mean);
    await model.fit({ x0: rows(1, 500), x1: rows(2, -300) }, { steps: 2, batchSize: 32, progress: false });
    const x0 = rows(3, 500).narrow(0, 0, 3);
    const sampled = compile((x0: Tensor) => model.tracedSample({ x0, solver: rk4(6) }))(x0);
    close(await numbers(sampled), await numbers(await model.sample({ x0, solver: rk4(6) })), 8);
  });

  it("has the gradient by its starts that finite differences have", async () => {
    for (const model of [flow(), diffusion()]) {
      const solver = rk4(4);
      const loss = (x: Tensor) => x.square().sum();
      const { value, grad } = valueAndGrad((x0: Tensor) => loss(model.tracedSample({ x0, solver })))(at(values));
      const job = async (given: readonly number[]) => loss(await model.sample({ x0: at(given), solver })).item();
      expect(await value.item()).toBeCloseTo(await job(values), 9);
      close(await numbers(grad), await differences(job), 5);
    }
  });

  it("is guided by an energy", async () => {
    const model = flow();
    const energy = { function: (_t: Tensor, x: Tensor) => x.sum(1), scale: 0.5 };
    const sampled = compile((x0: Tensor) => model.tracedSample({ x0, energy }))(at(values));
    const job = await numbers(await model.sample({ x0: at(values), energy }));
    close(await numbers(sampled), job, 10);
    expect(job).not.toEqual(await numbers(await model.sample({ x0: at(values) })));
  });

  it("of a module written in TypeScript trains its parameters", async () => {
    class Shift extends Module {
      readonly layer = new nn.Linear(2, 2);
      override forward(_t: Tensor, x: Tensor): Tensor {
        return this.layer.forward(x);
      }
    }
    const backbone = registerModule("TracedShift", Shift)({});
    const model = new IndependentConditionalFlowModel({
      xSize: 2,
      solver: rk4(4),
      model: { type: "velocity_function", args: { backbone } },
    });
    const target = tensor([[1, -1]]);
    const miss = (x0: Tensor) => model.tracedSample({ x0 }).sub(target).square().mean();
    const step = trainStep(model, miss, adamw({ lr: 3e-2 }));
    const x0 = data(16).sub(5).div(3);
    const first = await step(x0);
    for (let i = 0; i < 60; i++) await step(x0);
    expect((await step(x0)).loss).toBeLessThan(first.loss / 4);
  });
});

describe("a traced density", () => {
  it("is that of the job, with the gradient that finite differences have", async () => {
    const model = flow();
    const solver = rk4(6);
    const job = async (given: readonly number[]) => {
      const { logProb } = await model.logProb(at(given), { solver });
      return logProb.sum().item();
    };
    const density = (x: Tensor) => model.tracedLogProb(x, { solver }).sum();
    const { value, grad } = valueAndGrad(density)(at(values));
    expect(await value.item()).toBeCloseTo(await job(values), 9);
    close(await numbers(grad), await differences(job), 5);
  });

  it("as a loss trains by maximum likelihood", async () => {
    const model = flow("f32");
    const x = data(64).sub(5).mul(0.15).add(1); // standard deviation 0.45, mean 1
    const solver = rk4(6);
    const likelihood = async () => (await model.logProb(x, { solver, weights: "raw" })).logProb.mean().item();
    const before = await likelihood();
    const step = trainStep(model, (batch: Tensor) => model.tracedLogProb(batch, { solver }).mean().neg(), adamw());
    const { loss } = await step(x);
    expect(-loss).toBeCloseTo(before, 3);
    const tuned = trainStep(
      model,
      (batch: Tensor) => model.tracedLogProb(batch, { solver }).mean().neg(),
      adamw({ lr: 1e-2 }),
    );
    for (let i = 0; i < 60; i++) await tuned(x);
    const after = await likelihood();
    // Not more than the entropy of the data allows: of normal data −½·log(2πe·0.45²) in each of two dimensions.
    expect(after).toBeGreaterThan(before + 0.5);
    expect(after).toBeLessThan(-Math.log(2 * Math.PI * Math.E * 0.45 ** 2) + 0.6);
  });
});

describe("what cannot be traced", () => {
  it("a solver that chooses its steps is refused with the remedy", () => {
    const model = flow();
    const sampled = compile((x0: Tensor) => model.tracedSample({ x0, solver: adaptive }));
    expect(() => sampled(at(values))).toThrow(ConfigError);
    expect(() => sampled(at(values))).toThrow(/solver\.args\.steps/);
    const density = compile((x: Tensor) => model.tracedLogProb(x, { solver: adaptive }));
    expect(() => density(at(values))).toThrow(/fixed steps/);
  });

  it("outside of a trace the error names the method to use", () => {
    const model = flow();
    expect(() => model.tracedSample({ x0: at(values) })).toThrow(TraceError);
    expect(() => model.tracedSample({ x0: at(values) })).toThrow(/await model\.sample$/);
    expect(() => model.tracedSampleForwardProcess({ x0: at(values) })).toThrow(/model\.sampleForwardProcess/);
    expect(() => model.tracedLogProb(at(values))).toThrow(/model\.logProb/);
  });

  it("what only a job can do is refused by name", () => {
    const model = flow();
    const refused = (more: object) => () =>
      compile((x0: Tensor) => model.tracedSample({ x0, ...more } as never))(at(values));
    expect(refused({ batchSize: 3 })).toThrow(/batchSize/);
    expect(refused({ guide: { model, scale: 1 } })).toThrow(/guide/);
    expect(refused({ signal: AbortSignal.abort() })).toThrow(ConfigError);
    expect(refused({ solverr: rk4(4) })).toThrow(/solverr/);
  });
});
