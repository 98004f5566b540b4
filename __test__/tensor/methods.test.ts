// Tensor methods besides their numbers: what they refuse, sizes of 0 and 1, more than one axis, other element types.
// The numbers are in module/golden-layers.test.ts.
import {
  arange,
  ConfigError,
  compile,
  DTypeError,
  einsum,
  eye,
  full,
  grad,
  linspace,
  meshgrid,
  ones,
  onesLike,
  randInt,
  randLike,
  randn,
  randnLike,
  randPerm,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { graphOf } from "../support/graph.ts";

const x = arange(24).reshape([2, 3, 4]);
const numbersOf = async (values: Tensor) => Array.from(await values.data(), Number);

describe("what does not fit is refused at once", () => {
  it.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    ["an index", () => x.at(2), ShapeError, /at: expected an index in -2 … 1 for dimension 0 of size 2, got 2/],
    ["half an index", () => x.at(0.5), ShapeError, /got 0.5/],
    [
      "too many indices",
      () => x.at(0, 0, 0, 0),
      ShapeError,
      /at: expected at most 3 indices and one "...", got 4 and 0/,
    ],
    ["two ellipses", () => x.at("...", 0, "..."), ShapeError, /got 1 and 2/],
    ["a range", () => x.at("1-2" as ":"), ConfigError, /"start:stop".*got "1-2"/],
    ["a range backwards", () => x.at("::-1"), ConfigError, /step ≥ 1 \(flip reverses\)/],
    ["no index", () => x.at(undefined as unknown as number), ConfigError, /got "undefined"/],
    ["floats as indices", () => x.at(tensor([0])), DTypeError, /at: expected i64 indices, got a tensor f32/],
    ["a mask", () => x.at(tensor([true, false])), DTypeError, /got a tensor bool: .*mask\.where\(x, 0\).*indexSelect/],
    ["floats", () => x.at(tensor([1, 0])), DTypeError, /got a tensor f32\. Remedy: tensor\(\[2n, 0n\]\)/],
    ["an array", () => x.at([1, 0] as never), DTypeError, /got an array of 2\. Remedy: tensor\(\[2n, 0n\]\)/],
    ["gather", () => x.gather(0, zeros([2, 3], { dtype: "i64" })), ShapeError, /take_along.*do not fit/],
    [
      "scatter",
      () => x.scatter(1, zeros([2, 1, 3], { dtype: "i64" }), 1),
      ShapeError,
      /scatter: expected indices of shape \[2, 1, 4\], got \[2, 1, 3\]/,
    ],
    ["diagonal", () => x.diagonal(0, 1, -2), ShapeError, /expected two axes/],
    ["axes twice", () => x.prod([0, -3]), ShapeError, /prod: expected each axis once, got \[0,-3\]/],
    ["flip", () => x.flip(3), ShapeError, /flip: expected an axis in -3 … 2, got 3/],
    ["flatten", () => x.flatten(2, 1), ShapeError, /flatten: expected an end from 2 on, got 1/],
    ["unflatten", () => x.unflatten(2, [3, 2]), ShapeError, /unflatten: expected sizes with product 4, got \[3,2\]/],
    ["repeat", () => x.repeat([2, 2]), ShapeError, /repeat: expected at least 3 counts/],
    [
      "repeat",
      () => x.repeat(...([2, 2] as unknown as [number[]])),
      ConfigError,
      /an array of numbers for counts, got 2/,
    ],
    ["einsum", () => einsum("ij", undefined as never), ConfigError, /expected a tensor for operand 0, got undefined/],
    ["chunk", () => x.chunk(0), ShapeError, /chunk/],
    ["roll", () => x.roll(0.5, 0), ShapeError, /roll/],
    ["pad", () => x.pad([1], [1], { value: 1 }), ShapeError, /pad: expected 3 numbers before and after, got 1 and 1/],
    ["a mode", () => x.pad([0, 0, 0], [0, 0, 0], { mode: "edge" as "reflect" }), ConfigError, /for mode, got edge/],
    ["topK", () => x.topK(5), ShapeError, /topK: expected at most 4 elements along axis 2, got 5/],
    ["sortBy", () => x.sortBy(arange(3)), ShapeError, /sortBy: expected keys of shape \[2\] or \[2, 3, 4\], got \[3\]/],
    ["quantile", () => x.quantile(1.5, 0), Error, /0 ≤ q ≤ 1/],
    ["median", () => zeros([0]).median(), ShapeError, /at least one element/],
    ["norm", () => x.norm(0, { order: Number.NaN }), ConfigError, /norm: expected a number for order, got NaN/],
    ["dot", () => x.dot(x), ShapeError, /dot: expected two vectors/],
    ["outer", () => x.outer(x), ShapeError, /outer: expected two vectors/],
    ["maxPool", () => arange(3).maxPool(2), ShapeError, /maxPool: expected \[B, C, L\] or \[B, C, H, W\], got \[3\]/],
    ["adaptiveAvgPool", () => x.adaptiveAvgPool(0), ShapeError, /from 1 on/],
    ["adaptiveAvgPool", () => zeros([1, 1, 8, 8]).adaptiveAvgPool(1e6), ShapeError, /a size ≤ 1024, got 1000000/],
    ["at", () => zeros([2]).at(...Array.from({ length: 40 }, () => null)), ShapeError, /at most 32 dimensions, got 41/],
    ["a scale", () => x.interpolate({ scaleFactor: 0 }), ConfigError, /numbers > 0/],
    ["linspace", () => linspace(0, 1, -1), ShapeError, /linspace/],
    ["arange", () => arange(0, 1, 0), ShapeError, /arange/],
    ["meshgrid", () => meshgrid([x]), ShapeError, /meshgrid: expected vectors/],
    ["randInt", () => randInt(3, 3, [1]), ShapeError, /whole numbers low < high/],
  ])("%s", (_, call, errorClass, message) => {
    expect(call).toThrow(errorClass);
    expect(call).toThrow(message);
  });
});

