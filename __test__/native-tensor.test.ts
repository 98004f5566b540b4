// Concrete tensors at the boundary: what goes in comes out, mistakes are refused, and everything is counted.
import { afterAll, describe, expect, it } from "vitest";
import { native, testHooks } from "../ts/src/native.ts";
import {
  bytesOf,
  dtypes,
  eager,
  elementsOf,
  f32,
  failure,
  hostileShapes,
  hostileValues,
  numbersOf,
  slowExports,
  untyped,
  untypedClass,
} from "./native-support.ts";

afterAll(() => expect(slowExports()).toEqual({}));

describe("a tensor of bytes", () => {
  it.each([
    ["f32", new Float32Array([1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3])],
    ["f64", new Float64Array([Math.PI, -1e300, 5e-324, Number.NaN, 0, 1])],
    ["i64", new BigInt64Array([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 7n])],
    ["bool", new Uint8Array([0, 1, 1, 0, 1, 0])],
  ] as const)("of type %s comes back bit by bit", async (dtype, elements) => {
    const tensor = native.tensorFrom(bytesOf(elements), dtype, [2, 3]);
    expect([tensor.dtype, tensor.shape]).toEqual([dtype, [2, 3]]);
    expect(bytesOf(await elementsOf(tensor))).toEqual(bytesOf(elements));
  });

  it("of type bf16 travels as f32 and is rounded to nearest even", async () => {
    const tensor = native.tensorFrom(bytesOf(new Float32Array([1, 1.00390625, 1.01171875, -3.1419])), "bf16", [4]);
    expect(await numbersOf(tensor)).toEqual([1, 1, 1.015625, -3.140625]);
  });

  it("is a copy: later changes of the array are not seen", async () => {
    const elements = new Float32Array([1, 2]);
    const tensor = native.tensorFrom(bytesOf(elements), "f32", [2]);
    elements.fill(9);
    expect(await numbersOf(tensor)).toEqual([1, 2]);
  });

  it("takes any byte offset", async () => {
    const memory = new Uint8Array(13);
    memory.set(bytesOf(new Float32Array([1, 2, 3])), 1);
    expect(await numbersOf(native.tensorFrom(memory.subarray(1), "f32", [3]))).toEqual([1, 2, 3]);
  });

  it("may be a scalar or empty", async () => {
    expect(await numbersOf(f32([7], []))).toEqual([7]);
    for (const shape of [[0], [3, 0], [0, 2 ** 50]]) {
      const tensor = f32([], shape);
      expect(tensor.shape).toEqual(shape);
      expect(await numbersOf(tensor)).toEqual([]);
    }
  });

  it("with another number of elements is a DataError that names both", async () => {
    const error = await failure(() => f32([1, 2, 3], [2, 2]));
    expect(error).toMatchObject({ code: "DataError", expected: "4 for f32 [2, 2]", got: "3 elements" });
    expect(await failure(() => native.tensorFrom(new Uint8Array(7), "f32", [2]))).toMatchObject({ got: "7 bytes" });
  });

  it("of a detached or shared buffer does no harm", async () => {
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    expect(await failure(() => native.tensorFrom(detached, "f32", [2]))).toMatchObject({ code: "DataError" });
    const shared = new Uint8Array(new SharedArrayBuffer(8)) as Uint8Array;
    expect(await numbersOf(native.tensorFrom(shared, "f32", [2]))).toEqual([0, 0]);
  });

  it("whose shape detaches the bytes while it is read sees no freed memory", async () => {
    const data = new Uint8Array(8);
    const shape = [2];
    Object.defineProperty(shape, 0, {
      get() {
        if (data.length > 0) structuredClone(data, { transfer: [data.buffer] });
        return 2;
      },
    });
    expect(await failure(() => native.tensorFrom(data, "f32", shape))).toMatchObject({ code: "DataError" });
  });
});

describe("a writer", () => {
  it("makes a tensor of pieces, each call short", async () => {
    const count = 8 << 20;
    const elements = new Float32Array(count);
    for (let i = 0; i < count; i += 4099) elements[i] = i;
    const bytes = bytesOf(elements);
    const writer = new native.NativeTensorWriter("f32", [count]);
    for (let at = 0; at < bytes.length; at += 1 << 22) writer.write(bytes.subarray(at, at + (1 << 22)));
    const tensor = writer.finish();
    expect(Buffer.compare(bytesOf(await elementsOf(tensor)), bytes)).toBe(0);
    tensor.dispose();
  });

  it("refuses too many bytes, too few, and any after the end", async () => {
    const writer = new native.NativeTensorWriter("f32", [2]);
    writer.write(new Uint8Array(4));
    expect(await failure(() => writer.finish())).toMatchObject({ code: "DataError", got: "1 elements" });
    expect(await failure(() => writer.write(new Uint8Array(8)))).toMatchObject({
      code: "DataError",
      got: "3 elements",
    });
    writer.write(new Uint8Array(4));
    expect(await numbersOf(writer.finish())).toEqual([0, 0]);
    expect(await failure(() => writer.write(new Uint8Array(1)))).toMatchObject({ code: "DisposedError" });
    expect(await failure(() => writer.finish())).toMatchObject({ code: "DisposedError" });
  });
});

