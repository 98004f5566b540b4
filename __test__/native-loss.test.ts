// Losses and model functions at the boundary, eager and recorded, and training steps of one's own.
// A recording reads models by reference; the tests hold it against the eager calls.
import { afterAll, describe, expect, it } from "vitest";
import type { NativeGraph, NativeModel, NativeTrace, TracedValue } from "../ts/src/native/boundary.ts";
import { native, testHooks } from "../ts/src/native.ts";
import { fit, json, lossOf, newModel, rows, traceCall, traceLoss } from "./native-model-support.ts";
import { eager, f32, failure, hostileValues, numbersOf, slowExports, untyped } from "./native-support.ts";

afterAll(() => expect(slowExports()).toEqual({}));

/** A recorded loss of `rows` rows, and the graph of it and its gradient by the rows. */
function lossGraph(model: NativeModel, count: number) {
  const trace = new native.NativeTrace("sample");
  const x = trace.input("x", "f32", [count, 2]);
  const loss = traceLoss(model, trace, json({ objective: { type: "flow_matching" } }), { x: [x.id] });
  const [gradient] = trace.grad(loss.id, [x.id]) as [TracedValue];
  return trace.finish([loss.id, gradient.id]);
}

describe("losses and functions", () => {
  it("are the same eager and recorded", async () => {
    const model = newModel();
    const x = rows(16);
    const each = await numbersOf(
      lossOf(model, json({ objective: { type: "flow_matching" }, reduction: "none" }), { x: [x] }),
    );
    const mean = each.reduce((a, b) => a + b) / 16;
    const [loss] = await numbersOf(lossOf(model, json({ objective: { type: "flow_matching" } }), { x: [x] }));
    expect(loss).toBeCloseTo(mean, 4);
    const graph = lossGraph(model, 16);
    expect(graph.inputs().map(({ name }) => name)).toEqual(["x"]);
    const [recorded, gradient] = graph.run([x]);
    expect((await numbersOf(recorded!))[0]).toBeCloseTo(mean, 4);
    expect((await numbersOf(gradient!)).some((value) => value !== 0)).toBe(true);
    const [again] = graph.run([x]);
    expect(await numbersOf(again!)).not.toEqual([mean]);

    const t = native.tensorFull(0.5, "f32", [16]);
    for (const name of ["score", "noise", "velocity", "data"] as const) {
      const trace = new native.NativeTrace("sample");
      const [ti, xi] = [trace.input("t", "f32", [16]), trace.input("x", "f32", [16, 2])];
      const values = traceCall(model, trace, name, ti.id, { x: [xi.id] });
      const [call] = trace.finish(values.map(({ id }) => id)).run([t, x]);
      const [direct] = model.call(name, t, [x], [], "ema");
      expect(await numbersOf(call!)).toEqual(await numbersOf(direct!));
    }
  });

  it("of two models in one recording keep their parameters apart", async () => {
    const models = [newModel({ seed: 1 }), newModel({ seed: 2 })];
    const trace = new native.NativeTrace("sample");
    const [t, x] = [trace.input("t", "f32", [4]), trace.input("x", "f32", [4, 2])];
    const ids = models.flatMap((model) => traceCall(model, trace, "score", t.id, { x: [x.id] })).map(({ id }) => id);
    const inputs = [native.tensorFull(0.5, "f32", [4]), rows(4)];
    const recorded = await Promise.all(trace.finish(ids).run(inputs).map(numbersOf));
    const direct = models.map((model) => model.call("score", inputs[0]!, [inputs[1]!], [], "raw")[0]!);
    expect(recorded).toEqual(await Promise.all(direct.map(numbersOf)));
    expect(recorded[0]).not.toEqual(recorded[1]);
  });

  it("twice in one recording draw different numbers", async () => {
    const model = newModel();
    const trace = new native.NativeTrace("train");
    const x = trace.input("x", "f32", [4, 2]);
    const ids = [0, 1].map(
      () => traceLoss(model, trace, json({ objective: { type: "score_matching" } }), { x: [x.id] }).id,
    );
    const [a, b] = trace.finish(ids).run([rows(4)]);
    expect(await numbersOf(a!)).not.toEqual(await numbersOf(b!));
  });

  it("see the parameters as they are when they run", async () => {
    const model = newModel();
    const graph = lossGraph(model, 4);
    const x = rows(4);
    await fit(model, json({ steps: 1, normalize: false, ema: null }), { x: [x] }).wait();
    const [loss] = await numbersOf(lossOf(model, json({ objective: { type: "flow_matching" } }), { x: [x] }));
    expect((await numbersOf(graph.run([x])[0]!))[0]).toBeCloseTo(loss!, 4);
  });

  it("are multiplied by a weight of times, which may depend on nothing else", async () => {
    const model = newModel();
    const x = rows(16);
    const options = json({ objective: { type: "flow_matching" }, reduction: "none" });
    const weight = (record: (trace: NativeTrace, t: TracedValue) => TracedValue): NativeGraph => {
      const trace = new native.NativeTrace("train");
      return trace.finish([record(trace, trace.input("t", "f32", [16])).id]);
    };
    const op = (trace: NativeTrace, name: string, inputs: TracedValue[], attrs = {}) =>
      trace.op(
        name,
        json(attrs),
        inputs.map(({ id }) => id),
      )[0]!;
    const three = weight((trace, t) => op(trace, "add", [op(trace, "mul", [t], { scalar: 0 })], { scalar: 3 }));
    const plain = await numbersOf(lossOf(model, options, { x: [x] }));
    const weighted = await numbersOf(lossOf(model, options, { x: [x] }, three));
    for (const [i, value] of weighted.entries()) expect(value / plain[i]!).toBeCloseTo(3, 4);
    const trace = new native.NativeTrace("sample");
    const loss = traceLoss(model, trace, options, { x: [trace.input("x", "f32", [16, 2]).id] }, three);
    const [recorded] = trace.finish([loss.id]).run([x]);
    for (const [i, value] of (await numbersOf(recorded!)).entries()) expect(value / plain[i]!).toBeCloseTo(3, 4);
    const settings = json({ steps: 3, batchSize: 16 });
    expect(JSON.parse(await fit(model, settings, { x: [x] }, three).wait())).toMatchObject({ stepsRun: 3 });

    const foreign = weight((recording, t) =>
      op(recording, "mul", [t, recording.capture(native.tensorFull(1, "f32", [16]))]),
    );
    const short = weight((recording, t) => op(recording, "sum", [t]));
    const inner = new native.NativeTrace("sample");
    const input = inner.input("x", "f32", [16, 2]);
    expect(await failure(() => lossOf(model, options, { x: [x] }, foreign).read())).toMatchObject({
      code: "TraceError",
    });
    expect(await failure(() => traceLoss(model, inner, options, { x: [input.id] }, foreign))).toMatchObject({
      code: "TraceError",
    });
    expect(await failure(() => fit(model, settings, { x: [x] }, foreign).wait())).toMatchObject({
      code: "TraceError",
    });
    expect(await failure(() => lossOf(model, options, { x: [rows(8)] }, three).read())).toMatchObject({
      code: "ShapeError",
    });
    expect(short.inputs()).toHaveLength(1);
  });

  it("refuse what does not fit", async () => {
    const model = newModel();
    const trace = new native.NativeTrace("sample");
    const [t, x] = [trace.input("t", "f32", [4]), trace.input("x", "f32", [4, 2])];
    const wide = trace.input("wide", "f32", [4, 3]);
    const options = json({ objective: { type: "flow_matching" } });
    const cases: [() => unknown, string][] = [
      [() => lossOf(model, json({ objective: { type: "likelihood" } }), { x: [rows(2)] }), "ConfigError"],
      [
        () => lossOf(model, json({ objective: { type: "flow_matching" }, reduction: "sum" }), { x: [rows(2)] }),
        "ConfigError",
      ],
      [() => lossOf(model, options, {}), "DataError"],
      [() => lossOf(model, options, { x: [f32([1, 2, 3], [1, 3])] }).read(), "ShapeError"],
      [() => lossOf(model, options, { x: [rows(2)], condition: [rows(2)] }).read(), "DataError"],
      [() => untyped(model).call?.("energy", rows(2), [rows(2)], [], "ema"), "ConfigError"],
      [() => untyped(model).call?.("score", rows(2), [rows(2)], [], "best"), "ConfigError"],
      [() => model.call("score", rows(2), [rows(2)], [], "ema")[0]?.read(), "ShapeError"],
      [() => traceLoss(model, trace, options, { x: [wide.id] }), "ShapeError"],
      [() => traceLoss(model, trace, options, {}), "DataError"],
      [() => traceLoss(model, trace, options, { x: [x.id, x.id] }), "DataError"],
      [() => traceLoss(model, trace, options, { x: [x.id], condition: [x.id] }), "DataError"],
      [() => traceCall(model, trace, "score", x.id, { x: [x.id] }), "ShapeError"],
      [() => traceCall(model, trace, "score", t.id, { x: [t.id] }), "ShapeError"],
      [() => traceCall(model, trace, "score", -1, { x: [x.id] }), "TraceError"],
    ];
    for (const [use, code] of cases) expect(await failure(use), String(use)).toMatchObject({ code });
    expect(traceCall(model, trace, "score", t.id, { x: [x.id] })).toHaveLength(1);
  });
});

