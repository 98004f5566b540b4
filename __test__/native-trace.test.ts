// Recording graphs at the boundary: values, derivatives, random numbers, huge graphs and every kind of misuse.
import { afterAll, describe, expect, it } from "vitest";
import type { NativeGraph, NativeTensor, NativeTrace, TracedValue } from "../ts/src/native/boundary.ts";
import { native, testHooks } from "../ts/src/native.ts";
import {
  bytesOf,
  eager,
  f32,
  failure,
  hostileValues,
  numbersOf,
  slowExports,
  untyped,
  untypedClass,
} from "./native-support.ts";

afterAll(() => expect(slowExports()).toEqual({}));

const newTrace = () => new native.NativeTrace("sample");

/** One recorded op with one result. */
function op(trace: NativeTrace, name: string, inputs: TracedValue[], attrs: object = {}): TracedValue {
  const [result] = trace.op(
    name,
    JSON.stringify(attrs),
    inputs.map(({ id }) => id),
  );
  if (result === undefined) throw new Error(`${name} gave nothing`);
  return result;
}

async function run(graph: NativeGraph, ...inputs: NativeTensor[]): Promise<number[][]> {
  return Promise.all(graph.run(inputs).map(numbersOf));
}

describe("a recorded graph", () => {
  it("computes what the eager ops compute, on every run", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f32", [2, 2]);
    const y = op(trace, "softmax", [op(trace, "matmul", [x, x])], { axis: -1 });
    expect([y.dtype, y.shape]).toEqual(["f32", [2, 2]]);
    const graph = trace.finish([y.id, x.id]);
    for (const values of [
      [1, 2, 3, 4],
      [0, 0, 1, -1],
    ]) {
      const concrete = f32(values, [2, 2]);
      const expected = await numbersOf(eager("softmax", [eager("matmul", [concrete, concrete])], { axis: -1 }));
      expect(await run(graph, concrete)).toEqual([expected, values]);
    }
  });

  it("takes captured tensors by reference, once each, and keeps them alive", async () => {
    const captured = f32([10, 20]);
    const before = native.memory().liveBytes;
    const trace = newTrace();
    const x = trace.input("x", "f32", [2]);
    const [a, b] = [trace.capture(captured), trace.capture(captured.fork())];
    expect(a.id).toBe(b.id);
    const graph = trace.finish([op(trace, "add", [x, a]).id]);
    captured.dispose();
    expect(native.memory().liveBytes).toBe(before);
    expect(graph.inputs()).toEqual([{ name: "x", dtype: "f32", shape: [2] }]);
    expect(await run(graph, f32([1, 2]))).toEqual([[11, 22]]);
  });

  it("differentiates to third order, and along tangents", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f64", []);
    let y = op(trace, "mul", [op(trace, "mul", [x, x]), x]);
    const values = [y];
    for (let order = 0; order < 3; order++) {
      [y] = trace.grad(y.id, [x.id]) as [TracedValue];
      values.push(y);
    }
    const one = trace.constant(1, "f64", []);
    const [tangent] = trace.jvp([values[0]!.id], [x.id], [one.id]) as [TracedValue];
    const graph = trace.finish([...values, tangent].map(({ id }) => id));
    const two = native.tensorFrom(bytesOf(new Float64Array([2])), "f64", []);
    expect(await run(graph, two)).toEqual([[8], [12], [12], [6], [12]]);
  });

  it("takes the gradient by a value in the middle, and zero where there is no way", async () => {
    const trace = newTrace();
    const [x, z] = [trace.input("x", "f32", [2]), trace.input("z", "f32", [3])];
    const middle = op(trace, "exp", [x]);
    const loss = op(trace, "sum", [op(trace, "square", [middle])]);
    const [byMiddle, byZ] = trace.grad(loss.id, [middle.id, z.id]) as [TracedValue, TracedValue];
    const graph = trace.finish([byMiddle.id, byZ.id]);
    expect(await run(graph, f32([0, 0]), f32([1, 2, 3]))).toEqual([
      [2, 2],
      [0, 0, 0],
    ]);
  });

  it("draws new random numbers at each run, the same in every process, and none in sample mode", async () => {
    const recorded = (mode: "train" | "sample") => {
      const trace = new native.NativeTrace(mode);
      const x = trace.input("x", "f32", [1000]);
      return trace.finish([op(trace, "dropout", [x], { rate: 0.25 }).id]);
    };
    const ones = native.tensorFull(1, "f32", [1000]);
    const [first, second] = [recorded("train"), recorded("train")];
    const [a] = await run(first, ones);
    const [b] = await run(first, ones);
    expect(await run(second, ones)).toEqual([a]);
    expect(a).not.toEqual(b);
    expect(new Set(a)).toEqual(new Set([0, Math.fround(4 / 3)]));
    expect(a!.filter((value) => value === 0).length).toBeGreaterThan(200);
    expect(await run(recorded("sample"), ones)).toEqual([Array(1000).fill(1)]);
  });

  it("says what goes in and what was recorded", () => {
    const trace = newTrace();
    const x = trace.input("batch.x", "f32", [2]);
    const loss = op(trace, "sum", [op(trace, "mul", [x, x])]);
    const [gradient] = trace.grad(loss.id, [x.id]) as [TracedValue];
    const graph = trace.finish([gradient.id]);
    expect(graph.nodes()).toBe(3);
    expect(graph.show()).toBe(
      '%0.0: f32 [2] = input "batch.x"\n%0.1: f32 [2] = mul(%0.0, %0.0)\n%0.2: f32 [] = reduce_sum(%0.1)\n' +
        "%0.3: f32 [2] = grad(%0.2, %0.0)\nreturn %0.3\n",
    );
  });

  it("checks its inputs at once", async () => {
    const trace = newTrace();
    const graph = trace.finish([trace.input("x", "f32", [2]).id]);
    expect(await failure(() => graph.run([]))).toMatchObject({ code: "ShapeError", expected: "1 (x)", got: "0" });
    expect(await failure(() => graph.run([f32([1])]))).toMatchObject({ code: "ShapeError", expected: "f32 [2]" });
    const wrong = native.tensorFull(0, "f64", [2]);
    expect(await failure(() => graph.run([wrong]))).toMatchObject({ code: "DTypeError", got: "f64 [2]" });
  });

  it("fails with its input's own error", async () => {
    const trace = newTrace();
    const graph = trace.finish([trace.input("x", "f32", [1]).id]);
    const indices = native.tensorFrom(bytesOf(new BigInt64Array([9n])), "i64", [1]);
    const bad = eager("gather", [f32([1])].concat(indices), { axis: 0 });
    expect(await failure(() => graph.run([bad])[0]?.read())).toMatchObject({ code: "DataError" });
  });

  it("may return nothing, or the same value twice", async () => {
    expect(newTrace().finish([]).run([])).toEqual([]);
    const trace = newTrace();
    const { id } = trace.constant(3, "f32", [1]);
    expect(await run(trace.finish([id, id]))).toEqual([[3], [3]]);
  });
});

