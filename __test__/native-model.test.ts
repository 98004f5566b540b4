// Models at the boundary: what they are, jobs and their ends, checkpoints, and every kind of misuse.
// Losses and training steps are in native-loss.test.ts.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NativeModel, NativeTensor } from "../ts/src/native/boundary.ts";
import { native, testHooks } from "../ts/src/native.ts";
import { config, fit, json, lossOf, newModel, rows, sample, traceCall, traceLoss } from "./native-model-support.ts";
import { eager, f32, failure, hostileValues, numbersOf, slowExports, untyped, untypedClass } from "./native-support.ts";

afterAll(() => expect(slowExports()).toEqual({}));

const names = (model: NativeModel): string[] =>
  JSON.parse(model.parameters()).map(({ name }: { name: string }) => name);

describe("a model", () => {
  it("tells its config with defaults, and its parameters", () => {
    const model = newModel();
    expect(JSON.parse(model.config())).toMatchObject({ ...config, seed: 0, dtype: "f32", device: "auto" });
    const parameters = JSON.parse(model.parameters());
    expect(parameters[0]).toEqual({ name: "t_encoder.W", shape: [4], trainable: false, decay: false });
    expect(parameters.length).toBeGreaterThan(20);
    expect(JSON.parse(model.needs(json({ kind: "loss", rows: 2, training: true })))).toEqual([]);
  });

  it("refuses wrong configs with the path of the mistake", async () => {
    for (const [changes, path] of [
      [{ xSize: 0 }, "xSize"],
      [{ path: { type: "linear_vp_sde", beta0: 3, beta1: 2 } }, "path.beta1"],
      [{ path: { type: "straight" } }, "path.type"],
      [{ sede: 1 }, "sede"],
    ] as const) {
      expect(await failure(() => newModel(changes))).toMatchObject({ code: "ConfigError", path });
    }
    expect(await failure(() => newModel({ device: "cuda:7" }))).toMatchObject({ code: "DeviceError", path: "device" });
    const Model = untypedClass(native.NativeModel);
    for (const text of ["", "[]", "null", "{".repeat(1e5), '{"a":'.repeat(1e5)]) {
      expect(await failure(() => new Model(text, json(config), "{}"))).toMatchObject({ code: "ConfigError" });
      expect(await failure(() => new Model("DiffusionModel", text, "{}"))).toMatchObject({ code: "ConfigError" });
      expect(await failure(() => new Model("DiffusionModel", json(config), text))).toMatchObject({
        code: "ConfigError",
      });
    }
    for (const value of hostileValues)
      expect(await failure(() => new Model(value, value, value))).toBeInstanceOf(Error);
  });

  it("moves to devices that there are, by their names alone", async () => {
    const model = newModel();
    model.moveTo("cpu");
    expect(JSON.parse(model.config()).device).toBe("cpu");
    for (const name of ["gpu", "", "cuda:7", "cuda:-1"]) {
      expect(await failure(() => model.moveTo(name))).toMatchObject({ code: "DeviceError" });
      expect(await failure(() => native.deviceOf(name))).toMatchObject({ code: "DeviceError" });
    }
    expect(JSON.parse(model.config()).device).toBe("cpu");
    for (const value of hostileValues) {
      expect(await failure(() => untyped(model).moveTo?.(value))).toBeInstanceOf(Error);
      expect(await failure(() => untyped(native).deviceOf?.(value))).toBeInstanceOf(Error);
    }
  });

  it("that was disposed of is refused everywhere", async () => {
    const model = newModel();
    model.dispose();
    model.dispose();
    const trace = new native.NativeTrace("train");
    const graph = new native.NativeTrace("train").finish([]);
    const x = rows(2);
    const uses: (() => unknown)[] = [
      () => model.config(),
      () => model.parameters(),
      () => model.moveTo("cpu"),
      () => model.needs("{}"),
      () => model.provide("k", graph),
      () => fit(model, "{}", { x: [x] }),
      () => sample(model, "{}"),
      () => model.logProb("{}", "[]", []),
      () => lossOf(model, "{}", { x: [x] }),
      () => model.call("score", x, [x], [], "ema"),
      () => traceLoss(model, trace, "{}", {}),
      () => traceCall(model, trace, "score", 0, {}),
      () => model.trainStep(graph, "{}"),
      () => model.save("x"),
      () => model.load("x"),
      () => model.importWeights("x", true),
      () => model.stateDict("raw"),
      () => model.loadStateDict([], [], true),
      () => model.posthocEma(0.1),
      () => model.usePosthocEma(0.1),
      () => model.info(),
    ];
    for (const use of uses) expect(await failure(use)).toMatchObject({ code: "DisposedError" });
  });

  it("refuses hostile arguments of every method, and lives on", async () => {
    const model = newModel();
    const raw = untyped(model);
    const methods: [string, number][] = [
      ["needs", 1],
      ["provide", 2],
      ["fit", 3],
      ["sample", 4],
      ["logProb", 3],
      ["loss", 3],
      ["call", 5],
      ["traceLoss", 4],
      ["traceCall", 4],
      ["trainStep", 2],
      ["importWeights", 2],
      ["stateDict", 1],
      ["loadStateDict", 3],
      ["posthocEma", 1],
      ["usePosthocEma", 1],
    ];
    for (const [name, count] of methods) {
      for (const value of hostileValues) {
        expect(await failure(() => raw[name]?.(...Array(count).fill(value))), name).toBeInstanceOf(Error);
      }
    }
    for (const name of ["save", "load"]) {
      for (const value of hostileValues) {
        if (typeof value !== "string") expect(await failure(() => raw[name]?.(value))).toBeInstanceOf(Error);
      }
    }
    expect(JSON.parse(await model.info())).toMatchObject({ step: 0, hasEma: false, normalization: null });
  });
});