describe("a training step of one's own", () => {
  /** A weighted loss: the weight is captured, the batch given. */
  function stepOf(model: NativeModel, others: (x: TracedValue, trace: object) => void = () => undefined) {
    const trace = new native.NativeTrace("train");
    const x = trace.input("batch.x", "f32", [32, 2]);
    const losses = traceLoss(model, trace, json({ objective: { type: "flow_matching" }, reduction: "none" }), {
      x: [x.id],
    });
    others(x, trace);
    const weight = trace.capture(native.tensorFull(2, "f32", [32]));
    const [weighted] = trace.op("mul", "{}", [losses.id, weight.id]) as [TracedValue];
    const [loss] = trace.op("mean", "{}", [weighted.id]) as [TracedValue];
    return model.trainStep(trace.finish([loss.id]), json({ type: "adamw", lr: 1e-2 }));
  }

  it("is one call per step, and lowers the loss", async () => {
    const model = newModel();
    const step = stepOf(model);
    const data = rows(32);
    const calls = testHooks().__nativeCalls();
    const losses: number[] = [];
    for (let i = 1; i <= 200; i++) {
      const report = JSON.parse(await step.step([data]));
      expect(report.step).toBe(i);
      losses.push(report.loss);
    }
    expect(testHooks().__nativeCalls() - calls).toBe(200);
    const mean = (from: number, to: number) => losses.slice(from, to).reduce((a, b) => a + b) / (to - from);
    expect(mean(150, 200)).toBeLessThan(mean(0, 20));
  });

  it("may read another model, which stays as it is", async () => {
    const [student, teacher] = [newModel({ seed: 1 }), newModel({ seed: 2 })];
    const before = await Promise.all(teacher.stateDict("raw").map(numbersOf));
    const trace = new native.NativeTrace("train");
    const [t, x] = [trace.input("t", "f32", [8]), trace.input("x", "f32", [8, 2])];
    const [wanted] = traceCall(teacher, trace, "noise", t.id, { x: [x.id] }) as [TracedValue];
    const [got] = traceCall(student, trace, "noise", t.id, { x: [x.id] }) as [TracedValue];
    const [error] = trace.op("sub", "{}", [got.id, wanted.id]) as [TracedValue];
    const [square] = trace.op("square", "{}", [error.id]) as [TracedValue];
    const [loss] = trace.op("mean", "{}", [square.id]) as [TracedValue];
    const step = student.trainStep(trace.finish([loss.id]), json({ type: "adam", lr: 1e-2 }));
    const inputs = [native.tensorFull(0.5, "f32", [8]), rows(8)];
    const first = JSON.parse(await step.step(inputs)).loss;
    let last = first;
    for (let i = 0; i < 100; i++) last = JSON.parse(await step.step(inputs)).loss;
    expect(last).toBeLessThan(first / 4);
    expect(await Promise.all(teacher.stateDict("raw").map(numbersOf))).toEqual(before);
  });

  it("that is not finite rejects with a TrainingError and changes nothing", async () => {
    const model = newModel();
    const step = stepOf(model);
    const before = await Promise.all(model.stateDict("raw").map(numbersOf));
    const bad = eager("mul", [rows(32)], { scalar: Number.MAX_VALUE });
    expect(await failure(() => step.step([bad]))).toMatchObject({ code: "TrainingError" });
    expect(await Promise.all(model.stateDict("raw").map(numbersOf))).toEqual(before);
    expect(JSON.parse(await step.step([rows(32)])).step).toBe(1);
  });

  it("refuses a loss that is no number, wrong optimisers and wrong batches", async () => {
    const model = newModel();
    const trace = new native.NativeTrace("train");
    const x = trace.input("x", "f32", [3]);
    const vector = trace.finish([x.id]);
    expect(await failure(() => model.trainStep(vector, json({ type: "adamw" })))).toMatchObject({ code: "ShapeError" });
    const nothing = new native.NativeTrace("train").finish([]);
    expect(await failure(() => model.trainStep(nothing, json({ type: "adamw" })))).toMatchObject({
      code: "ShapeError",
    });
    const scalar = new native.NativeTrace("train");
    const graph = scalar.finish([scalar.constant(1, "f32", []).id]);
    for (const optimizer of ["", "{}", '{"type":"lion"}', '{"type":"adamw","lr":-1}']) {
      expect(await failure(() => model.trainStep(graph, optimizer))).toMatchObject({ code: "ConfigError" });
    }
    const step = stepOf(model);
    expect(await failure(() => step.step([]))).toMatchObject({ code: "ShapeError" });
    expect(await failure(() => step.step([rows(31)]))).toMatchObject({ code: "ShapeError" });
    for (const value of hostileValues) {
      expect(await failure(() => untyped(step).step?.(value))).toBeInstanceOf(Error);
    }
  });

  it("is refused while the model is being fitted", async () => {
    const model = newModel();
    const step = stepOf(model);
    const run = fit(model, json({ steps: 1_000_000, batchSize: 8 }), { x: [rows(8)] });
    await run.next();
    expect(await failure(() => step.step([rows(32)]))).toMatchObject({ code: "TrainingError" });
    run.stop();
    await run.wait();
    expect(JSON.parse(await step.step([rows(32)])).loss).toBeGreaterThan(0);
  });
});