describe("a recording", () => {
  it("names the part of the model in errors, and goes on after one", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f32", [512, 3]);
    const w = trace.input("w", "f32", [2, 128]);
    trace.enter("MyModule.forward");
    trace.enter("layers.0");
    expect(await failure(() => op(trace, "matmul", [x, w]))).toMatchObject({
      code: "ShapeError",
      where: "MyModule.forward.layers.0",
      got: "f32 [512, 3] × f32 [2, 128]",
    });
    trace.exit();
    expect(await failure(() => op(trace, "matmul", [x, w]))).toMatchObject({ where: "MyModule.forward" });
    trace.exit();
    expect(await failure(() => trace.exit())).toMatchObject({ code: "TraceError" });
    expect(op(trace, "sum", [x]).shape).toEqual([]);
  });

  it("knows its own values only", async () => {
    const [one, other] = [newTrace(), newTrace()];
    const x = one.input("x", "f32", [1]);
    const y = other.input("x", "f32", [1]);
    const wrong = [y.id, x.id + 1, x.id - 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e300];
    for (const id of wrong) {
      for (const use of [
        () => one.op("exp", "{}", [id]),
        () => one.grad(id, [x.id]),
        () => one.grad(x.id, [id]),
        () => one.jvp([id], [x.id], [x.id]),
        () => one.jvp([x.id], [id], [x.id]),
        () => one.jvp([x.id], [x.id], [id]),
        () => one.finish([id]),
      ]) {
        expect(await failure(use)).toMatchObject({ code: "TraceError" });
      }
    }
    expect(await run(one.finish([x.id]), f32([4]))).toEqual([[4]]);
  });

  it("ends once", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f32", []);
    trace.finish([x.id]);
    for (const use of [
      () => trace.finish([x.id]),
      () => trace.input("y", "f32", []),
      () => trace.constant(0, "f32", []),
      () => trace.literal(new Uint8Array(4), "f32", []),
      () => trace.capture(f32([1])),
      () => trace.op("exp", "{}", [x.id]),
      () => trace.grad(x.id, [x.id]),
      () => trace.jvp([x.id], [x.id], [x.id]),
    ]) {
      expect(await failure(use)).toMatchObject({ code: "TraceError" });
    }
  });

  it("refuses names that are taken or reserved", async () => {
    const trace = newTrace();
    trace.input("x", "f32", []);
    for (const name of ["x", "random.seed", "random.counter", "random."]) {
      expect(await failure(() => trace.input(name, "f32", []))).toMatchObject({ code: "TraceError" });
    }
    for (const name of ["", "#0", "x ".repeat(1e4), "\u0000", "🜁"]) trace.input(name, "f32", []);
  });

  it("refuses derivatives of what has none", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f32", [2]);
    const i = trace.input("i", "i64", []);
    const loss = op(trace, "sum", [x]);
    expect(await failure(() => trace.grad(x.id, [x.id]))).toMatchObject({ code: "ShapeError" });
    expect(await failure(() => trace.grad(i.id, [x.id]))).toMatchObject({ code: "ShapeError" });
    expect(await failure(() => trace.grad(loss.id, [i.id]))).toMatchObject({ code: "DTypeError" });
    expect(await failure(() => trace.jvp([x.id], [i.id], [i.id]))).toMatchObject({ code: "DTypeError" });
    expect(await failure(() => trace.jvp([x.id], [x.id], [loss.id]))).toMatchObject({ code: "ShapeError" });
    expect(await failure(() => trace.jvp([x.id], [x.id], []))).toMatchObject({ code: "TraceError" });
    expect(trace.grad(loss.id, [])).toEqual([]);
  });

  it("has a mode, train or sample", async () => {
    const Trace = untypedClass(native.NativeTrace);
    for (const mode of ["", "Train", "eval"]) {
      expect(await failure(() => new Trace(mode))).toMatchObject({ code: "TraceError" });
    }
    for (const mode of hostileValues) expect(await failure(() => new Trace(mode))).toBeInstanceOf(Error);
  });

  it("refuses hostile arguments of every method, and lives on", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f32", []);
    const raw = untyped(trace);
    const methods: [string, number][] = [
      ["input", 3],
      ["capture", 1],
      ["constant", 3],
      ["literal", 3],
      ["op", 3],
      ["enter", 1],
      ["grad", 2],
      ["jvp", 3],
      ["finish", 1],
    ];
    for (const [name, count] of methods) {
      for (const value of hostileValues) {
        const fits = (name === "enter" && typeof value === "string") || (name === "finish" && Array.isArray(value));
        const fitsJvp = name === "jvp" && Array.isArray(value);
        if (fits || fitsJvp) continue;
        expect(await failure(() => raw[name]?.(...Array(count).fill(value))), name).toBeInstanceOf(Error);
      }
      if (name !== "exit") expect(await failure(() => raw[name]?.())).toBeInstanceOf(Error);
    }
    const graph = untyped(trace.finish([x.id]));
    for (const value of hostileValues) expect(await failure(() => graph.run?.(value))).toBeInstanceOf(Error);
  });
});

