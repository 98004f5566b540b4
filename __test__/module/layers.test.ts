// What layers are besides their numbers: names and initial values of parameters, inputs that they refuse, modules as functions.
// The numbers are in golden-layers.test.ts.
import {
  ConfigError,
  compile,
  functionalCall,
  grad,
  init,
  type Module,
  nn,
  ones,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";

const shapesOf = (module: Module<never, unknown>) =>
  module.parameters().map(({ name, parameter }) => `${name} ${parameter.shape}`);

describe("parameters", () => {
  it.each<[string, () => Module<never, unknown>, string[]]>([
    ["Conv1d", () => new nn.Conv1d(4, 6, { kernelSize: 3, groups: 2 }), ["weight 6,2,3", "bias 6"]],
    ["Conv2d", () => new nn.Conv2d(4, 6, { kernelSize: [3, 2] }), ["weight 6,4,3,2", "bias 6"]],
    ["ConvTranspose1d", () => new nn.ConvTranspose1d(4, 6, { kernelSize: 3, groups: 2 }), ["weight 4,3,3", "bias 6"]],
    ["ConvTranspose2d", () => new nn.ConvTranspose2d(4, 6, { kernelSize: 3, bias: false }), ["weight 4,6,3,3"]],
    ["GroupNorm", () => new nn.GroupNorm(2, 6), ["weight 6", "bias 6"]],
    ["LayerNorm of two dimensions", () => new nn.LayerNorm([2, 3]), ["weight 2,3", "bias 2,3"]],
    ["LayerNorm without", () => new nn.LayerNorm(2, { affine: false }), []],
    ["RMSNorm", () => new nn.RMSNorm(6), ["weight 6"]],
    [
      "MultiheadAttention",
      () => new nn.MultiheadAttention(8, 2),
      ["in_proj_weight 24,8", "in_proj_bias 24", "out_proj.weight 8,8", "out_proj.bias 8"],
    ],
    [
      "MultiheadAttention of other keys",
      () => new nn.MultiheadAttention(8, 2, { keyFeatures: 3, bias: false }),
      ["q_proj_weight 8,8", "k_proj_weight 8,3", "v_proj_weight 8,8", "out_proj.weight 8,8"],
    ],
  ])("of %s have PyTorch's names and shapes", (_, make, expected) => {
    expect(shapesOf(make())).toEqual(expected);
  });

  /** Smallest and largest value, and the standard deviation over the bound. */
  async function spread(values: Tensor, bound: number) {
    const all = values.div(bound);
    return Promise.all([all.min().item(), all.max().item(), all.std().item()]);
  }

  it.each<[string, () => Module, string, number]>([
    ["Conv2d", () => new nn.Conv2d(16, 32, { kernelSize: 3, groups: 2 }), "weight", 1 / Math.sqrt(8 * 9)],
    ["Conv2d's bias", () => new nn.Conv2d(16, 512, { kernelSize: 3, groups: 2 }), "bias", 1 / Math.sqrt(8 * 9)],
    ["ConvTranspose1d", () => new nn.ConvTranspose1d(64, 16, { kernelSize: 5 }), "weight", 1 / Math.sqrt(16 * 5)],
    ["MultiheadAttention", () => new nn.MultiheadAttention(32, 4), "in_proj_weight", Math.sqrt(6 / (4 * 32))],
    ["its last layer", () => new nn.MultiheadAttention(32, 4), "out_proj.weight", 1 / Math.sqrt(32)],
  ])("of %s start uniform within PyTorch's bound", async (_, make, name, bound) => {
    const [low, high, std] = await spread(make().seed(1).stateDict()[name], bound);
    expect([low > -1, high < 1]).toEqual([true, true]);
    expect(Math.abs(std - 1 / Math.sqrt(3))).toBeLessThan(0.05);
  });

  it("start as they are told, and biases of attention at 0", async () => {
    const zeroed = new nn.Conv2d(2, 3, { kernelSize: 3, weightInit: init.constant(0), biasInit: init.constant(2) });
    expect(await zeroed.forward(randn([2, 3, 3])).toArray()).toEqual([[[2]], [[2]], [[2]]]);
    const linear = new nn.Linear(2, 1, { weightInit: init.constant(1), biasInit: init.constant(-1) });
    expect(await linear.forward(tensor([2, 3])).toArray()).toEqual([4]);
    const { in_proj_bias, "out_proj.bias": last } = new nn.MultiheadAttention(4, 2).stateDict();
    expect(await in_proj_bias.abs().max().add(last.abs().max()).item()).toBe(0);
  });

  it("of norms and biases are not decayed, those of kernels are", () => {
    const decays = (module: Module<never, unknown>) => module.parameters().map(({ parameter }) => parameter.decay);
    expect(decays(new nn.Conv2d(2, 2, { kernelSize: 3 }))).toEqual([true, false]);
    expect(decays(new nn.GroupNorm(1, 2))).toEqual([false, false]);
    expect(decays(new nn.RMSNorm(2))).toEqual([false]);
    expect(decays(new nn.MultiheadAttention(2, 1))).toEqual([true, false, true, false]);
  });
});

describe("what a layer cannot use is refused in its name", () => {
  const image = zeros([2, 3, 8, 8]);
  it.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    [
      "channels",
      () => new nn.Conv2d(4, 2, { kernelSize: 3 }).forward(image),
      ShapeError,
      /Conv2d: expected an input \[B, 4, H, W\] or \[4, H, W\], got \[2, 3, 8, 8\]/,
    ],
    [
      "dimensions",
      () => new nn.ConvTranspose1d(3, 2, { kernelSize: 3 }).forward(image),
      ShapeError,
      /ConvTranspose1d: expected an input \[B, 3, L\]/,
    ],
    [
      "groups",
      () => new nn.Conv1d(4, 6, { kernelSize: 3, groups: 4 }),
      ConfigError,
      /Conv1d: expected a divisor of 4 inputs and 6 outputs for groups, got 4/,
    ],
    [
      "no kernel",
      () => new nn.Conv1d(4, 6, {} as nn.ConvLayerOptions),
      ConfigError,
      /Conv1d: expected a size of the window for kernelSize/,
    ],
    [
      "half a kernel",
      () => new nn.Conv1d(4, 6, { kernelSize: 1.5 }),
      ShapeError,
      /Conv1d: expected whole numbers from 1 on for kernelSize, got 1.5/,
    ],
    [
      "three sizes",
      () => new nn.Conv2d(4, 6, { kernelSize: [1, 2, 3] }),
      ShapeError,
      /Conv2d: expected one number or 2 for kernelSize/,
    ],
    [
      "a large kernel",
      () => new nn.Conv2d(3, 2, { kernelSize: 9 }).forward(image),
      ShapeError,
      /larger than the padded input/,
    ],
    [
      "same with a stride",
      () => new nn.Conv2d(3, 2, { kernelSize: 3, stride: 2, padding: "same" }).forward(image),
      ShapeError,
      /expected stride 1 with padding "same"/,
    ],
    [
      "a padding mode",
      () => new nn.Conv2d(3, 2, { kernelSize: 3, paddingMode: "mirror" as "reflect" }),
      ConfigError,
      /zeros, reflect, replicate, circular for paddingMode, got mirror/,
    ],
    [
      "padding beyond the image",
      () => new nn.Conv2d(3, 2, { kernelSize: 3, padding: 8, paddingMode: "reflect" }).forward(image),
      ShapeError,
      /pad: expected at most 7 more along axis 2 by mode reflect/,
    ],
    [
      "output padding",
      () => new nn.ConvTranspose2d(3, 2, { kernelSize: 3, outputPadding: 1 }).forward(image),
      ConfigError,
      /less than stride or dilation/,
    ],
    [
      "an output of nothing",
      () => new nn.ConvTranspose2d(3, 2, { kernelSize: 1, padding: 4 }).forward(image),
      ShapeError,
      /padding is larger than the output/,
    ],
    [
      "pooling padding",
      () => new nn.MaxPool2d(2, { padding: 2 }).forward(image),
      ConfigError,
      /maxPool: expected at most half a window, 1 for padding, got 2/,
    ],
    [
      "pooling windows",
      () => new nn.AvgPool2d(9).forward(image),
      ShapeError,
      /avgPool: expected windows of at most 8 elements, got 9/,
    ],
    [
      "pooling dimensions",
      () => new nn.MaxPool1d(2).forward(image),
      ShapeError,
      /MaxPool1d: expected an input \[B, C, L\] or \[C, L\]/,
    ],
    [
      "groups of a norm",
      () => new nn.GroupNorm(4, 6),
      ConfigError,
      /GroupNorm: expected a divisor of 6 channels for groups, got 4/,
    ],
    [
      "channels of a norm",
      () => new nn.GroupNorm(2, 6).forward(image),
      ShapeError,
      /GroupNorm: expected an input \[B, 6, …\]/,
    ],
    [
      "features of a norm",
      () => new nn.LayerNorm([3, 8]).forward(image),
      ShapeError,
      /LayerNorm: expected an input \[…, 3, 8\]/,
    ],
    ["features of RMSNorm", () => new nn.RMSNorm(7).forward(image), ShapeError, /RMSNorm: expected an input \[…, 7\]/],
    [
      "heads",
      () => new nn.MultiheadAttention(6, 4),
      ConfigError,
      /MultiheadAttention: expected a divisor of 6 features for heads, got 4/,
    ],
    [
      "keys",
      () => new nn.MultiheadAttention(6, 2).forward(zeros([2, 6]), zeros([3, 5])),
      ShapeError,
      /MultiheadAttention: expected keys \[B, …, 6\], got \[3, 5\]/,
    ],
    ["dropout", () => new nn.MultiheadAttention(6, 2, { dropout: 1 }), ConfigError, /a rate in \[0, 1\)/],
    [
      "no size",
      () => new nn.Upsample({}).forward(image),
      ConfigError,
      /interpolate: expected one of them for size and scaleFactor, got none/,
    ],
    ["both sizes", () => new nn.Upsample({ size: 4, scaleFactor: 2 }).forward(image), ConfigError, /got both/],
    [
      "a mode of signals",
      () => new nn.Upsample({ size: 4, mode: "linear" }).forward(image),
      ConfigError,
      /"nearest" or "bilinear" or "bicubic" of 2 dimensions for mode, got "linear"/,
    ],
    ["pixels", () => new nn.PixelUnshuffle(3).forward(image), ShapeError, /sides are multiples of 3, got 8 × 8/],
    ["channels of pixels", () => new nn.PixelShuffle(2).forward(image), ShapeError, /a multiple of 4 channels, got 3/],
    ["sizes", () => new nn.Unflatten(1, [2, -1]).forward(image), ShapeError, /unflatten: expected whole numbers/],
  ])("%s", (_, call, errorClass, message) => {
    expect(call).toThrow(errorClass);
    expect(call).toThrow(message);
  });
});