describe("einsum", () => {
  it.each<[string, string, number[][], new (message: string) => Error, RegExp]>([
    ["an equation", "ij;jk", [[2, 3]], ConfigError, /einsum: expected letters for each operand/],
    ["two arrows", "i->i->i", [[2]], ConfigError, /letters for each operand/],
    ["two ellipses", "......->", [[2]], ConfigError, /letters for each operand/],
    ["operands", "ij,jk->ik", [[2, 3]], ConfigError, /expected 1 operands, as many as tensors/],
    ["dimensions", "ijk->i", [[2, 3]], ShapeError, /expected 3 dimensions for "ijk", got operand 0 of shape \[2, 3\]/],
    ["at least so many", "ij...->i", [[2]], ShapeError, /at least 2 dimensions for "ij\.\.\."/],
    [
      "sizes",
      "ij,jk->ik",
      [
        [2, 3],
        [4, 2],
      ],
      ShapeError,
      /one size for "j", got 3 and 4/,
    ],
    ["a diagonal", "ii->i", [[2, 3]], ShapeError, /equal sizes for the repeated "i", got 2 and 3/],
    ["an unknown result", "ij->ik", [[2, 3]], ConfigError, /letters of the operands in the result, each once/],
    ["a result twice", "ij->ii", [[2, 3]], ConfigError, /each once/],
  ])("refuses %s", (_, equation, shapes, errorClass, message) => {
    const call = () => einsum(equation, ...shapes.map((shape) => zeros(shape)));
    expect(call).toThrow(errorClass);
    expect(call).toThrow(message);
  });

  it("contracts each pair by one matrix product where there is something to sum", () => {
    const count = (equation: string, ...shapes: number[][]) =>
      graphOf((...operands) => einsum(equation, ...operands), shapes).match(/= matmul\(/g)?.length ?? 0;
    expect(count("bhid,bhjd->bhij", [2, 3, 4, 5], [2, 3, 6, 5])).toBe(1);
    expect(count("ab,bc,cd->ad", [2, 3], [3, 4], [4, 5])).toBe(2);
    expect(count("i,j->ij", [2], [3])).toBe(0);
  });

  it("multiplies whole numbers, too", async () => {
    const a = tensor([
      [1n, 2n],
      [3n, 4n],
    ]);
    expect(await einsum("ij,jk->ik", a, a).toArray()).toEqual([
      [7, 10],
      [15, 22],
    ]);
  });
});

describe("sizes of 0 and 1", () => {
  it("are no special case", async () => {
    const [none, one] = [zeros([0, 3]), full([1], 5)];
    expect([none.prod(0).shape, none.all().shape, none.cumProd(0).shape]).toEqual([[3], [], [0, 3]]);
    expect(await none.prod(0).toArray()).toEqual([1, 1, 1]);
    expect([await none.any().item(), await none.all().item()]).toEqual([0, 1]);
    expect(none.at("1:", null, ":2").shape).toEqual([0, 1, 2]);
    expect(none.roll(3, 0).shape).toEqual([0, 3]);
    expect([one.diff().shape, none.sort(0).values.shape, none.diagonal().shape]).toEqual([[0], [0, 3], [0]]);
    expect(await one.prod().item()).toBe(5);
    expect(none.repeat([2, 0]).shape).toEqual([0, 0]);
    expect(none.chunk(2, 1).map(({ shape }) => shape)).toEqual([
      [0, 2],
      [0, 1],
    ]);
    expect(eye(0).shape).toEqual([0, 0]);
    expect(full([], 3).flatten().shape).toEqual([1]);
  });
});

describe("more than PyTorch's cases", () => {
  it("an index out of range in a tensor is an error of the run", async () => {
    await expect(x.at(tensor([5n])).data()).rejects.toThrow(/index/);
  });

  it("indexing is differentiable, and works in traced functions", async () => {
    const rows = tensor([0n, 0n, -1n]);
    const picked = (y: Tensor) => y.at(rows, "1:").sum();
    expect(await grad(picked)(zeros([2, 3])).toArray()).toEqual([
      [0, 2, 2],
      [0, 1, 1],
    ]);
    expect(await compile((y: Tensor) => y.at(-1, tensor([2n, 0n]), ":1"))(x).toArray()).toEqual([[20], [12]]);
  });

  it("whole numbers are sorted, cut and filled as floats are", async () => {
    const whole = tensor([[3n, 1n, 2n]]);
    expect(await whole.sort(1, { descending: true }).values.toArray()).toEqual([[3, 2, 1]]);
    expect(await whole.argMin(1).toArray()).toEqual([1]);
    expect(await whole.pad([0, 1], [0, 0], { value: 7 }).toArray()).toEqual([[7, 3, 1, 2]]);
    expect(await whole.scatter(1, tensor([[1n]]), 9).toArray()).toEqual([[3, 9, 2]]);
    expect(await whole.prod().item()).toBe(6);
  });

  it("sorting puts NaN last, or first where the largest is first", async () => {
    const values = tensor([1, Number.NaN, -1]);
    expect(await numbersOf(values.sort().values)).toEqual([-1, 1, Number.NaN]);
    expect(await numbersOf(values.sort(0, { descending: true }).values)).toEqual([Number.NaN, 1, -1]);
  });

  it("the largest of a window is NaN where one is", async () => {
    expect(await numbersOf(tensor([[[1, Number.NaN, 3, 2]]]).maxPool(2))).toEqual([Number.NaN, 3]);
    expect(await numbersOf(tensor([[[Number.NaN, 1, 3, 2]]]).maxPool(2))).toEqual([Number.NaN, 3]);
  });

  it("a product has exact gradients at 0", async () => {
    expect(await grad((y: Tensor) => y.prod())(tensor([2, 0, 3])).toArray()).toEqual([0, 6, 0]);
    expect(await grad((y: Tensor) => y.prod())(tensor([0, 0, 3])).toArray()).toEqual([0, 0, 0]);
  });

  it("Euclidean norms have gradient 0 at 0, and second derivatives elsewhere", async () => {
    expect(await grad((y: Tensor) => y.norm())(zeros([2])).toArray()).toEqual([0, 0]);
    const curvature = grad((y: Tensor) => grad((z: Tensor) => z.norm())(y).select(0, 0));
    expect(await curvature(tensor([0, 2], { dtype: "f64" })).toArray()).toEqual([0.5, 0]);
  });

  it("random whole numbers are in their range, each as likely, and seeded", async () => {
    const values = await numbersOf(randInt(-2, 3, [10_000], { seed: 1 }));
    const counts = [-2, -1, 0, 1, 2].map((value) => values.filter((each) => each === value).length);
    expect(counts.reduce((a, b) => a + b)).toBe(10_000);
    expect(Math.max(...counts.map((count) => Math.abs(count - 2000)))).toBeLessThan(200);
    expect(await numbersOf(randInt(-2, 3, [10_000], { seed: 1 }))).toEqual(values);
    const order = await numbersOf(randPerm(100, { seed: 2 }));
    expect(order).not.toEqual(await numbersOf(arange(100)));
    expect(order.sort((a, b) => a - b)).toEqual(await numbersOf(arange(100)));
    const drawn = compile(() => randInt(0, 1000, [100]));
    expect(await numbersOf(drawn())).not.toEqual(await numbersOf(drawn()));
  });

  it("what is like another tensor has its shape and type", () => {
    const like = zeros([2, 3], { dtype: "f64" });
    for (const make of [zerosLike, onesLike, randnLike, randLike]) {
      expect([make(like).shape, make(like).dtype]).toEqual([[2, 3], "f64"]);
    }
    expect(onesLike(like, { dtype: "i64" }).dtype).toBe("i64");
    expect([arange(2, 4, { dtype: "i64" }).dtype, linspace(0, 1, 3, { dtype: "f64" }).dtype]).toEqual(["i64", "f64"]);
  });

  it("numbers written in a traced function are constants, exactly", async () => {
    const written = compile((y: Tensor) => [
      y.add(tensor([0.1, Number.POSITIVE_INFINITY])),
      tensor([2n ** 60n + 1n]),
      tensor([true]),
    ]);
    const [a, b, c] = written(tensor([0, 0]));
    expect(await a.toArray()).toEqual([Math.fround(0.1), Number.POSITIVE_INFINITY]);
    expect([await b.data(), await c.toArray()]).toEqual([new BigInt64Array([2n ** 60n + 1n]), [true]]);
    const large = new Float32Array(100_000).fill(2);
    expect(await compile((y: Tensor) => y.mul(tensor(large)).sum())(ones([100_000])).item()).toBe(200_000);
  });
});

it("dropout of attention weights is off outside of training", async () => {
  const [q, k, v] = [0, 1, 2].map((seed) => randn([2, 3, 4], { seed })) as [Tensor, Tensor, Tensor];
  const apart = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
  expect(
    await apart(q.attention(k, v, { dropout: 0.5, causal: true }), q.attention(k, v, { causal: true })),
  ).toBeLessThan(1e-6);
});