describe("a forward", () => {
  it("may not use concrete tensors: they are refused when it is given", async () => {
    const model = newModel();
    const trace = new native.NativeTrace("sample");
    const captured = trace.capture(f32([1, 2]));
    expect(await failure(() => model.provide("key", trace.finish([captured.id])))).toMatchObject({
      code: "TraceError",
      got: "f32 [2]",
    });
  });
});

describe("a function of t as data", () => {
  const recorded = (record: (trace: NativeTrace, t: TracedValue) => TracedValue) => {
    const trace = new native.NativeTrace("sample");
    return trace.finish([record(trace, trace.input("t", "f64", [])).id]);
  };

  it("is the list of what was recorded", () => {
    const graph = recorded((trace, t) => trace.op("exp", "{}", [t.id])[0]!);
    expect(JSON.parse(native.graphExpression(graph))).toEqual({
      steps: [{ op: "time" }, { op: "unary", function: "exp", x: 0 }],
    });
  });

  it("is no other function", async () => {
    const floor = recorded((trace, t) => trace.op("floor", "{}", [t.id])[0]!);
    const captured = recorded((trace) => trace.capture(native.tensorFull(1, "f64", [])));
    for (const graph of [floor, captured]) {
      expect(await failure(() => native.graphExpression(graph))).toMatchObject({ code: "TraceError" });
    }
    for (const value of hostileValues) {
      expect(await failure(() => untyped(native).graphExpression?.(value))).toBeInstanceOf(Error);
    }
  });
});