describe("a shape", () => {
  const makers: Record<string, (shape: never) => unknown> = {
    tensorFrom: (shape) => native.tensorFrom(new Uint8Array(4), "f32", shape),
    tensorFull: (shape) => native.tensorFull(0, "f32", shape),
    tensorRandom: (shape) => native.tensorRandom("normal", 0, "f32", shape),
    initialise: (shape) => native.initialise('{"type":"zeros"}', 0, "w", "f32", shape),
    writer: (shape) => new native.NativeTensorWriter("f32", shape),
    input: (shape) => new native.NativeTrace("train").input("x", "f32", shape),
    constant: (shape) => new native.NativeTrace("train").constant(0, "f32", shape),
  };
  const cases = Object.keys(makers).flatMap((maker) => hostileShapes.map((shape) => [maker, ...shape] as const));

  it.each(cases)("for %s that is %s is refused", async (maker, _name, shape, code) => {
    expect(await failure(() => makers[maker]?.(shape as never))).toMatchObject({ code });
  });

  it.each(["tensorFull", "tensorRandom", "initialise", "writer"])(
    "for %s that cannot fit is a MemoryError with both sizes, before anything is allocated",
    async (maker) => {
      const before = process.memoryUsage.rss();
      for (const shape of [
        [1e6, 1e6],
        [2 ** 50, 2 ** 50],
      ]) {
        const error = await failure(() => makers[maker]?.(shape as never));
        expect(error).toMatchObject({ code: "MemoryError" });
        expect((error as { expected: string }).expected).toMatch(/^at most .*\(\d+ bytes\) free$/);
        expect((error as { got: string }).got).toMatch(/4000000000000 bytes|more than any memory/);
      }
      expect(process.memoryUsage.rss() - before).toBeLessThan(50e6);
    },
  );
});