describe("a training run", () => {
  it("is one call: steps are counted in Rust, events come at most ten a second", async () => {
    const model = newModel();
    const data = rows(256);
    const calls = testHooks().__nativeCalls();
    const run = fit(model, json({ steps: 300, batchSize: 64 }), { x: [data] });
    const end = run.wait();
    expect(testHooks().__nativeCalls() - calls).toBe(2);
    const report = JSON.parse(await end);
    expect(testHooks().__nativeCalls() - calls).toBe(2);
    expect(report).toMatchObject({ step: 300, stepsRun: 300, reason: "finished" });
    expect(JSON.parse((await run.next()) ?? "{}")).toMatchObject({ step: 300, steps: 300 });
    expect(await run.next()).toBeNull();
    expect(await run.next()).toBeNull();
    expect(run.tensors()).toEqual([]);
    expect(JSON.parse(await model.info())).toMatchObject({ step: 300, hasEma: true });
  });

  it("stops between steps, and the model can be trained again", async () => {
    const model = newModel();
    const run = fit(model, json({ steps: 1_000_000, batchSize: 32 }), { x: [rows(64)] });
    const first = JSON.parse((await run.next()) ?? "{}");
    expect(first.step).toBeGreaterThan(0);
    expect(await failure(() => fit(model, json({ steps: 1 }), { x: [rows(8)] }))).toMatchObject({
      code: "TrainingError",
    });
    expect(await failure(() => model.load("nowhere"))).toMatchObject({ code: "TrainingError" });
    run.stop();
    const report = JSON.parse(await run.wait());
    expect(report.reason).toBe("stopped");
    expect(JSON.parse(await model.info()).step).toBe(report.step);
    const again = fit(model, json({ steps: 2 }), { x: [rows(8)] });
    expect(JSON.parse(await again.wait())).toMatchObject({ stepsRun: 2 });
  });

  it("waits where it was asked to, until it is resumed", async () => {
    const run = fit(newModel(), json({ steps: 10, batchSize: 8, every: { steps: 5 } }), { x: [rows(16)] });
    const paused: number[] = [];
    for (;;) {
      const text = await run.next();
      if (text === null) break;
      const event = JSON.parse(text);
      if (!event.paused) continue;
      paused.push(event.step);
      await new Promise((resolve) => setTimeout(resolve, 30));
      run.resume();
    }
    expect(paused).toEqual([5, 10]);
    expect(JSON.parse(await run.wait()).step).toBe(10);
  });

  it("shares the device with other jobs", async () => {
    const run = fit(newModel(), json({ steps: 1_000_000, batchSize: 32 }), { x: [rows(64)] });
    expect(await numbersOf(eager("add", [f32([1]), f32([2])]))).toEqual([3]);
    run.stop();
    await run.wait();
  });

  it("fails with the class of the mistake in its data, and frees the model", async () => {
    const model = newModel();
    const nan = f32([1, 2, Number.NaN, 4], [2, 2]);
    const cases: [NativeTensor[], NativeTensor[], string][] = [
      [[nan], [], "DataError"],
      [[f32([1, 2, 3], [3, 1])], [], "ShapeError"],
      [[native.tensorFull(0, "f64", [3, 2])], [], "DTypeError"],
      [[native.tensorFull(0, "f32", [0, 2])], [], "DataError"],
      [[], [], "DataError"],
      [[rows(2), rows(2)], [], "DataError"],
      [[rows(2)], [rows(2)], "DataError"],
    ];
    for (const [x, condition, code] of cases) {
      const run = fit(model, json({ steps: 1 }), { x, condition });
      const [error, next] = await Promise.all([failure(() => run.wait()), run.next()]);
      expect(error).toMatchObject({ code });
      expect(next).toBeNull();
    }
    const bad = eager("gather", [rows(1), eager("arange", [], { length: 9, dtype: "i64" })], { axis: 0 });
    expect(await failure(() => fit(model, json({ steps: 1 }), { x: [bad] }).wait())).toMatchObject({
      code: "DataError",
    });
    expect(JSON.parse(await fit(model, json({ steps: 1 }), { x: [rows(4)] }).wait()).stepsRun).toBe(1);
  });

  it("refuses wrong options at once", async () => {
    const model = newModel();
    for (const [options, path] of [
      [{ steps: 0 }, "steps"],
      [{ steps: 1, batchSize: -1 }, "batchSize"],
      [{ steps: 1, stepz: 1 }, "stepz"],
      [{ steps: 1, optimizer: { type: "adamw", lr: -1 } }, "optimizer.lr"],
    ] as const) {
      const error = await failure(() => fit(model, json(options), { x: [rows(4)] }));
      expect(error, json(options)).toMatchObject({ code: "ConfigError", path });
    }
  });

  it("that turns NaN stops with a TrainingError and keeps the last good state", async () => {
    const model = newModel();
    const options = { steps: 50, batchSize: 8, normalize: false, ema: null, optimizer: { type: "sgd", lr: 1e30 } };
    const error = await failure(() => fit(model, json(options), { x: [rows(16)] }).wait());
    expect(error).toMatchObject({ code: "TrainingError" });
    expect((error as Error).message).toMatch(/step \d+/);
    for (const tensor of model.stateDict("raw")) expect((await numbersOf(tensor)).every(Number.isFinite)).toBe(true);
  });
});

