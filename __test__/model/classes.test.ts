// Every class of models trains, samples, is saved and comes back as what it was; wrong uses change nothing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AnyModel,
  CheckpointError,
  ConfigError,
  DataError,
  DiffusionModel,
  EnergyConditionalDiffusionModel,
  IndependentConditionalFlowModel,
  load,
  Module,
  OptimalTransportConditionalFlowModel,
  ones,
  randn,
  registerModule,
  SchrodingerBridgeConditionalFlowModel,
  ShapeError,
  type Tensor,
  TrainingError,
  trainStep,
  zeros,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { data, mlp, numbers } from "./support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-classes-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const solver = { type: "ODESolver", args: { method: "euler", steps: 10 } } as const;
const velocity = { type: "velocity_function", args: { backbone: mlp } } as const;
const score = { type: "score_function", args: { backbone: mlp } } as const;
const one = { backbone: { ...mlp, args: { ...mlp.args, outputSize: 1 } } };

const path = { type: "linear_vp_sde" } as const;
const diffusion = () => new DiffusionModel({ xSize: 2, solver, path, model: velocity });
const energy = () =>
  new EnergyConditionalDiffusionModel({ xSize: 2, solver, path, model: velocity, energyGuidance: one });
const independent = () => new IndependentConditionalFlowModel({ xSize: 2, solver, model: velocity });
const transport = () => new OptimalTransportConditionalFlowModel({ xSize: 2, solver, model: velocity });
const bridge = () =>
  new SchrodingerBridgeConditionalFlowModel({
    xSize: 2,
    solver,
    path: { sigma: 1 },
    velocityModel: velocity,
    scoreModel: score,
  });

const settings = { steps: 30, batchSize: 64, progress: false } as const;
const source = () => randn([256, 2], { seed: 8 });
const pairs = () => ({ x0: source(), x1: data() });
const weightsOf = async (model: Pick<AnyModel, "stateDict">) =>
  (await Promise.all(Object.values(model.stateDict()).map(numbers))).flat();

describe.each([
  ["DiffusionModel", diffusion],
  ["EnergyConditionalDiffusionModel", energy],
  ["IndependentConditionalFlowModel", independent],
  ["OptimalTransportConditionalFlowModel", transport],
  ["SchrodingerBridgeConditionalFlowModel", bridge],
] as const)("%s", (name, make) => {
  it("trains, samples, and comes back from a folder as what it was", async () => {
    const model: AnyModel = make();
    const before = await weightsOf(model);
    const report = await model.fit(data(), settings);
    expect(report).toMatchObject({ stepsRun: 30, reason: "finished" });
    expect(await weightsOf(model)).not.toEqual(before);
    const samples = await numbers(await model.sample({ batchSize: 8, seed: 3 }));
    expect(samples.length).toBe(16);
    expect(samples.every(Number.isFinite)).toBe(true);
    expect(model.summary()).toContain("MultiLayerPerceptron");

    const place = join(folder, name);
    await model.save(place);
    const again = await load(place);
    expect(again).toBeInstanceOf(model.constructor);
    expect(await numbers(await again.sample({ batchSize: 8, seed: 3 }))).toEqual(samples);
    expect(await again.info()).toEqual(await model.info());
    const other = name === "DiffusionModel" ? IndependentConditionalFlowModel : DiffusionModel;
    await expect(other.load(place)).rejects.toThrow(CheckpointError);
    await expect(other.load(place)).rejects.toThrow(`got a ${name}; use ${name}.load`);
  });

  it("has log densities of data and of its own samples that agree", async () => {
    const model: AnyModel = make();
    await model.fit(data(), settings);
    const args = { method: "dopri5", rtol: 1e-6, atol: 1e-6 } as const;
    const exact = { seed: 3, solver: { type: "ODESolver", args } } as const;
    const { samples, logProb } = await model.sampleWithLogProb({ ...exact, batchSize: 8 });
    expect(logProb.shape).toEqual([8]);
    const back = await model.logProb(samples, exact);
    expect(back.nfe).toBeGreaterThan(6);
    const [a, b] = [await numbers(logProb), await numbers(back.logProb)];
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] ?? Number.NaN, 2);
  });

  it("has traced losses that are those of one row each on average", async () => {
    const model = make();
    const each = await numbers(model.flowMatchingLoss(data(), { seed: 1, reduction: "none" }));
    const mean = each.reduce((sum, loss) => sum + loss) / each.length;
    expect(await model.flowMatchingLoss(data(), { seed: 1 }).item()).toBeCloseTo(mean, 2);
    const twice = ones([256]).mul(2);
    expect(await model.flowMatchingLoss(data(), { seed: 1, sampleWeight: twice }).item()).toBeCloseTo(2 * mean, 2);
    const step = trainStep(model as DiffusionModel<2>, (x: Tensor) => model.flowMatchingLoss(x));
    expect((await step(data())).loss).toBeGreaterThan(0);
  });
});

