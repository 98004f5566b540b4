// compile, grad, valueAndGrad, jvp: traced once per shapes, correct to any order, and honest about what was captured.
import {
  compile,
  grad,
  jvp,
  nn,
  ShapeError,
  stopGradient,
  Tensor,
  TraceError,
  tensor,
  valueAndGrad,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";

const f64 = { dtype: "f64" } as const;
const scalar = (value: number) => tensor(value, f64);

it("an async function is refused, and its own failure ends nothing", async () => {
  const later: (x: Tensor) => unknown = async (x) => {
    await Promise.resolve();
    return x.mul(2);
  };
  const f = compile(later as (x: Tensor) => Tensor);
  expect(() => f(zeros([2]))).toThrow(/promise/);
  await new Promise((resolve) => setTimeout(resolve, 20));
});

describe("compile", () => {
  it("runs the function once per structure, shapes and element types", () => {
    let runs = 0;
    const f = compile((x: Tensor) => {
      runs += 1;
      return x.add(1);
    });
    for (let i = 0; i < 3; i++) f(tensor([1, 2]));
    expect(runs).toBe(1);
    f(tensor([1, 2, 3]));
    f(tensor([1, 2], f64));
    expect(runs).toBe(3);
    f(tensor([5, 6]));
    expect(runs).toBe(3);
  });

  it("forgets the graph unused for longest where there are too many", () => {
    let runs = 0;
    const f = compile(
      (x: Tensor) => {
        runs += 1;
        return x.add(1);
      },
      { cacheSize: 2 },
    );
    for (const length of [1, 2, 1, 3, 1]) f(zeros([length]));
    expect(runs).toBe(3);
    f(zeros([2]));
    expect(runs).toBe(4);
  });

  it("takes and returns arrays and objects of tensors", async () => {
    const f = compile(({ a, b: [c, d] }: { a: Tensor; b: readonly [Tensor, Tensor] }) => ({
      sum: a.add(c),
      parts: [d, a],
    }));
    const { sum, parts } = f({ a: tensor(1), b: [tensor(2), tensor(3)] });
    expect(await Promise.all([sum, ...parts].map((each) => each.item()))).toEqual([3, 3, 1]);
  });

  it("takes concrete tensors in by reference, and numbers as constants", async () => {
    const weight = tensor([2, 3]);
    let factor = 10;
    const f = compile((x: Tensor) => x.mul(weight).mul(factor));
    expect(await f(tensor([1, 1])).toArray()).toEqual([20, 30]);
    factor = 100;
    expect(await f(tensor([1, 1])).toArray()).toEqual([20, 30]);
  });

  it("traces anew where a module's parameters that it captured have changed", async () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    layer.loadStateDict({ weight: tensor([[2]]) });
    const f = compile((x: Tensor) => layer.forward(x));
    expect(await f(tensor([[3]])).toArray()).toEqual([[6]]);
    layer.loadStateDict({ weight: tensor([[5]]) });
    expect(await f(tensor([[3]])).toArray()).toEqual([[15]]);
  });

  it("returns an argument or a captured tensor as it is", async () => {
    const other = tensor([7]);
    const f = compile((x: Tensor) => [x, other]);
    expect(await Promise.all(f(tensor([1])).map((each) => each.toArray()))).toEqual([[1], [7]]);
  });

  it("within another traced function only records", async () => {
    const double = compile((x: Tensor) => x.mul(2));
    const f = compile((x: Tensor) => double(double(x)));
    expect(await f(tensor([1])).toArray()).toEqual([4]);
  });

  it("draws dropout masks in mode train only", async () => {
    const drop = (x: Tensor) => x.dropout(0.5);
    const x = tensor(new Float32Array(1000).fill(1));
    expect(await compile(drop)(x).mean().item()).toBe(1);
    const dropped = await compile(drop, { mode: "train" })(x).data();
    expect(new Set(Array.from(dropped, Number))).toEqual(new Set([0, 2]));
  });

  it("refuses what is no tensor, with its place", () => {
    const wrong = compile((x: Tensor) => ({ a: [x, 3] }) as unknown as { a: Tensor[] });
    expect(() => wrong(tensor(1))).toThrow(/expected tensors.*got number 3 at a\.1/);
    expect(() => compile((x: Tensor) => x)(3 as unknown as Tensor)).toThrow(/got number 3 at 0/);
    const later = compile((async (x: Tensor) => x) as unknown as (x: Tensor) => Tensor);
    expect(() => later(tensor(1))).toThrow(/got a promise/);
  });

  it("refuses to mix two traces", () => {
    let stranger: Tensor | undefined;
    const inner = compile((x: Tensor) => {
      stranger = x;
      return x;
    });
    inner(tensor(1));
    expect(() => compile((x: Tensor) => x.add(stranger ?? x))(tensor(1))).toThrow(TraceError);
  });

  it("leaves nothing open after a failure", async () => {
    const f = compile((x: Tensor): Tensor => {
      throw new RangeError(`mine ${x.shape}`);
    });
    expect(() => f(tensor(1))).toThrow(RangeError);
    expect(await tensor(1).add(1).item()).toBe(2);
  });

  it("compiles a graph of 100,000 ops", async () => {
    const f = compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 50_000; i++) y = y.sin().add(0.1);
      return y;
    });
    expect(await f(tensor(0.5)).isFinite().toArray()).toBe(true);
  });
});

