// Making tensors: from data of every kind, filled, counted, random; bad data are refused with their place.
import {
  arange,
  ConfigError,
  compile,
  DataError,
  DTypeError,
  full,
  MemoryError,
  ones,
  rand,
  randInt,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";

describe("an option of a wrong type is refused, and named", () => {
  const kinds: Record<string, (options: object) => Tensor> = {
    tensor: (options) => tensor([1], options),
    zeros: (options) => zeros([1], options),
    arange: (options) => arange(2, options),
    randn: (options) => randn([1], options),
    randInt: (options) => randInt(0, 3, [1], options),
  };
  it.each(["tensor", "zeros", "arange", "randn"])("dtype of %s", (name) => {
    for (const dtype of ["float32", null, 1, {}, "toString"]) {
      expect(() => kinds[name]?.({ dtype })).toThrow(DTypeError);
      expect(() => kinds[name]?.({ dtype })).toThrow(
        new RegExp(`^${name}: expected f32, f64, bf16, i64 or bool for dtype, got `),
      );
    }
  });

  it.each(["randn", "randInt"])("seed of %s", (name) => {
    for (const seed of ["a", null, true, {}, 1.5, Number.NaN]) {
      expect(() => kinds[name]?.({ seed }), String(seed)).toThrow(ConfigError);
      expect(() => kinds[name]?.({ seed })).toThrow(/seed/);
    }
  });

  it("shapes", () => {
    for (const shape of [2, "2", null, {}]) {
      for (const make of [zeros, ones, randn, rand]) expect(() => make(shape as never)).toThrow(ShapeError);
    }
    expect(() => tensor([1], { shape: 1 as never })).toThrow(
      /^tensor: expected sizes that are integers ≥ 0, got number 1$/,
    );
  });
});

describe("tensor", () => {
  it.each([
    ["numbers", [1, 2], "f32"],
    ["bigints", [1n], "i64"],
    ["booleans", [true], "bool"],
    ["Float32Array", new Float32Array(1), "f32"],
    ["Float64Array", new Float64Array(1), "f64"],
    ["Int32Array", new Int32Array(1), "i64"],
    ["BigInt64Array", new BigInt64Array(1), "i64"],
    ["Uint8Array", new Uint8Array(1), "i64"],
  ])("takes %s as their element type", (_, data, dtype) => {
    expect(tensor(data).dtype).toBe(dtype);
  });

  it("converts to the element type that is asked for", async () => {
    expect(await tensor([1, 0], { dtype: "bool" }).toArray()).toEqual([true, false]);
    expect(await tensor([1, 2], { dtype: "i64" }).data()).toEqual(new BigInt64Array([1n, 2n]));
    expect(await tensor(new Uint8Array([200]), { dtype: "f32" }).toArray()).toEqual([200]);
  });

  it("takes flat data in a shape, and rows of typed arrays", async () => {
    expect(await tensor(new Float32Array([1, 2, 3, 4]), { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await tensor([new Float32Array([1, 2]), [3, 4]]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("copies: changing the array later changes nothing", async () => {
    const data = new Float32Array([1]);
    const x = tensor(data);
    data[0] = 2;
    expect(await x.toArray()).toEqual([1]);
  });

  it("takes a large array in pieces", async () => {
    const data = Float64Array.from({ length: 3 * 2 ** 19 + 7 }, (_, i) => i);
    const read = await tensor(data).data();
    expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(data.buffer))).toBe(0);
  });

  it("takes a view into the middle of a buffer", async () => {
    const whole = new Float32Array([9, 1, 2, 9]);
    expect(await tensor(whole.subarray(1, 3)).toArray()).toEqual([1, 2]);
  });

  it.each<[string, () => unknown, string]>([
    ["ragged rows", () => tensor([[1, 2], [3]]), "data[1], got an array of 1"],
    ["mixed depths", () => tensor([[1], 2]), "expected an array of 1 at data[1], got 2"],
    ["no numbers", () => tensor(["a"] as unknown as number[]), "expected a number at data[0], got string"],
    ["a wrong count", () => tensor([1, 2, 3], { shape: [2, 2] }), "expected 4 elements for shape [2,2], got 3"],
    ["fractions as i64", () => tensor([1, 0.5], { dtype: "i64" }), "got 0.5 at element 1"],
  ])("refuses %s", (_, call, message) => {
    expect(call).toThrow(DataError);
    expect(call).toThrow(message);
  });
});

describe("filled tensors", () => {
  it("zeros, ones, full, arange", async () => {
    expect(await zeros([2]).toArray()).toEqual([0, 0]);
    expect(await ones([1, 2], { dtype: "f64" }).toArray()).toEqual([[1, 1]]);
    expect(await full([2], -3).toArray()).toEqual([-3, -3]);
    expect(await arange(3).toArray()).toEqual([0, 1, 2]);
    expect(arange(3, { dtype: "i64" }).dtype).toBe("i64");
    expect(zeros([0, 2]).size).toBe(0);
  });

  it("are constants of the graph while a function is traced", async () => {
    const f = compile((x: Tensor) =>
      x
        .add(ones([2]))
        .add(arange(2))
        .add(full([], 10)),
    );
    expect(await f(tensor([1, 2])).toArray()).toEqual([12, 14]);
  });

  it("are refused with sizes before anything is allocated where there is no room", () => {
    expect(() => zeros([1e6, 1e6])).toThrow(MemoryError);
    expect(() => zeros([1e6, 1e6])).toThrow(/4000000000000 bytes/);
  });

  it.each([[[-1]], [[1.5]], [[Number.NaN]], [[2 ** 60]]])("refuse the shape %j", (shape) => {
    expect(() => zeros(shape)).toThrow(ShapeError);
  });
});

describe("random tensors", () => {
  const numbers = async (x: Tensor) => Array.from(await x.data(), Number);

  it("are a function of the seed", async () => {
    const first = await numbers(randn([100], { seed: 3 }));
    expect(await numbers(randn([100], { seed: 3 }))).toEqual(first);
    expect(await numbers(randn([100], { seed: 4 }))).not.toEqual(first);
    // A longer draw begins with the same numbers.
    expect((await numbers(randn([200], { seed: 3 }))).slice(0, 100)).toEqual(first);
  });

  it("differ from call to call without one", async () => {
    expect(await numbers(rand([5]))).not.toEqual(await numbers(rand([5])));
  });

  it("have the moments of their distribution", async () => {
    const normal = randn([100_000], { seed: 1, dtype: "f64" });
    expect(Math.abs(await normal.mean().item())).toBeLessThan(0.015);
    expect(Math.abs((await normal.variance().item()) - 1)).toBeLessThan(0.02);
    const uniform = rand([100_000], { seed: 1, dtype: "f64" });
    expect(Math.abs((await uniform.mean().item()) - 0.5)).toBeLessThan(0.005);
    expect(Math.abs((await uniform.variance().item()) - 1 / 12)).toBeLessThan(0.002);
    expect(await uniform.min().item()).toBeGreaterThan(0);
    expect(await uniform.max().item()).toBeLessThan(1);
  });

  it("have the moments of their distribution in a traced function too", async () => {
    const { normal, uniform } = compile((x: Tensor) => ({
      normal: randn([100_000]).add(x),
      uniform: rand([100_000]).add(x),
    }))(tensor(0));
    expect(Math.abs((await normal.variance().item()) - 1)).toBeLessThan(0.02);
    expect(Math.abs((await uniform.mean().item()) - 0.5)).toBeLessThan(0.005);
    expect(Math.abs((await uniform.variance().item()) - 1 / 12)).toBeLessThan(0.002);
    expect(await uniform.min().item()).toBeGreaterThan(0);
    expect(await uniform.max().item()).toBeLessThan(1);
  });

  it.each([
    ["randn", randn],
    ["rand", rand],
  ])("%s differs from run to run in a traced function, and takes no seed there", async (_, draw) => {
    const f = compile((x: Tensor) => x.add(draw([3])));
    const [a, b] = [await numbers(f(zeros([3]))), await numbers(f(zeros([3])))];
    expect(a).not.toEqual(b);
    const seeded = compile((x: Tensor) => x.add(draw([3], { seed: 1 })));
    expect(() => seeded(zeros([3]))).toThrow(DataError);
  });
});