describe.each([
  ["IndependentConditionalFlowModel", independent],
  ["OptimalTransportConditionalFlowModel", transport],
  ["SchrodingerBridgeConditionalFlowModel", bridge],
] as const)("%s between two sets", (_, make) => {
  it("is fitted to pairs, validates with pairs, and carries the source", async () => {
    const model = make();
    const validation = { data: pairs(), every: 10 };
    const report = await model.fit(pairs(), { ...settings, validation, sampleWeight: ones([256]) });
    expect(report.bestValidationLoss).toBeGreaterThan(0);
    expect((await model.sample({ x0: source() })).shape).toEqual([256, 2]);
    const paired = await model.flowMatchingLoss(data(), { x0: source(), seed: 1 }).item();
    expect(paired).not.toBe(await model.flowMatchingLoss(data(), { seed: 1 }).item());
  });

  it("has no density where its source is known by samples alone", async () => {
    const model = make();
    await model.fit(pairs(), settings);
    await expect(model.logProb(data())).rejects.toThrow(ConfigError);
    await expect(model.sampleWithLogProb({ x0: source() })).rejects.toThrow(/standard normal/);
  });

  it("refuses sources that do not fit", async () => {
    const model = make();
    const before = await weightsOf(model);
    await expect((async () => model.fit({ x0: zeros([10, 2]), x1: zeros([10, 3]) }, settings))()).rejects.toThrow(
      ShapeError,
    );
    await expect((async () => model.fit({ x0: data(), x1: {} as Tensor }, settings))()).rejects.toThrow(/data\.x1/);
    expect(await weightsOf(model)).toEqual(before);
  });
});

describe("a bridge's losses", () => {
  it("are the velocity's, the score's, and both together", async () => {
    const model = bridge();
    const settings = { x0: source(), seed: 4 };
    const [flow, score, both] = await Promise.all([
      model.flowMatchingLoss(data(), settings).item(),
      model.scoreMatchingLoss(data(), settings).item(),
      model.bridgeMatchingLoss(data(), settings).item(),
    ]);
    expect(both / (flow + score)).toBeCloseTo(1, 4);
  });

  it("train two networks of one's own, each traced for itself", async () => {
    class Own extends Module {
      readonly #factor: number;
      constructor({ factor }: { factor: number }) {
        super();
        this.#factor = factor;
      }
      override forward(_t: Tensor, x: Tensor): Tensor {
        return x.mul(this.#factor);
      }
    }
    const own = registerModule("OwnOfBridge", Own);
    const model = new SchrodingerBridgeConditionalFlowModel({
      xSize: 2,
      path: { sigma: 1 },
      velocityModel: { type: "velocity_function", args: { backbone: own({ factor: 2 }) } },
      scoreModel: { type: "score_function", args: { backbone: own({ factor: 3 }) } },
    });
    const x = data(4);
    const [v, s] = [model.velocityFunction(0.5, x), model.scoreFunction(0.5, x)];
    expect(await numbers(v)).toEqual(await numbers(x.mul(2)));
    // The network predicts (σ²/2)·score.
    expect(await numbers(s)).toEqual(await numbers(x.mul(6)));
  });
});

describe("a wrong use is refused and changes nothing", () => {
  it("a source for a diffusion model", async () => {
    const model = diffusion();
    const before = await weightsOf(model);
    expect(() => model.fit(pairs() as never, settings)).toThrow(DataError);
    expect(() => model.flowMatchingLoss(data(), { x0: data() } as never)).toThrow(ConfigError);
    expect(await weightsOf(model)).toEqual(before);
  });

  it("two fits at once", async () => {
    const model = transport();
    const first = model.fit(data(), { ...settings, steps: 100_000 });
    await expect((async () => model.fit(data(), settings))()).rejects.toThrow(TrainingError);
    first.stop();
    expect(await first).toMatchObject({ reason: "stopped" });
    expect(await model.fit(data(), settings)).toMatchObject({ stepsRun: 30 });
  });

  it("a loss that the model does not have", async () => {
    const fitted = independent().fit(data(), { ...settings, loss: "bridge_matching" });
    await expect(fitted).rejects.toThrow(/^loss\.type: expected "flow_matching"/);
  });
});