it("attention sees what it is told to, and drops weights in training only", async () => {
  const layer = new nn.MultiheadAttention(4, 2, { dropout: 0.5 }).seed(3);
  const [tokens, mask] = [
    randn([2, 3, 4], { seed: 1 }),
    tensor([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]),
  ];
  const causal = new nn.MultiheadAttention(4, 2, { causal: true });
  causal.loadStateDict(layer.stateDict());
  const apart = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
  expect(await apart(layer.forward(tokens, tokens, tokens, mask), causal.forward(tokens))).toBeLessThan(1e-6);
  const run = (mode: "train" | "sample") => compile((x: Tensor) => layer.forward(x), { mode })(tokens);
  expect(await apart(run("sample"), layer.forward(tokens))).toBeLessThan(1e-6);
  expect(await apart(run("train"), layer.forward(tokens))).toBeGreaterThan(1e-3);
});

describe("a module as a function of its parameters", () => {
  const layer = new nn.Linear(2, 1);
  const x = tensor([[1, 2]]);
  const given = { weight: tensor([[3, 4]]), bias: tensor([5]) };

  it("uses them, and keeps its own", async () => {
    const before = await layer.forward(x).toArray();
    expect(await functionalCall(layer, given, x).toArray()).toEqual([[16]]);
    expect(await layer.forward(x).toArray()).toEqual(before);
    expect(() => functionalCall(layer, given, ones([1, 3]))).toThrow(ShapeError);
    expect(await layer.forward(x).toArray()).toEqual(before);
  });

  it("is differentiated by them, also within itself", async () => {
    const loss = (parameters: Record<string, Tensor>) => functionalCall(layer, parameters, x).sum();
    const { weight, bias } = grad(loss)(given);
    expect([await weight.toArray(), await bias.toArray()]).toEqual([[[1, 2]], [1]]);
    // One gradient step inside a function of the parameters.
    const stepped = (parameters: Record<string, Tensor>) => {
      const gradient = grad((p: Record<string, Tensor>) => functionalCall(layer, p, x).square().sum())(parameters);
      const next = Object.fromEntries(
        Object.entries(parameters).map(([name, p]) => [name, p.sub(gradient[name].mul(0.1))]),
      );
      return functionalCall(layer, next, x).sum();
    };
    // f(p − 0.1·2f(p)·∇f) = f − 0.2·f·|∇f|² with |∇f|² = 6: −0.2·f in all.
    expect(await grad(stepped)(given).weight.mul(10).round().toArray()).toEqual([[-2, -4]]);
  });

  it("refuses names and shapes that do not fit", () => {
    expect(() => functionalCall(layer, { weight: given.weight }, x)).toThrow(/functionalCall: .*missing: \[bias\]/);
    expect(() => functionalCall(layer, { ...given, bias: ones([2]) }, x)).toThrow(/bias of shape \[1\], got \[2\]/);
  });

  it("gives its state, which another one takes", async () => {
    const [from, to] = [new nn.Linear(2, 2).seed(1), new nn.Linear(2, 2).seed(2)];
    to.loadStateDict(from.stateDict());
    expect(await to.forward(x).toArray()).toEqual(await from.forward(x).toArray());
  });
});