describe("made tensors", () => {
  it("are of one number, also a huge one", async () => {
    expect(await numbersOf(native.tensorFull(2.5, "f32", [2, 2]))).toEqual([2.5, 2.5, 2.5, 2.5]);
    expect(await numbersOf(native.tensorFull(-3, "i64", [2]))).toEqual([-3, -3]);
    expect(await numbersOf(native.tensorFull(1, "bool", [2]))).toEqual([1, 1]);
  });

  it("of random numbers depend on the seed and the element alone", async () => {
    const [ten, five] = [10, 5].map((n) => native.tensorRandom("normal", 3, "f64", [n]));
    const numbers = await numbersOf(ten!);
    expect(await numbersOf(five!)).toEqual(numbers.slice(0, 5));
    expect(await numbersOf(native.tensorRandom("normal", 4, "f64", [10]))).not.toEqual(numbers);
    const uniform = await numbersOf(native.tensorRandom("uniform", 0, "f32", [1000]));
    expect(Math.min(...uniform)).toBeGreaterThan(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(uniform.reduce((a, b) => a + b) / 1000).toBeCloseTo(0.5, 1);
  });

  it("take a bigint as seed, and refuse what is no integer", async () => {
    const raw = untyped(native);
    const big = await numbersOf(raw.tensorRandom?.("normal", 3n, "f64", [4]) as never);
    expect(await numbersOf(native.tensorRandom("normal", 3, "f64", [4]))).toEqual(big);
    for (const seed of [0n, -(2n ** 63n), 2n ** 63n - 1n]) raw.tensorRandom?.("normal", seed, "f64", [4]);
    for (const seed of [0.5, Number.NaN, 2 ** 54, 2n ** 63n, -(2n ** 64n)]) {
      const error = await failure(() => raw.tensorRandom?.("normal", seed, "f32", [1]));
      expect(error).toMatchObject({ code: "ConfigError", path: "seed" });
    }
  });

  it("of initial values depend on seed, name and shape", async () => {
    const make = (seed: number, name: string) =>
      numbersOf(native.initialise('{"type":"uniform","low":-1,"high":1}', seed, name, "f32", [3]));
    expect(await make(0, "a")).toEqual(await make(0, "a"));
    expect(await make(0, "a")).not.toEqual(await make(1, "a"));
    expect(await make(0, "a")).not.toEqual(await make(0, "b"));
    for (const init of ["", "{}", "[]", '{"type":"unheard"}', '{"type":"uniform"}', "[".repeat(1e5)]) {
      expect(await failure(() => native.initialise(init, 0, "w", "f32", [1]))).toMatchObject({ code: "ConfigError" });
    }
  });

  it("of an unknown or unfitting element type are a DTypeError", async () => {
    const raw = untyped(native);
    for (const dtype of ["", "f16", "F32", "float32", "x".repeat(1e5)]) {
      expect(await failure(() => raw.tensorFull?.(0, dtype, [1]))).toMatchObject({ code: "DTypeError" });
      expect(await failure(() => raw.tensorFrom?.(new Uint8Array(4), dtype, [1]))).toMatchObject({
        code: "DTypeError",
      });
    }
    expect(await failure(() => native.tensorRandom("normal", 0, "i64", [1]))).toMatchObject({ code: "DTypeError" });
    expect(await failure(() => raw.tensorRandom?.("cauchy", 0, "f32", [1]))).toMatchObject({ code: "ConfigError" });
  });
});

describe("an eager op", () => {
  it("runs in the order of the calls, and is checked at once", async () => {
    let x = f32([0, 1]);
    for (let i = 0; i < 500; i++) x = eager(i % 2 ? "mul" : "add", [x], { scalar: i % 2 ? 0.5 : 1 });
    const expected = [0, 1].map((start) => {
      let y = start;
      for (let i = 0; i < 500; i++) y = Math.fround(i % 2 ? y * 0.5 : y + 1);
      return y;
    });
    expect(await numbersOf(x)).toEqual(expected);
    const error = await failure(() => eager("matmul", [f32([1, 2], [1, 2]), f32([1, 2], [1, 2])]));
    expect(error).toMatchObject({ code: "ShapeError", got: "f32 [1, 2] × f32 [1, 2]" });
    expect((error as Error).message).toContain("matmul: inner dimensions differ");
    const mixed = [f32([1]), native.tensorFull(1, "f64", [1])];
    expect(await failure(() => eager("add", mixed))).toMatchObject({ code: "DTypeError" });
  });

  it("whose result cannot fit is a MemoryError at once", async () => {
    const x = f32([1]);
    expect(await failure(() => eager("broadcastTo", [x], { shape: [1e6, 1e6] }))).toMatchObject({
      code: "MemoryError",
    });
    expect(await failure(() => eager("arange", [], { length: 1e15, dtype: "f32" }))).toMatchObject({
      code: "MemoryError",
    });
  });

  it("that is unknown, or whose arguments do not fit, is a TraceError", async () => {
    const x = f32([1, 2]);
    for (const op of ["", "unheard", "constructor", "__proto__", "randn"]) {
      expect(await failure(() => native.eager(op, '{"shape":[1],"dtype":"f32"}', [x]))).toMatchObject({
        code: "TraceError",
      });
    }
    for (const attrs of ["{", "null", "[]", '{"axis":"0"}', '{"axis":0,"axiss":1}', "[".repeat(1e5), "\u0000"]) {
      expect(await failure(() => native.eager("softmax", attrs, [x]))).toMatchObject({ code: "TraceError" });
    }
    for (const inputs of [[], [x, x]]) {
      expect(await failure(() => native.eager("exp", "{}", inputs))).toMatchObject({ code: "TraceError" });
    }
    expect(await failure(() => native.eager("concat", '{"axis":0}', Array(5000).fill(x)))).toMatchObject({
      code: "TraceError",
    });
    expect(await failure(() => eager("softmax", [x], { axis: 2 ** 31 }))).toMatchObject({ code: "ShapeError" });
    expect(await failure(() => eager("sum", [x], { axes: [-3] }))).toMatchObject({ code: "ShapeError" });
  });

  it("that fails while it runs tells every dependent its own class", async () => {
    const indices = native.tensorFrom(bytesOf(new BigInt64Array([5n])), "i64", [1]);
    const first = eager("gather", [f32([1, 2, 3]), indices], { axis: 0 });
    const second = eager("exp", [first]);
    const third = eager("add", [second, f32([1])]);
    for (const tensor of [first, second, third]) {
      expect(await failure(() => tensor.read())).toMatchObject({ code: "DataError" });
      expect(await failure(() => tensor.read())).toMatchObject({ code: "DataError" });
    }
    expect(await numbersOf(eager("exp", [f32([0])]))).toEqual([1]);
  });

  it("of more kinds than are kept still runs", async () => {
    const x = f32([1]);
    const results = Array.from({ length: 1500 }, (_, i) => eager("add", [x], { scalar: i }));
    expect(await numbersOf(results[1499]!)).toEqual([1500]);
    expect(await numbersOf(eager("add", [x], { scalar: 0 }))).toEqual([1]);
  });

  it.each(dtypes)("casts to %s", async (dtype) => {
    expect(await numbersOf(eager("cast", [f32([0, 1])], { dtype }))).toEqual([0, 1]);
  });
});

describe("handles", () => {
  it("are counted exactly, and the bytes of a storage once", async () => {
    const start = native.memory();
    const now = () => {
      const { liveTensors, liveBytes } = native.memory();
      return [liveTensors - start.liveTensors, liveBytes - start.liveBytes];
    };
    const a = f32([1, 2, 3, 4]);
    expect(now()).toEqual([1, 16]);
    const b = a.fork();
    expect(now()).toEqual([2, 16]);
    const c = eager("add", [a, b]);
    expect(now()).toEqual([3, 32]);
    a.dispose();
    expect(now()).toEqual([2, 32]);
    expect(await numbersOf(b)).toEqual([1, 2, 3, 4]);
    b.dispose();
    expect(now()).toEqual([1, 16]);
    expect(await numbersOf(c)).toEqual([2, 4, 6, 8]);
    c.dispose();
    c.dispose();
    expect(now()).toEqual([0, 0]);
  });

  it("that were disposed of are refused everywhere", async () => {
    const tensor = f32([1]);
    const pending = eager("exp", [tensor]);
    tensor.dispose();
    expect(tensor.disposed).toBe(true);
    const uses: (() => unknown)[] = [
      () => tensor.shape,
      () => tensor.dtype,
      () => tensor.read(),
      () => tensor.fork(),
      () => native.eager("exp", "{}", [tensor]),
      () => new native.NativeTrace("train").capture(tensor),
    ];
    for (const use of uses) expect(await failure(use)).toMatchObject({ code: "DisposedError" });
    expect((await numbersOf(pending))[0]).toBeCloseTo(Math.E, 6);
  });

  it("cannot be forged", async () => {
    const { prototype } = untypedClass(f32([1]).constructor) as unknown as { prototype: object };
    const trace = new native.NativeTrace("train");
    const forged = [
      Object.create(prototype),
      Object.setPrototypeOf(trace, prototype),
      new Proxy(f32([1]), {}),
      trace,
      ...hostileValues,
    ];
    for (const value of forged) {
      expect(await failure(() => untyped(native).eager?.("exp", "{}", [value]))).toBeInstanceOf(Error);
      expect(await failure(() => untyped(new native.NativeTrace("train")).capture?.(value))).toBeInstanceOf(Error);
    }
    const { get } = Object.getOwnPropertyDescriptor(prototype, "shape") as { get: () => unknown };
    for (const value of forged) expect(await failure(() => get.call(value as never))).toBeInstanceOf(Error);
    expect(await failure(() => new (untypedClass(f32([1]).constructor))())).toBeInstanceOf(Error);
  });

  it("may be disposed of by a getter while a call reads its arguments", async () => {
    const [x, y] = [f32([1]), f32([2])];
    const inputs = [x, y];
    Object.defineProperty(inputs, 1, {
      get() {
        x.dispose();
        return y;
      },
    });
    expect(await numbersOf(native.eager("add", "{}", inputs)[0]!)).toEqual([3]);
  });
});

describe("every export", () => {
  it("refuses hostile arguments with an error, and lives on", async () => {
    const raw = untyped(native);
    const calls: [string, number][] = [
      ["tensorFrom", 3],
      ["tensorFull", 3],
      ["tensorRandom", 4],
      ["eager", 3],
      ["initialise", 5],
    ];
    for (const [name, count] of calls) {
      for (const value of hostileValues) {
        expect(await failure(() => raw[name]?.(...Array(count).fill(value)))).toBeInstanceOf(Error);
      }
      expect(await failure(() => raw[name]?.())).toBeInstanceOf(Error);
    }
    expect(native.version()).toMatch(/^\d/);
    expect(testHooks().__nativeCalls()).toBeGreaterThan(100);
  });

  it("passes on what a getter of an argument throws", async () => {
    const shape = [1];
    const own = new RangeError("mine");
    Object.defineProperty(shape, 0, {
      get() {
        throw own;
      },
    });
    expect(await failure(() => native.tensorFull(0, "f32", shape))).toBe(own);
  });
});
