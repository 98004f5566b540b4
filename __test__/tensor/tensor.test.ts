// Tensor methods: every op gives what mathematics says, on concrete and on traced tensors alike.
import {
  ConfigError,
  compile,
  DataError,
  DisposedError,
  DTypeError,
  full,
  grad,
  memory,
  randn,
  ShapeError,
  Tensor,
  TraceError,
  tensor,
} from "thalweg";
import { describe, expect, it } from "vitest";

const f64 = { dtype: "f64" } as const;
const erf = (x: number) => {
  // Taylor series; enough for |x| ≤ 2.
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
};
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.log1p(Math.exp(x));

const unary = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  exp: Math.exp,
  expm1: Math.expm1,
  recip: (x) => 1 / x,
  square: (x) => x * x,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  atan: Math.atan,
  tanh: Math.tanh,
  sigmoid,
  erf,
  relu: (x) => Math.max(x, 0),
  silu: (x) => x * sigmoid(x),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  geluTanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  softplus,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  mish: (x) => x * Math.tanh(softplus(x)),
  stopGradient: (x) => x,
} satisfies Record<string, (x: number) => number>;

const positive = { log: Math.log, log1p: Math.log1p, sqrt: Math.sqrt } satisfies Record<string, (x: number) => number>;

const binary = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
} satisfies Record<string, (a: number, b: number) => number>;

const comparisons = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
} satisfies Record<string, (a: number, b: number) => boolean>;

const keys = <T extends object>(table: T) => Object.keys(table) as (keyof T)[];

const numbersOf = async (values: Tensor) => Array.from(await values.data(), Number);

async function expectClose(actual: Tensor, expected: readonly number[]) {
  const got = Array.from(await actual.data(), Number);
  expect(got.length).toBe(expected.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(value)));
  });
}

const points = [-1.9, -0.7, -1e-3, 0.4, 1.3, 1.9];

describe("elementwise methods, concrete and traced", () => {
  it.each(keys(unary))("%s", async (op) => {
    const expected = points.map(unary[op]);
    await expectClose(tensor(points, f64)[op](), expected);
    await expectClose(compile((x: Tensor) => x[op]())(tensor(points, f64)), expected);
  });

  it.each(keys(positive))("%s", async (op) => {
    const values = [1e-3, 0.5, 1, 7];
    await expectClose(tensor(values, f64)[op](), values.map(positive[op]));
  });

  it.each(keys(binary))("%s of two tensors, and of a tensor and a number", async (op) => {
    const [a, b] = [
      [0.5, 1.5, 3],
      [2, -1, 0.5],
    ];
    await expectClose(
      tensor(a, f64)[op](tensor(b, f64)),
      a.map((each, i) => binary[op](each, b[i] ?? 0)),
    );
    await expectClose(
      tensor(a, f64)[op](2),
      a.map((each) => binary[op](each, 2)),
    );
    await expectClose(
      compile((x: Tensor) => x[op](2))(tensor(a, f64)),
      a.map((each) => binary[op](each, 2)),
    );
  });

  it.each(keys(comparisons))("%s gives booleans", async (op) => {
    const a = [1, 2, 3];
    expect(await tensor(a)[op](2).toArray()).toEqual(a.map((each) => comparisons[op](each, 2)));
    expect(
      await tensor(a)
        [op](tensor([3, 2, 1]))
        .toArray(),
    ).toEqual(a.map((each, i) => comparisons[op](each, 3 - i)));
  });

  it("numbers stand on the left in rsub and rdiv", async () => {
    await expectClose(tensor([1, 4], f64).rsub(3), [2, -1]);
    await expectClose(tensor([1, 4], f64).rdiv(2), [2, 0.5]);
  });

  it("numbers may be infinite", async () => {
    const x = tensor([1, -2], f64);
    expect(await x.minimum(Number.POSITIVE_INFINITY).toArray()).toEqual([1, -2]);
    expect(await x.maximum(Number.NEGATIVE_INFINITY).toArray()).toEqual([1, -2]);
    expect(await x.rdiv(Number.POSITIVE_INFINITY).toArray()).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    expect(await x.div(0).isFinite().toArray()).toEqual([false, false]);
  });

  it("clamp, where, and, or, not, cast", async () => {
    const x = tensor([-2, 0.5, 3]);
    expect(await x.clamp(-1, 1).toArray()).toEqual([-1, 0.5, 1]);
    expect(await x.gt(0).where(x, 0).toArray()).toEqual([0, 0.5, 3]);
    expect(
      await x
        .gt(0)
        .where(1, tensor([7, 8, 9]))
        .toArray(),
    ).toEqual([7, 1, 1]);
    expect(await x.gt(0).where(1, 2).toArray()).toEqual([2, 1, 1]);
    expect(await x.gt(0).and(x.lt(1)).toArray()).toEqual([false, true, false]);
    expect(await x.lt(0).or(x.gt(1)).not().toArray()).toEqual([false, true, false]);
    expect(x.cast("f64").dtype).toBe("f64");
    expect(await x.cast("i64").toArray()).toEqual([-2, 0, 3]);
  });
});

