// fit: runs by itself, can be awaited, iterated, paused, stopped and resumed, and reports a failure exactly once.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AbortError,
  adamw,
  ConfigError,
  DataError,
  DiffusionModel,
  DTypeError,
  type FitEvent,
  randn,
  ShapeError,
  sgd,
  TrainingError,
  tensor,
  warmupCosine,
  zeros,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testHooks } from "../../ts/src/native.ts";
import { data, numbers, planar, small } from "./support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-fit-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = { batchSize: 64, progress: false } as const;
const weights = async (model: ReturnType<typeof small>) =>
  (await Promise.all(Object.values(model.stateDict()).map(numbers))).flat();

describe("a run", () => {
  it("can be awaited: the loss falls, and the report says what was done", async () => {
    const model = small();
    const before = await model.flowMatchingLoss(data(), { seed: 1 }).item();
    const report = await model.fit(data(), { ...settings, steps: 200, optimizer: adamw({ lr: 3e-3 }) });
    expect(report).toMatchObject({ step: 200, stepsRun: 200, reason: "finished", bestValidationLoss: null });
    expect(report.seconds).toBeGreaterThan(0);
    expect(await model.flowMatchingLoss(data(), { seed: 1 }).item()).toBeLessThan(before);
    expect(await model.info()).toMatchObject({ step: 200, hasEma: true });
  });

  it("can be iterated: events in order, at most about ten a second, ending with the last step", async () => {
    const events: FitEvent[] = [];
    const started = performance.now();
    for await (const event of small().fit(data(), { ...settings, steps: 2000 })) events.push(event);
    const seconds = (performance.now() - started) / 1000;
    expect(events.length).toBeGreaterThan(0);
    expect(events.length).toBeLessThan(10 * seconds + 4);
    expect(events.at(-1)).toMatchObject({ step: 2000, steps: 2000 });
    expect(events.map(({ step }) => step)).toEqual(events.map(({ step }) => step).sort((a, b) => a - b));
    for (const event of events) {
      expect([event.loss, event.gradNorm, event.learningRate, event.stepsPerSecond].every(Number.isFinite)).toBe(true);
    }
  });

  it("goes on where the loop is left", async () => {
    const model = small();
    const run = model.fit(data(), { ...settings, steps: 300 });
    for await (const _ of run) break;
    expect((await run).step).toBe(300);
  });

  it("goes on where nobody looks, one native call per run and none per step", async () => {
    const hooks = testHooks();
    const model = small();
    const rows = data();
    await model.fit(rows, { ...settings, steps: 1 });
    hooks.__resetCounters();
    await model.fit(rows, { ...settings, steps: 500 });
    expect(hooks.__nativeCalls()).toBeLessThan(60);
    for (const [name, ms] of Object.entries(hooks.__exportCpu())) expect([name, ms < 10]).toEqual([name, true]);
  });

  it("ends after the step that is being done where it is stopped", async () => {
    const model = small();
    const run = model.fit(data(), { ...settings, steps: 1_000_000 });
    for await (const { step } of run) if (step > 0) run.stop();
    const report = await run;
    expect(report.reason).toBe("stopped");
    expect(report.step).toBeLessThan(1_000_000);
    expect(await model.info()).toMatchObject({ step: report.step });
  });

  it("rejects with an AbortError where its signal says so, and the model keeps its state", async () => {
    const model = small();
    const controller = new AbortController();
    const run = model.fit(data(), { ...settings, steps: 1_000_000, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(run).rejects.toThrow(AbortError);
    expect((await model.info()).step).toBeGreaterThan(0);
    expect((await model.fit(data(), { ...settings, steps: 2 })).stepsRun).toBe(2);
    expect(() => model.fit(data(), { ...settings, steps: 1, signal: AbortSignal.abort() })).toThrow(AbortError);
  });

  it("calls a function at the steps that were asked for, and waits for it", async () => {
    const steps: number[] = [];
    const model = small();
    const call = async ({ step }: FitEvent) => {
      const { step: during } = await model.info();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await model.info()).step).toBe(during);
      steps.push(step);
    };
    await model.fit(data(), { ...settings, steps: 50, every: { steps: 20, call } });
    expect(steps).toEqual([20, 40]);
  });

  it("ends with the error of that function", async () => {
    const call = () => {
      throw new RangeError("mine");
    };
    const run = small().fit(data(), { ...settings, steps: 1_000_000, every: { steps: 5, call } });
    await expect(run).rejects.toThrow(RangeError);
  });

  it("refuses a second fit meanwhile", async () => {
    const model = small();
    const run = model.fit(data(), { ...settings, steps: 1_000_000 });
    const second = async () => model.fit(data(), { ...settings, steps: 1 });
    await expect(second()).rejects.toThrow(TrainingError);
    run.stop();
    await run;
  });
});

