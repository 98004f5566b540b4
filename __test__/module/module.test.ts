// Modules: parameters are found and named as in PyTorch, values are a function of seed and name, errors name the part.
import {
  ConfigError,
  compile,
  DTypeError,
  init,
  Module,
  nn,
  Parameter,
  randn,
  ShapeError,
  type Tensor,
  TraceError,
  tensor,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";

class Block extends Module {
  readonly inner = new nn.Linear(2, 3);
  override forward(x: Tensor): Tensor {
    return this.inner.forward(x);
  }
}

class Everything extends Module {
  readonly layers = [new nn.Linear(2, 2), new nn.ReLU(), new nn.Linear(2, 2, { bias: false })];
  readonly named = { first: new Block(), second: [new Block()] };
  readonly scale = new Parameter([1], { init: init.constant(1) });
  readonly shared = this.named.first;
  readonly note = "no module";
  readonly self: Everything = this;
  override forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x).mul(this.scale);
  }
}

const namesOf = (module: Module) => module.parameters().map(({ name }) => name);

describe("parameters", () => {
  it("are named by the fields that lead to them, each once", () => {
    expect(namesOf(new Everything())).toEqual([
      "layers.0.weight",
      "layers.0.bias",
      "layers.2.weight",
      "named.first.inner.weight",
      "named.first.inner.bias",
      "named.second.0.inner.weight",
      "named.second.0.inner.bias",
      "scale",
    ]);
  });

  it("of a Sequential are named by their place", () => {
    expect(namesOf(new nn.Sequential(new nn.Linear(2, 2), new nn.SiLU(), new nn.LayerNorm(2)))).toEqual([
      "0.weight",
      "0.bias",
      "2.weight",
      "2.bias",
    ]);
  });

  it("start as a function of seed, full name and shape", async () => {
    const x = randn([4, 2], { seed: 5 });
    const run = (seed: number) => new Everything().seed(seed).forward(x).toArray();
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
    expect(await new Everything().forward(x).toArray()).toEqual(await run(0));
    const [first, second] = new Everything().named.second.concat(new Block());
    expect(await first?.forward(x).toArray()).toEqual(await second?.forward(x).toArray());
  });

  it("of a linear layer are uniform in ±1/√in", async () => {
    const layer = new nn.Linear(100, 50).seed(3);
    const reach = 0.1;
    for (const { parameter } of layer.parameters()) {
      layer.forward(zeros([1, 100]));
      const [low, high] = [await parameter.min().item(), await parameter.max().item()];
      expect(low).toBeGreaterThan(-reach);
      expect(high).toBeLessThan(reach);
      expect(high - low).toBeGreaterThan(1.7 * reach);
    }
  });

  it("seed forgets values that were trained or loaded", async () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    const x = tensor([[1]]);
    const before = await layer.forward(x).toArray();
    layer.loadStateDict({ weight: tensor([[9]]) });
    expect(await layer.forward(x).toArray()).toEqual([[9]]);
    expect(await layer.seed(0).forward(x).toArray()).toEqual(before);
  });

  it("loadStateDict changes all or nothing", async () => {
    const layer = new nn.Linear(1, 1);
    const x = tensor([[1]]);
    const before = await layer.forward(x).toArray();
    expect(() => layer.loadStateDict({ weight: tensor([[1]]) })).toThrow(ConfigError);
    expect(() => layer.loadStateDict({ weight: tensor([[1]]), bias: tensor([1]), more: tensor(1) })).toThrow(
      /unknown: \[more\]/,
    );
    expect(() => layer.loadStateDict({ weight: tensor([[1]]), bias: tensor([1, 2]) })).toThrow(ShapeError);
    expect(await layer.forward(x).toArray()).toEqual(before);
  });

  it("are refused where they belong to no module", () => {
    expect(() => new Parameter([2]).add(1)).toThrow(TraceError);
  });
});