describe("sampling", () => {
  it("gives pending results once, of the shape that was asked for", async () => {
    const model = newModel();
    const solver = { type: "ODESolver", args: { method: "euler", steps: 10 } };
    const run = sample(model, json({ batchSize: [2, 3], seed: 1, solver }));
    expect(JSON.parse(await run.wait())).toMatchObject({ reason: "finished", evaluations: 10 });
    const [samples] = run.tensors();
    expect(samples?.shape).toEqual([2, 3, 2]);
    expect((await numbersOf(samples!)).every(Number.isFinite)).toBe(true);
    expect(await failure(() => run.tensors())).toMatchObject({ code: "DisposedError" });
  });

  it("that is stopped rejects with an AbortError, as do its results", async () => {
    const model = newModel();
    const solver = { type: "ODESolver", args: { method: "euler", steps: 1_000_000 } };
    const run = sample(model, json({ batchSize: 100, solver }));
    expect(await failure(() => run.tensors())).toMatchObject({ code: "TraceError" });
    run.stop();
    expect(await failure(() => run.wait())).toMatchObject({ code: "AbortError" });
    expect(await failure(() => run.tensors())).toMatchObject({ code: "AbortError" });
    await run.next();
    expect(await run.next()).toBeNull();
  });

  it("refuses wrong options and fails with the class of the mistake in its tensors", async () => {
    const model = newModel();
    for (const options of [{ batchSize: 0 }, { batchSize: [] }, { tSpan: [1, 0] }, { seeds: 1 }, { weights: "best" }]) {
      expect(await failure(() => sample(model, json(options)))).toMatchObject({ code: "ConfigError" });
    }
    const cases: [NativeTensor[], NativeTensor[], string][] = [
      [[f32([1, 2, 3], [1, 3])], [], "ShapeError"],
      [[], [rows(2)], "DataError"],
    ];
    for (const [x0, condition, code] of cases) {
      expect(await failure(() => sample(model, "{}", { x0, condition }).wait())).toMatchObject({ code });
    }
  });
});