describe("a huge recording", () => {
  it("of 100 000 ops is differentiated and run, with no long call on the main thread", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f32", [3]);
    let y = x;
    for (let i = 0; i < 100_000; i++) y = op(trace, i % 2 ? "sin" : "tanh", [y]);
    const [gradient] = trace.grad(op(trace, "sum", [y]).id, [x.id]) as [TracedValue];
    const graph = trace.finish([y.id, gradient.id]);
    expect(graph.nodes()).toBe(100_002);
    expect(graph.show()).toContain("… 100002 ops in all");
    const [values, derivatives] = await run(graph, f32([1, -2, 3]));
    let expected = [1, -2, 3];
    for (let i = 0; i < 100_000; i++) expected = expected.map((v) => Math.fround(i % 2 ? Math.sin(v) : Math.tanh(v)));
    expect(values?.every((value, i) => Math.abs(value - expected[i]!) < 1e-4)).toBe(true);
    expect(derivatives?.every((d) => d > 0 && d < 1)).toBe(true);
  });

  it("of a million ops is recorded and dropped, with no long call on the main thread", () => {
    const trace = newTrace();
    const hooks = testHooks();
    let y = trace.input("x", "f32", [3]);
    const start = hooks.__nativeCalls();
    for (let i = 0; i < 1_000_000; i++) [y] = trace.op(i % 2 ? "sin" : "tanh", "", [y.id]) as [TracedValue];
    expect(hooks.__nativeCalls() - start).toBe(1_000_000);
    expect(trace.finish([y.id]).nodes()).toBe(1_000_001);
  });

  it("uses values of long ago", async () => {
    const trace = newTrace();
    const x = trace.input("x", "f32", []);
    const early = op(trace, "add", [x], { scalar: 1 });
    let y = x;
    for (let i = 0; i < 10_000; i++) y = op(trace, "neg", [op(trace, "sin", [y])]);
    const late = op(trace, "mul", [early, early]);
    const [gradient] = trace.grad(late.id, [x.id]) as [TracedValue];
    expect(await run(trace.finish([late.id, gradient.id]), f32([2], []))).toEqual([[9], [6]]);
  });
});