it("a run has catch and finally, as a promise has", async () => {
  const seen: string[] = [];
  const report = await small()
    .fit(data(), { ...settings, steps: 2 })
    .finally(() => seen.push("finally"));
  expect(report.stepsRun).toBe(2);
  const bad = data().mul(Number.NaN);
  await small()
    .fit(bad, { ...settings, steps: 2 })
    .catch((error: unknown) => seen.push(error instanceof Error ? error.name : "?"));
  expect(seen).toEqual(["finally", "DataError"]);
});

it("a fit ends with its model", async () => {
  const model = small();
  const run = model.fit(data(), { ...settings, steps: 1_000_000 });
  for await (const _ of run) break;
  model.dispose();
  expect((await run).reason).toBe("stopped");
});

describe("a failure is reported once", () => {
  const source = (use: string) => `
    import { DiffusionModel, tensor } from "./ts/dist/index.js";
    const seen = [];
    process.on("unhandledRejection", (error) => seen.push("unhandled " + error.code));
    const model = new DiffusionModel(${JSON.stringify(planar())});
    const bad = tensor(new Float32Array(128).fill(NaN), { shape: [64, 2] });
    const run = model.fit(bad, { steps: 3, batchSize: 8, progress: false });
    ${use}
    await new Promise((resolve) => setTimeout(resolve, 300));
    console.log(JSON.stringify(seen));`;

  it.each([
    [
      "to who awaits",
      'await run.then(() => {}, (error) => seen.push("awaited " + error.code));',
      ["awaited DataError"],
    ],
    [
      "to who iterates",
      'try { for await (const _ of run); } catch (error) { seen.push("iterated " + error.code); }',
      ["iterated DataError"],
    ],
    ["to the process where nobody does", "", ["unhandled DataError"]],
  ])("%s", (_, use, expected) => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const args = ["--input-type=module", "--eval", source(use)];
    const printed = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual(expected);
  });
});

describe("bad input is refused with what was expected, and nothing is lost", () => {
  const wrong = (make: () => ReturnType<typeof zeros>, options: object = { steps: 1 }) => {
    const model = small();
    const fit = async () => model.fit(make(), { ...settings, ...options });
    return { model, fit };
  };

  it.each<[string, Parameters<typeof wrong>, new (message: string) => Error, RegExp]>([
    ["NaN", [() => tensor([[1, Number.NaN]])], DataError, /NaN|finite/],
    [
      "infinity",
      [
        () =>
          tensor([
            [1, 2],
            [Number.POSITIVE_INFINITY, 2],
          ]),
      ],
      DataError,
      /finite/,
    ],
    ["no rows", [() => zeros([0, 2])], DataError, /at least one row/],
    ["a wrong rank", [() => zeros([8])], ShapeError, /expected \[N, 2\], got \[8\]/],
    ["a wrong width", [() => zeros([8, 3])], ShapeError, /expected \[N, 2\], got \[8, 3\]/],
    ["a wrong element type", [() => zeros([8, 2], { dtype: "f64" })], DTypeError, /expected f32, got f64/],
    ["no steps", [data, {}], ConfigError, /steps/],
    ["steps of 0", [data, { steps: 0 }], ConfigError, /steps/],
    ["negative steps", [data, { steps: -1 }], ConfigError, /^steps: expected an integer ≥ 1, got -1/],
    ["both steps and epochs", [data, { steps: 1, epochs: 1 }], ConfigError, /epochs/],
    ["a batch size of 0", [data, { steps: 1, batchSize: 0 }], ConfigError, /batchSize/],
    ["an unknown option", [data, { steps: 1, learningRate: 1 }], ConfigError, /learningRate: unknown key/],
    ["a decay of 1", [data, { steps: 1, ema: 1 }], ConfigError, /ema/],
  ])("%s", async (_, given, errorClass, message) => {
    const { model, fit } = wrong(...given);
    const before = await weights(model);
    await expect(fit()).rejects.toThrow(errorClass);
    await expect(fit()).rejects.toThrow(message);
    expect(await weights(model)).toEqual(before);
    expect((await model.fit(data(), { ...settings, steps: 1 })).stepsRun).toBe(1);
  });

  it("a training that turns NaN stops, says at which step and keeps the last good state", async () => {
    const model = small();
    const run = model.fit(data(), { ...settings, steps: 500, optimizer: sgd({ lr: 1e12 }) });
    await expect(run).rejects.toThrow(TrainingError);
    await expect(run).rejects.toThrow(/at step \d+/);
    expect((await weights(model)).every(Number.isFinite)).toBe(true);
  });
});