describe("the rows of sampling", () => {
  it("are those of padded chunks", async () => {
    expect(native.sampleRows(json({ batchSize: [2, 3] }))).toEqual([8]);
    expect(native.sampleRows(json({ batchSize: 2 }), 5)).toEqual([16]);
    expect(await failure(() => native.sampleRows(json({ batchSize: 0 })))).toMatchObject({ code: "ConfigError" });
    for (const value of hostileValues) {
      expect(await failure(() => untyped(native).sampleRows?.(value))).toBeInstanceOf(Error);
    }
  });
});

describe("a measure", () => {
  it("refuses names, settings and tensors that it does not know", async () => {
    const a = rows(4);
    const cases: [string, string][] = [
      ["{}", "ConfigError"],
      [json({ type: "fid" }), "ConfigError"],
      [json({ type: "nll", of: 1 }), "ConfigError"],
      [json({ type: "wasserstein" }), "InternalError"],
      [json({ type: "nll" }), "ShapeError"],
    ];
    for (const [what, code] of cases) {
      expect(await failure(() => native.measure(what, [a])), what).toMatchObject({ code });
    }
    for (const value of hostileValues) {
      expect(await failure(() => untyped(native).measure?.(value, value))).toBeInstanceOf(Error);
    }
  });
});

describe("the sliced Wasserstein distance", () => {
  it("is computed on the worker, and refuses what does not fit", async () => {
    const a = native.tensorRandom("normal", 1, "f32", [500, 2]);
    const moved = eager("add", [a], { scalar: 1 });
    expect(await native.slicedWasserstein(a, a, 50, 2, 0)).toBe(0);
    const distance = await native.slicedWasserstein(a, moved, 500, 2, 0);
    expect(distance).toBeGreaterThan(0.8);
    expect(distance).toBeLessThan(1.2);
    const wrong: [unknown[], string][] = [
      [[a, f32([1, 2, 3], [1, 3]), 10, 2, 0], "ShapeError"],
      [[a, f32([1]), 10, 2, 0], "ShapeError"],
      [[a, a, 0, 2, 0], "ConfigError"],
      [[a, a, 1.5, 2, 0], "ConfigError"],
      [[a, a, 10, -1, 0], "ConfigError"],
      [[a, a, 10, 2, 0.5], "ConfigError"],
      [[a, f32([1, Number.NaN], [1, 2]), 10, 2, 0], "DataError"],
    ];
    const call = untyped(native).slicedWasserstein;
    for (const [args, code] of wrong) expect(await failure(() => call?.(...args)), code).toMatchObject({ code });
    for (const value of hostileValues) {
      expect(await failure(() => call?.(value, value, value, value, value))).toBeInstanceOf(Error);
    }
  });
});