describe("derivatives", () => {
  const cube = (x: Tensor) => x.mul(x).mul(x).sum();

  it("third derivatives work", async () => {
    expect(await grad(cube)(scalar(2)).item()).toBe(12);
    expect(await grad(grad(cube))(scalar(2)).item()).toBe(12);
    expect(await grad(grad(grad(cube)))(scalar(2)).item()).toBe(6);
  });

  it("have the structure of the first argument; the others are constants", async () => {
    const f = valueAndGrad(({ w, b }: { w: Tensor; b: readonly Tensor[] }, x: Tensor) =>
      w
        .mul(x)
        .add(b[0] ?? x)
        .sum(),
    );
    const { value, grad: gradient } = f({ w: tensor([2, 3]), b: [tensor([1, 1])] }, tensor([5, 7]));
    expect(await value.item()).toBe(33);
    expect(await gradient.w.toArray()).toEqual([5, 7]);
    expect(await gradient.b[0]?.toArray()).toEqual([1, 1]);
  });

  it("count the way through the argument only", async () => {
    // y = x² is made outside of the inner function: to it, y is a constant.
    const f = grad((x: Tensor) => {
      const y = x.square();
      return grad((z: Tensor) => z.mul(y).sum())(x).sum();
    });
    expect(await f(scalar(3)).item()).toBe(6);
    expect(await grad((x: Tensor) => stopGradient(x).mul(x).sum())(scalar(3)).item()).toBe(3);
  });

  it("agree with finite differences", async () => {
    const f = (x: Tensor) => x.tanh().mul(x.exp()).add(x.mul(x).add(1).log()).sum();
    const points = [-0.8, 0.1, 0.9];
    const analytic = Array.from(await grad(f)(tensor(points, f64)).data(), Number);
    const h = 1e-5;
    for (const [i, point] of points.entries()) {
      const slope = ((await f(scalar(point + h)).item()) - (await f(scalar(point - h)).item())) / (2 * h);
      expect(Math.abs(slope - (analytic[i] ?? 0))).toBeLessThan(1e-8);
    }
  });

  it("jvp goes along a direction, also of a gradient", async () => {
    const { value, tangent } = jvp((x: Tensor, y: Tensor) => x.mul(y))([scalar(2), scalar(3)], [scalar(1), scalar(10)]);
    expect([await value.item(), await tangent.item()]).toEqual([6, 23]);
    const hessian = jvp(grad(cube))([tensor([1, 2], f64)], [tensor([1, 0], f64)]);
    expect(await hessian.tangent.toArray()).toEqual([6, 0]);
  });

  it("refuse a value of more than one element and tangents of other shapes", () => {
    expect(() => grad((x: Tensor) => x)(tensor([1, 2]))).toThrow(ShapeError);
    expect(() => grad((x: Tensor) => x)(tensor([1, 2]))).toThrow(/a tensor of one element, got a tensor f32 \[2\]/);
    expect(() => jvp((x: Tensor) => x)([tensor([1, 2])], [tensor([1])])).toThrow(ShapeError);
  });

  it("are traced once per shapes", () => {
    let runs = 0;
    const f = grad((x: Tensor) => {
      runs += 1;
      return x.sum();
    });
    for (let i = 0; i < 3; i++) f(Tensor.stack([tensor([i, 1])]));
    expect(runs).toBe(1);
  });
});