describe("checkpoints and state dicts", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "thalweg-native-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("come back as they were", async () => {
    const [model, other] = [newModel({ seed: 1 }), newModel({ seed: 2 })];
    const run = fit(model, json({ steps: 3, batchSize: 8 }), { x: [rows(16)] });
    await run.wait();
    const saved = join(folder, "model");
    await model.save(saved);
    expect(JSON.parse(await native.loadModelConfig(saved))).toMatchObject({
      class: "DiffusionModel",
      config: { xSize: 2, seed: 1 },
    });
    expect(JSON.parse(await other.load(saved))).toEqual({ missing: [], extra: [] });
    for (const weights of ["raw", "ema"] as const) {
      const [a, b] = [model, other].map((each) => Promise.all(each.stateDict(weights).map(numbersOf)));
      expect(await b).toEqual(await a);
    }
    expect(JSON.parse(await other.info())).toEqual(JSON.parse(await model.info()));
  });

  it("set parameters by name, all or none", async () => {
    const [model, other] = [newModel({ seed: 1 }), newModel({ seed: 2 })];
    const state = model.stateDict("raw");
    const before = await Promise.all(other.stateDict("raw").map(numbersOf));
    const all = names(model);
    const wrong: [string[], NativeTensor[]][] = [
      [all.slice(1), state.slice(1)],
      [
        [...all, "extra"],
        [...state, f32([1])],
      ],
      [all, [...state].reverse()],
      [all, state.slice(1)],
    ];
    for (const [some, tensors] of wrong) {
      expect(await failure(() => other.loadStateDict(some, tensors, true))).toMatchObject({ code: "CheckpointError" });
    }
    expect(await Promise.all(other.stateDict("raw").map(numbersOf))).toEqual(before);
    const partial = JSON.parse(await other.loadStateDict([all[0]!, "extra"], [state[0]!, f32([1])], false));
    expect(partial).toEqual({ missing: all.slice(1), extra: ["extra"] });
    expect(JSON.parse(await other.loadStateDict(all, state, true))).toEqual({ missing: [], extra: [] });
    expect(await Promise.all(other.stateDict("raw").map(numbersOf))).toEqual(await Promise.all(state.map(numbersOf)));
  });

  it("that cannot be read or written are a CheckpointError", async () => {
    const model = newModel();
    for (const path of ["", "\u0000", "/dev/null/x", join(folder, "nothing"), "x".repeat(1e5)]) {
      for (const use of [
        () => model.load(path),
        () => model.importWeights(path, true),
        () => native.loadModelConfig(path),
      ]) {
        expect(await failure(use), path.slice(0, 20)).toMatchObject({ code: "CheckpointError" });
      }
    }
    expect(await failure(() => model.save("/dev/null/x"))).toMatchObject({ code: "CheckpointError" });
    expect(readdirSync(folder)).toEqual(["model"]);
  });
});

describe("the schemas", () => {
  it("are JSON schemas of everything that users configure", async () => {
    const all = JSON.parse(await native.schemas());
    expect(Object.keys(all)).toEqual(
      expect.arrayContaining([
        ...["DiffusionConfig", "FlowConfig", "BridgeConfig", "EnergyConfig"],
        ...["FitOptions", "SampleOptions", "LogProbOptions", "Objective", "Optimizer"],
      ]),
    );
  });
});