describe("layers", () => {
  it("Linear multiplies by the transposed weight, whatever the leading dimensions are", async () => {
    const layer = new nn.Linear(2, 1);
    layer.loadStateDict({ weight: tensor([[2, 3]]), bias: tensor([1]) });
    expect(await layer.forward(tensor([1, 1])).toArray()).toEqual([6]);
    expect(await layer.forward(tensor([[1, 1]])).toArray()).toEqual([[6]]);
    expect(layer.forward(zeros([4, 5, 2])).shape).toEqual([4, 5, 1]);
  });

  it("LayerNorm, Embedding, Dropout, Sequential", async () => {
    const x = tensor([[1, 3]]);
    const norm = new nn.LayerNorm(2, { epsilon: 0 });
    expect(await norm.forward(x).toArray()).toEqual([[-1, 1]]);
    const table = new nn.Embedding(3, 2);
    table.loadStateDict({
      weight: tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    });
    expect(await table.forward(tensor([2n, 0n])).toArray()).toEqual([
      [5, 6],
      [1, 2],
    ]);
    expect(await new nn.Dropout(0.9).forward(x).toArray()).toEqual([[1, 3]]);
    expect(() => new nn.Dropout(1)).toThrow(ConfigError);
    expect(await new nn.Sequential(new nn.Square(), new nn.Identity()).forward(x).toArray()).toEqual([[1, 9]]);
  });

  it.each([
    ["relu", nn.ReLU, (x: Tensor) => x.relu()],
    ["silu", nn.SiLU, (x: Tensor) => x.silu()],
    ["gelu", nn.GELU, (x: Tensor) => x.gelu()],
    ["gelu_tanh", nn.GELUTanh, (x: Tensor) => x.geluTanh()],
    ["tanh", nn.Tanh, (x: Tensor) => x.tanh()],
    ["mish", nn.Mish, (x: Tensor) => x.mish()],
    ["softplus", nn.Softplus, (x: Tensor) => x.softplus()],
    ["elu", nn.ELU, (x: Tensor) => x.elu()],
    ["selu", nn.SELU, (x: Tensor) => x.selu()],
    ["square", nn.Square, (x: Tensor) => x.square()],
    ["swish", nn.Swish, (x: Tensor) => x.silu()],
    ["identity", nn.Identity, (x: Tensor) => x],
  ] as const)("activation %s is the tensor method", async (name, Layer, method) => {
    const x = tensor([-1, 0, 2]);
    const expected = await method(x).toArray();
    expect(await new Layer().forward(x).toArray()).toEqual(expected);
    expect(nn.activation(name)).toBeInstanceOf(Layer);
  });

  it("MultiLayerPerceptron joins its inputs and has GenerativeRL's names", () => {
    const net = new nn.MultiLayerPerceptron({ hiddenSizes: [3, 16, 8], outputSize: 2, activation: "swish" });
    expect(net.parameters().map(({ name, parameter }) => `${name} ${parameter.shape}`)).toEqual([
      "model.linear0.weight 16,3",
      "model.linear0.bias 16",
      "model.activation0.beta ",
      "model.linear1.weight 8,16",
      "model.linear1.bias 8",
      "model.activation1.beta ",
      "model.linear2.weight 2,8",
      "model.linear2.bias 2",
    ]);
    expect(net.forward(zeros([5]), zeros([5, 2])).shape).toEqual([5, 2]);
    expect(() => new nn.MultiLayerPerceptron({ hiddenSizes: [], outputSize: 2, activation: "relu" })).toThrow(
      ConfigError,
    );
  });
});

describe("an error in forward", () => {
  class Wrong extends Module {
    readonly layers = [new nn.Linear(3, 2), new nn.Linear(4, 2)];
    override forward(x: Tensor): Tensor {
      return this.layers.reduce((h, layer) => layer.forward(h), x);
    }
  }

  it("names the module, the part and what it was called with", () => {
    expect(() => new Wrong().forward(zeros([5, 3]))).toThrow(ShapeError);
    expect(() => new Wrong().forward(zeros([5, 3]))).toThrow(
      /^Wrong\.forward: Linear: expected an input \[…, 4\], got \[5, 2\] {3}\(layers\.1, called with \[5, 2\]\)$/,
    );
  });

  it("keeps its class and parts, and the first error as its cause", () => {
    class Mixed extends Module {
      override forward(x: Tensor): Tensor {
        return x.add(tensor([1], { dtype: "f64" }));
      }
    }
    try {
      new Mixed().forward(zeros([1]));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(DTypeError);
      expect(error).toMatchObject({ code: "DTypeError", expected: "one element type", cause: expect.any(DTypeError) });
    }
  });

  it("of the user stays what it is", () => {
    class Throws extends Module {
      override forward(): Tensor {
        throw new RangeError("mine");
      }
    }
    expect(() => new Throws().forward()).toThrow(RangeError);
  });

  it("leaves later calls as they were", async () => {
    const right = new nn.Linear(1, 1, { bias: false });
    const before = await right.forward(tensor([[1]])).toArray();
    expect(() => new Wrong().forward(zeros([5, 3]))).toThrow();
    expect(() => compile((x: Tensor) => new Wrong().forward(x))(zeros([5, 3]))).toThrow(ShapeError);
    expect(await right.forward(tensor([[1]])).toArray()).toEqual(before);
  });
});

it("a module runs the same compiled as at once", async () => {
  const net = new nn.MultiLayerPerceptron({ hiddenSizes: [2, 8], outputSize: 2, activation: "silu" }).seed(4);
  const x = randn([3, 2], { seed: 1 });
  const [eager, compiled] = [net.forward(x), compile((input: Tensor) => net.forward(input))(x)];
  expect(await eager.sub(compiled).abs().max().item()).toBeLessThan(1e-6);
});