const matrix = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe("structural methods", () => {
  it("rearrange", async () => {
    expect(await matrix.reshape([3, -1]).toArray()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(await matrix.transpose().toArray()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(matrix.unsqueeze(-1).shape).toEqual([2, 3, 1]);
    expect(matrix.unsqueeze(0).squeeze(0).shape).toEqual([2, 3]);
    expect(matrix.unsqueeze(0).permute([2, 0, 1]).shape).toEqual([3, 1, 2]);
    expect(matrix.unsqueeze(0).flatten(1).shape).toEqual([1, 6]);
    expect(await tensor([1, 2]).unsqueeze(1).broadcastTo([2, 2]).toArray()).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(await matrix.flip(-1).select(0, 0).toArray()).toEqual([3, 2, 1]);
    expect(await tensor([1, 2]).pad([1], [2]).toArray()).toEqual([0, 1, 2, 0, 0]);
  });

  it("pick parts, with negative positions from the end", async () => {
    expect(await matrix.narrow(1, 1, 2).toArray()).toEqual([
      [2, 3],
      [5, 6],
    ]);
    expect(await matrix.select(-1, -1).toArray()).toEqual([3, 6]);
    expect(await matrix.slice([0, -2]).toArray()).toEqual([
      [2, 3],
      [5, 6],
    ]);
    expect(await matrix.slice([0, 0], [1, -1], [1, 1]).toArray()).toEqual([[1, 2]]);
    expect(await matrix.slice([0, 0], [], [1, 2]).toArray()).toEqual([
      [1, 3],
      [4, 6],
    ]);
    const parts = matrix.split(2, -1);
    expect(parts.map(({ shape }) => shape)).toEqual([
      [2, 2],
      [2, 1],
    ]);
    expect((await Promise.all(matrix.split([1, 1]).map((part) => part.toArray()))).flat()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it("join", async () => {
    const many = Array.from({ length: 2049 }, (_, i) => tensor([i, -i]));
    const flat = Array.from({ length: 2049 }, (_, i) => [i, -i]);
    expect((await Tensor.concat(many).toArray()) as number[]).toEqual(flat.flat());
    expect((await Tensor.stack(many).toArray()) as number[][]).toEqual(flat);
    expect(await Tensor.stack(many, -1).select(0, 1).toArray()).toEqual(flat.map(([, second]) => second));
    expect(await Tensor.concat([matrix, matrix.neg()], 1).select(0, 0).toArray()).toEqual([1, 2, 3, -1, -2, -3]);
    expect(Tensor.stack([matrix, matrix], -1).shape).toEqual([2, 3, 2]);
    expect(() => Tensor.stack([])).toThrow(ShapeError);
  });

  it("index", async () => {
    const indices = tensor([2n, 0n]);
    expect(await matrix.indexSelect(1, indices).toArray()).toEqual([
      [3, 1],
      [6, 4],
    ]);
    expect(await tensor([1, 2]).scatterAdd(0, indices, 3).toArray()).toEqual([2, 0, 1]);
    expect(await indices.oneHot(3).toArray()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
  });

  it("reduce over no axes, one, several, and keep dimensions", async () => {
    expect(await matrix.sum().item()).toBe(21);
    expect(await matrix.sum(-1).toArray()).toEqual([6, 15]);
    expect(await matrix.sum([0, 1], { keepDims: true }).toArray()).toEqual([[21]]);
    expect(await matrix.mean(0).toArray()).toEqual([2.5, 3.5, 4.5]);
    expect(await matrix.max(1).toArray()).toEqual([3, 6]);
    expect(await matrix.min(1, { keepDims: true }).toArray()).toEqual([[1], [4]]);
    expect(await matrix.variance(0).toArray()).toEqual([2.25, 2.25, 2.25]);
    expect(await tensor([3, 4]).norm().item()).toBe(5);
    expect(await matrix.argMax(1).toArray()).toEqual([2, 2]);
    expect(await matrix.cumSum(1).toArray()).toEqual([
      [1, 3, 6],
      [4, 9, 15],
    ]);
    expect(await matrix.cumSum(1, { reverse: true }).select(0, 0).toArray()).toEqual([6, 5, 3]);
  });

  it("softmax, logSoftmax and logSumExp agree and do not overflow", async () => {
    const x = tensor([1000, 1001, 1002], f64);
    const weights = [0, 1, 2].map(Math.exp);
    const sum = weights.reduce((a, b) => a + b, 0);
    await expectClose(
      x.softmax(-1),
      weights.map((each) => each / sum),
    );
    await expectClose(
      x.logSoftmax(0),
      weights.map((each) => Math.log(each / sum)),
    );
    expect(await x.logSumExp(0).item()).toBeCloseTo(1000 + Math.log(sum), 10);
  });

  it("layerNorm gives rows of mean 0 and variance 1", async () => {
    const normed = matrix.cast("f64").layerNorm({ epsilon: 0 });
    await expectClose(normed.mean(1), [0, 0]);
    await expectClose(normed.variance(1), [1, 1]);
  });

  it("attention is softmax(q·kᵀ/√d)·v, with a scale of one's own, causal or not", async () => {
    const [q, k, v] = [0, 1, 2].map((seed) => randn([2, 5, 4], { seed, dtype: "f64" })) as [Tensor, Tensor, Tensor];
    const plain = (scale: number) => q.matmul(k.transpose()).mul(scale).softmax(-1).matmul(v);
    await expectClose(q.attention(k, v), await numbersOf(plain(0.5)));
    await expectClose(q.attention(k, v, { scale: 2 }), await numbersOf(plain(2)));
    const causal = q.attention(k, v, { causal: true });
    await expectClose(causal.narrow(1, 0, 1), await numbersOf(v.narrow(1, 0, 1)));
    await expectClose(causal.narrow(1, 4, 1), await numbersOf(plain(0.5).narrow(1, 4, 1)));
    expect(() => q.attention(k, randn([2, 4, 4], { dtype: "f64" }))).toThrow(/attention.*do not fit/);
  });

  it("attention to itself has the gradient of its formula", async () => {
    const x = randn([3, 2], { seed: 3, dtype: "f64" });
    const formula = (x: Tensor) => x.matmul(x.transpose()).mul(Math.SQRT1_2).softmax(-1).matmul(x).square().sum();
    const wanted = await numbersOf(grad(formula)(x));
    await expectClose(grad((x: Tensor) => x.attention(x, x).square().sum())(x), wanted);
  });

  it("sizes that are no whole numbers are refused with a ShapeError", () => {
    const x = full([4], 1);
    const image = full([1, 1, 3], 1);
    expect(() => x.split(0)).toThrow(ShapeError);
    expect(() => x.slice([-9])).toThrow(ShapeError);
    expect(() => x.slice([0], [4], [-1])).toThrow(ShapeError);
    expect(() => x.narrow(0, 0.5, 1)).toThrow(ShapeError);
    expect(() => x.pad([2 ** 63], [2 ** 63])).toThrow(ShapeError);
    expect(() => image.conv(image, { padding: 2 ** 63 })).toThrow(ShapeError);
    expect(() => image.conv(image, { stride: Number.NaN })).toThrow(ShapeError);
    expect(() => image.attention(image, image, { scale: Number.NaN })).toThrow(ConfigError);
    expect(() => full([2, 3], 1).attention(full([0, 3], 1), full([0, 3], 1))).toThrow(/without any key/);
    expect(full([0, 5], 1).softmax(0).shape).toEqual([0, 5]);
  });

  it("matmul, also batched", async () => {
    expect(await matrix.matmul(matrix.transpose()).toArray()).toEqual([
      [14, 32],
      [32, 77],
    ]);
    const batch = Tensor.stack([matrix, matrix.mul(2)]);
    expect((await batch.matmul(matrix.transpose()).sum([1, 2]).toArray()) as number[]).toEqual([155, 310]);
  });

  it("conv is cross-correlation, with padding and stride", async () => {
    const x = tensor([[[1, 2, 3, 4]]]);
    const w = tensor([[[1, 0, -1]]]);
    expect(await x.conv(w).toArray()).toEqual([[[-2, -2]]]);
    expect(await x.conv(w, { padding: 1, stride: 2 }).toArray()).toEqual([[[-2, -2]]]);
    expect(full([1, 2, 5, 5], 1).conv(full([4, 1, 3, 3], 1), { groups: 2, padding: 1 }).shape).toEqual([1, 4, 5, 5]);
  });
});

describe("what does not fit is refused at once", () => {
  it.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    ["matmul", () => matrix.matmul(matrix), ShapeError, /^matmul: .*expected .*\[2, 3\] × f32 \[2, 3\]/],
    ["add", () => matrix.add(tensor([1, 2])), ShapeError, /^add: /],
    ["add of other element types", () => matrix.add(tensor([1, 2, 3], f64)), DTypeError, /f64/],
    ["reshape", () => matrix.reshape([4, 2]), ShapeError, /reshape/],
    ["an axis", () => matrix.sum(2), ShapeError, /axis/],
    ["select", () => matrix.select(3, 0), ShapeError, /expected an axis in -2 … 1, got 3/],
    ["split", () => matrix.split([1, 2]), ShapeError, /expected sizes with sum 2, got \[1,2\]/],
    ["item", () => matrix.item(), ShapeError, /one element/],
    ["no tensor", () => matrix.add("1" as unknown as Tensor), DataError, /^expected a tensor, got string 1/],
  ])("%s", (_, call, errorClass, message) => {
    expect(call).toThrow(errorClass);
    expect(call).toThrow(message);
  });
});

describe("reading", () => {
  it("gives the typed array of the element type", async () => {
    expect(await tensor([1.5]).data()).toEqual(new Float32Array([1.5]));
    expect(await tensor([1.5], f64).data()).toEqual(new Float64Array([1.5]));
    expect(await tensor([1n]).data()).toEqual(new BigInt64Array([1n]));
    expect(await tensor([true, false]).data()).toEqual(new Uint8Array([1, 0]));
    expect(await tensor([1.5], { dtype: "bf16" }).data()).toEqual(new Float32Array([1.5]));
  });

  it("gives nested arrays as tensor takes them", async () => {
    const nested = [
      [
        [1, 2],
        [3, 4],
      ],
    ];
    expect(await tensor(nested).toArray()).toEqual(nested);
    expect(await tensor([[], []]).toArray()).toEqual([[], []]);
    expect(await tensor(7).toArray()).toBe(7);
    expect(await tensor(true).toArray()).toBe(true);
  });

  it("tells shape, rank, size and element type without waiting", () => {
    expect([matrix.shape, matrix.rank, matrix.size, matrix.dtype, String(matrix)]).toEqual([
      [2, 3],
      2,
      6,
      "f32",
      "Tensor(f32 [2, 3])",
    ]);
  });
});

describe("disposal", () => {
  it("frees memory at once, and later use is a DisposedError", async () => {
    const before = memory();
    const x = full([1000], 1);
    expect(memory()).toEqual({ liveTensors: before.liveTensors + 1, liveBytes: before.liveBytes + 4000 });
    x.dispose();
    x.dispose();
    expect(memory()).toEqual(before);
    expect(x.disposed).toBe(true);
    expect(String(x)).toBe("Tensor(disposed)");
    expect(() => x.add(1)).toThrow(DisposedError);
    expect(() => x.data()).toThrow(DisposedError);
  });

  it("happens at the end of a using block", () => {
    const before = memory().liveTensors;
    {
      using x = full([3], 1);
      expect(x.disposed).toBe(false);
    }
    expect(memory().liveTensors).toBe(before);
  });
});

describe("a traced tensor", () => {
  it.each(["data", "toArray", "item"] as const)("has nothing to read: %s() is a TraceError that says why", (method) => {
    const read = compile(function double(x: Tensor) {
      void x[method]();
      return x;
    });
    expect(() => read(tensor(1))).toThrow(TraceError);
    expect(() => read(tensor(1))).toThrow(`compile(double): ${method}() was called on a traced tensor`);
  });

  it("is refused after its trace ended", () => {
    let kept: Tensor | undefined;
    compile((x: Tensor) => {
      kept = x;
      return x;
    })(tensor(1));
    expect(() => kept?.add(1)).toThrow(TraceError);
    expect(() => kept?.data()).toThrow(/after its trace ended/);
  });

  it("knows its type", () => {
    compile((x: Tensor) => {
      expect([x.traced, x.shape, x.dtype, String(x)]).toEqual([true, [2], "f32", "Tensor(traced f32 [2])"]);
      x.dispose();
      return x;
    })(tensor([1, 2]));
  });
});