describe("options", () => {
  it("validation, early stop and best checkpoint", async () => {
    const best = join(folder, "best");
    const losses: number[] = [];
    const model = small();
    const run = model.fit(data(), {
      ...settings,
      steps: 2000,
      validation: { data: randn([64, 2], { seed: 9 }).mul(3).add(5), every: 10 },
      earlyStop: { patience: 3 },
      best,
      optimizer: adamw({ lr: 1e-2 }),
    });
    for await (const { validationLoss } of run) if (validationLoss !== undefined) losses.push(validationLoss);
    const report = await run;
    expect(losses.length).toBeGreaterThan(2);
    expect(report.bestValidationLoss).toBe(Math.min(...losses));
    expect((await DiffusionModel.load(best)).config.xSize).toBe(2);
  });

  it("frozen parameters stay, the others move", async () => {
    const model = small();
    const before = model.stateDict();
    await model.fit(data(), { ...settings, steps: 3, frozen: ["backbone.model.linear0"] });
    const after = model.stateDict();
    for (const [name, value] of Object.entries(before)) {
      const moved = (await after[name].sub(value).abs().max().item()) > 0;
      expect([name, moved]).toEqual([name, !name.startsWith("backbone.model.linear0")]);
    }
  });

  it("epochs, the last batch, accumulation, normalisation, a schedule, no moving average", async () => {
    const model = small();
    const report = await model.fit(data(100), {
      ...settings,
      epochs: 3,
      batchSize: 32,
      lastBatch: "keep",
      normalize: false,
      ema: null,
      optimizer: adamw({ lr: warmupCosine({ peak: 1e-3, steps: 12, warmup: 2 }), clipNorm: 1, weightDecay: 0.01 }),
    });
    expect(report.stepsRun).toBe(12);
    expect(await model.info()).toMatchObject({ hasEma: false, normalization: null });
    expect((await small().fit(data(100), { ...settings, epochs: 2, batchSize: 32 })).stepsRun).toBe(6);
    expect((await small().fit(data(), { ...settings, steps: 3, accumulate: 2 })).stepsRun).toBe(3);
  });

  it("a weight of times: where it is 0, nothing is learned", async () => {
    const model = small();
    const before = await weights(model);
    const optimizer = adamw({ lr: 1e-2, weightDecay: 0 });
    await model.fit(data(), { ...settings, steps: 3, optimizer, weight: (t) => t.mul(0) });
    expect(await weights(model)).toEqual(before);
    await model.fit(data(), { ...settings, steps: 3, optimizer, weight: (t) => t.add(1) });
    expect(await weights(model)).not.toEqual(before);
    const wrong = () => model.fit(data(), { ...settings, steps: 1, weight: (t) => t.sum() });
    const kept = () => model.fit(data(100), { ...settings, epochs: 1, lastBatch: "keep", weight: (t) => t });
    expect(kept).toThrow(/^lastBatch: expected "drop"/);
    expect(wrong).toThrow(/^weight: expected a tensor \[64\]/);
  });

  it("data are normalised by default, and samples have their scale again", async () => {
    const model = small();
    await model.fit(data(1000), { ...settings, steps: 300, optimizer: adamw({ lr: 3e-3 }) });
    const { normalization } = await model.info();
    expect(normalization?.[0]?.mean[0]).toBeCloseTo(5, 0);
    expect(normalization?.[0]?.std[0]).toBeCloseTo(3, 0);
    const samples = await model.sample({ batchSize: 500, seed: 1 });
    expect(Math.abs((await samples.mean().item()) - 5)).toBeLessThan(1.5);
  });

  it("stopping, saving, loading and going on gives the same bits as never having stopped", async () => {
    const straight = small();
    await straight.fit(data(), { ...settings, steps: 40 });
    const first = small();
    await first.fit(data(), {
      ...settings,
      steps: 40,
      every: { steps: 25, call: () => first.save(join(folder, "half")) },
    });
    const second = await DiffusionModel.load(join(folder, "half"));
    const report = await second.fit(data(), { ...settings, steps: 40, resume: true });
    expect(report).toMatchObject({ step: 40, stepsRun: 15 });
    const [a, b] = [straight.stateDict(), second.stateDict()];
    for (const [name, value] of Object.entries(a)) expect(await numbers(b[name])).toEqual(await numbers(value));
  });
});
