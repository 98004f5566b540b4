// The forward of a user's module becomes a graph: its inputs are t, x, condition and the declared parameters.
import { compile, DTypeError, Module, nn, Parameter, randn, ShapeError, Tensor, TraceError, tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { type Need, traceForward } from "../../ts/src/module/forward.ts";
import { handleOf } from "../../ts/src/tensor/tensor.ts";

const need = (mode: "train" | "sample" = "sample", rows = 4): Need => ({
  key: "k",
  module: "model.args",
  mode,
  inputs: [
    { name: "t", dtype: "f32", shape: [rows] },
    { name: "x", dtype: "f32", shape: [rows, 2] },
  ],
});

/** API.md's module, with a plain time. */
class MyModule extends Module {
  readonly time: nn.Linear;
  readonly layers: nn.Linear[];
  constructor({ xSize, tDim, hiddenSizes }: { xSize: number; tDim: number; hiddenSizes: number[] }) {
    super();
    const sizes = [xSize, ...hiddenSizes, xSize];
    this.time = new nn.Linear(tDim, hiddenSizes[0] ?? xSize);
    this.layers = sizes.slice(1).map((size, i) => new nn.Linear(sizes[i] ?? size, size));
  }
  override forward(t: Tensor, x: Tensor): Tensor {
    const [first, ...rest] = this.layers;
    const start = (first?.forward(x) ?? x).add(this.time.forward(t.unsqueeze(1)));
    return rest.reduce((h, layer) => layer.forward(h.silu()), start);
  }
}

/** The seed document's module, as written: layers and activations in one list, and t unused. */
class SeedModule extends Module {
  readonly layers: nn.Layer[] = [];
  constructor({ hiddenSizes, outputDim }: { hiddenSizes: number[]; outputDim: number }) {
    super();
    for (let i = 0; i < hiddenSizes.length - 1; i++) {
      this.layers.push(new nn.Linear(hiddenSizes[i] ?? 0, hiddenSizes[i + 1] ?? 0));
      this.layers.push(new nn.ReLU());
    }
    this.layers.push(new nn.Linear(hiddenSizes.at(-1) ?? 0, outputDim));
  }
  override forward(_t: Tensor, x: Tensor, _condition?: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }
}

const traced = (forward: (t: Tensor, x: Tensor) => unknown, given = need()) => {
  class Given extends Module {
    override forward(...inputs: Tensor[]): Tensor {
      return forward(...(inputs as [Tensor, Tensor])) as Tensor;
    }
  }
  return traceForward("Given", new Given(), given);
};

describe("the graph", () => {
  it("has t, x and every parameter as inputs, and gives what the module gives", async () => {
    const module = new MyModule({ xSize: 2, tDim: 1, hiddenSizes: [8, 4] }).seed(1);
    const graph = traceForward("MyModule", module, need());
    const names = module.parameters().map(({ name }) => `param:${name}`);
    expect(graph.inputs().map(({ name }) => name)).toEqual(["t", "x", ...names]);
    const [t, x] = [randn([4], { seed: 1 }), randn([4, 2], { seed: 2 })];
    const expected = module.forward(t, x);
    const values = module.parameters().map(({ parameter }) => compile(() => [parameter.add(0)])()[0]);
    const inputs = [t, x, ...values].filter((each) => each instanceof Tensor);
    const [result] = graph.run(inputs.map(handleOf)).map((handle) => new Tensor({ handle }));
    expect(await result?.sub(expected).abs().max().item()).toBeLessThan(1e-6);
  });

  it("of the seed document's module has the parameters that its layers have", () => {
    const module = new SeedModule({ hiddenSizes: [2, 8, 4], outputDim: 2 });
    const graph = traceForward("SeedModule", module, need());
    expect(graph.inputs().map(({ name, shape }) => `${name} ${shape}`)).toEqual([
      "t 4",
      "x 4,2",
      "param:layers.0.weight 8,2",
      "param:layers.0.bias 8",
      "param:layers.2.weight 4,8",
      "param:layers.2.bias 4",
      "param:layers.4.weight 2,4",
      "param:layers.4.bias 2",
    ]);
  });

  it("takes named parts and a condition as nested objects", () => {
    class Nested extends Module<{ a: Tensor; b: { c: Tensor } } | Tensor, object> {
      override forward(_t: Tensor, x: { a: Tensor; b: { c: Tensor } }, condition: Tensor): object {
        return { b: { c: x.b.c.add(condition) }, a: x.a };
      }
    }
    const given = (name: string, width: number) => ({ name, dtype: "f32" as const, shape: [4, width] });
    const inputs = [
      { name: "t", dtype: "f32" as const, shape: [4] },
      given("x.a", 2),
      given("x.b.c", 3),
      given("condition", 3),
    ];
    const graph = traceForward("Nested", new Nested(), { key: "k", module: "model.args", mode: "sample", inputs });
    const run = graph.run([tensor(new Float32Array(4)), randn([4, 2]), randn([4, 3]), randn([4, 3])].map(handleOf));
    expect(run.map(({ shape }) => shape)).toEqual([
      [4, 2],
      [4, 3],
    ]);
  });

  it("drops in training and not in sampling", async () => {
    const drop = (_: Tensor, x: Tensor) => x.dropout(0.5);
    const ones = [tensor(new Float32Array(4)), tensor(new Float32Array(8).fill(1), { shape: [4, 2] })];
    const run = async (mode: "train" | "sample") => {
      const [handle] = traced(drop, need(mode)).run(ones.map(handleOf));
      return handle === undefined ? [] : Array.from(await new Tensor({ handle }).data(), Number);
    };
    expect(new Set(await run("sample"))).toEqual(new Set([1]));
    expect((await run("train")).every((value) => value === 0 || value === 2)).toBe(true);
  });

  it("takes concrete tensors in by reference", async () => {
    const table = tensor([[10, 20]]);
    const [handle] = traced((_, x) => x.mul(0).add(table)).run([randn([4]), randn([4, 2])].map(handleOf));
    expect(handle === undefined ? [] : await new Tensor({ handle }).select(0, 0).toArray()).toEqual([10, 20]);
  });
});

describe("a forward that cannot be used is refused with the module's name", () => {
  it.each<[string, (t: Tensor, x: Tensor) => unknown, new (message: string) => Error, RegExp]>([
    [
      "a wrong shape",
      (_, x) => x.sum(1),
      ShapeError,
      /^Given\.forward: expected a result like x, f32 \[4, 2\], got f32 \[4\]/,
    ],
    ["a wrong element type", (_, x) => x.cast("f64"), DTypeError, /^Given\.forward: .*got f64 \[4, 2\]/],
    ["nothing", () => undefined, TraceError, /^Given\.forward: expected a tensor like x, f32 \[4, 2\], got undefined/],
    ["a number", () => 3, TraceError, /got number 3/],
    ["a promise", async (_, x) => x, TraceError, /got a promise/],
    ["more than asked for", (_, x) => ({ a: x, b: x }), ShapeError, /got a: f32 \[4, 2\], b: f32 \[4, 2\]/],
    [
      "shapes that do not fit",
      (_, x) => x.matmul(x),
      ShapeError,
      /^Given\.forward: matmul: inner dimensions differ.*called with \[4\], \[4, 2\]/,
    ],
    ["read data", (_, x) => x.data(), TraceError, /^Given\.forward: .*data\(\) was called on a traced tensor/],
    [
      "a thrown error",
      () => {
        throw new RangeError("mine");
      },
      TraceError,
      /^Given\.forward threw RangeError: mine/,
    ],
  ])("%s", (_, forward, errorClass, message) => {
    expect(() => traced(forward)).toThrow(errorClass);
    expect(() => traced(forward)).toThrow(message);
  });

  it("a thrown error is the cause", () => {
    const mine = new RangeError("mine");
    try {
      traced(() => {
        throw mine;
      });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ cause: mine });
    }
  });

  it("a parameter that the model cannot see", () => {
    const hidden = new Parameter([2]);
    expect(() => traced((_, x) => x.add(hidden))).toThrow(TraceError);
    expect(() => traced((_, x) => x.add(hidden))).toThrow(/belongs to no public field/);
  });
});
