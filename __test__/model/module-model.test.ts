// Models whose backbone is written in TypeScript: traced once per shapes and mode, trained and sampled in the engine.
import {
  compile,
  DiffusionModel,
  DTypeError,
  Module,
  nn,
  randn,
  registerModule,
  ShapeError,
  Tensor,
  TraceError,
  tensor,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { data, numbers, planar } from "./support.ts";

/** API.md's module: time joins after the first layer. */
class MyModule extends Module {
  readonly time: nn.Linear;
  readonly layers: nn.Linear[];
  constructor({ xSize, tDim, hiddenSizes }: { xSize: number; tDim: number; hiddenSizes: number[] }) {
    super();
    const sizes = [xSize, ...hiddenSizes, xSize];
    this.time = new nn.Linear(tDim, hiddenSizes[0]);
    this.layers = sizes.slice(1).map((size, i) => new nn.Linear(sizes[i], size));
  }
  override forward(t: Tensor, x: Tensor, _condition?: Tensor): Tensor {
    const [first, ...rest] = this.layers;
    return rest.reduce((h, layer) => layer.forward(h.silu()), first.forward(x).add(this.time.forward(t)));
  }
}

/** The seed document's module. */
class SeedModule extends Module {
  readonly layers: nn.Layer[] = [];
  constructor({ hiddenSizes, outputDim }: { hiddenSizes: number[]; outputDim: number }) {
    super();
    for (let i = 0; i < hiddenSizes.length - 1; i++) {
      this.layers.push(new nn.Linear(hiddenSizes[i], hiddenSizes[i + 1]));
      this.layers.push(new nn.ReLU());
    }
    this.layers.push(new nn.Linear(hiddenSizes[hiddenSizes.length - 1], outputDim));
  }
  override forward(_t: Tensor, x: Tensor, _condition?: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }
}

class Twin extends nn.MultiLayerPerceptron {
  override forward(t: Tensor, x: Tensor): Tensor {
    return super.forward(t, x);
  }
}

const myModule = registerModule("MyModule", MyModule);
const seedModule = registerModule(SeedModule, "SeedModule");
const twin = registerModule("Twin", Twin);

const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16, scale: 30 } } as const;
const mine = (seed = 0) =>
  new DiffusionModel({
    ...planar(),
    xSize: 2,
    seed,
    model: {
      type: "noise_function",
      args: { tEncoder, backbone: myModule({ xSize: 2, tDim: 16, hiddenSizes: [32, 16] }) },
    },
  });

describe("API.md's module", () => {
  it("has its fields' parameters below backbone", () => {
    expect(
      mine()
        .parameters()
        .map(({ name }) => name),
    ).toEqual([
      "t_encoder.W",
      "backbone.time.weight",
      "backbone.time.bias",
      "backbone.layers.0.weight",
      "backbone.layers.0.bias",
      "backbone.layers.1.weight",
      "backbone.layers.1.bias",
      "backbone.layers.2.weight",
      "backbone.layers.2.bias",
    ]);
  });

  it("trains and samples, and forward runs once per shapes and mode", async () => {
    const model = mine();
    const before = await model.flowMatchingLoss(data(), { seed: 1 }).item();
    expect(model.traceCount).toBe(1);
    await model.fit(data(), { steps: 100, batchSize: 64, progress: false });
    expect(model.traceCount).toBe(2);
    await model.fit(data(), { steps: 5, batchSize: 64, progress: false });
    expect(model.traceCount).toBe(2);
    expect(await model.flowMatchingLoss(data(), { seed: 1 }).item()).toBeLessThan(before);
    const samples = await model.sample({ batchSize: 100 });
    expect(samples.shape).toEqual([100, 2]);
    expect(model.traceCount).toBe(3);
    await model.sample({ batchSize: 101, seed: 3 });
    expect(model.traceCount).toBe(3);
    expect(await samples.isFinite().cast("f32").min().item()).toBe(1);
  });

  it("runs from a plain config, and inside a function of one's own", async () => {
    const backbone = { type: "MyModule", args: { xSize: 2, tDim: 16, hiddenSizes: [32, 16] } };
    const config = { ...planar(), model: { type: "noise_function", args: { tEncoder, backbone } } };
    const model = new DiffusionModel({ ...(config as ReturnType<typeof planar>), xSize: 2 });
    const x = data(8);
    const [a, b] = [model.velocityFunction(0.5, x), compile((y: Tensor) => mine().velocityFunction(0.5, y))(x)];
    expect(await a.sub(b).abs().max().item()).toBeLessThan(1e-5);
  });

  it("saves and loads", async () => {
    const { mkdtemp, rm } = await import("node:fs/promises");
    const { tmpdir } = await import("node:os");
    const { join } = await import("node:path");
    const folder = await mkdtemp(join(tmpdir(), "thalweg-mine-"));
    try {
      const model = mine(3);
      await model.save(join(folder, "model"));
      const loaded = await DiffusionModel.load(join(folder, "model"));
      expect(await numbers(await loaded.sample({ batchSize: 5, seed: 2 }))).toEqual(
        await numbers(await model.sample({ batchSize: 5, seed: 2 })),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

it("the seed document's module runs as written where its first size is xSize", async () => {
  const model = new DiffusionModel({
    ...planar(),
    xSize: 64,
    path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
    model: { type: "noise_function", args: { backbone: seedModule({ hiddenSizes: [64, 32, 16], outputDim: 64 }) } },
  });
  const { loss } = await model.fit(data(64).indexSelect(1, data(64).select(1, 0).mul(0).cast("i64")), {
    steps: 2,
    batchSize: 8,
    progress: false,
  });
  expect(Number.isFinite(loss)).toBe(true);
  expect((await model.sample({ batchSize: 3 })).shape).toEqual([3, 64]);
});

it("the TypeScript twin of MultiLayerPerceptron is the Rust one: equal names, values, loss and gradient steps", async () => {
  const args = { hiddenSizes: [3, 32, 32], outputSize: 2, activation: "silu" } as const;
  const network = (backbone: Parameters<typeof planar>[0]) => new DiffusionModel({ ...planar(backbone), xSize: 2 });
  const rust = network({
    model: { type: "velocity_function", args: { backbone: { type: "MultiLayerPerceptron", args } } },
  });
  const typescript = network({ model: { type: "velocity_function", args: { backbone: twin(args) } } });
  expect(typescript.parameters()).toEqual(rust.parameters());
  const [a, b] = [rust.stateDict(), typescript.stateDict()];
  for (const [name, tensor] of Object.entries(a)) expect(await numbers(b[name])).toEqual(await numbers(tensor));
  const settings = { steps: 20, batchSize: 32, seed: 1, progress: false } as const;
  const [first, second] = [await rust.fit(data(), settings), await typescript.fit(data(), settings)];
  expect(Math.abs((first.loss ?? 0) - (second.loss ?? 1))).toBeLessThan(1e-4);
});

describe("a forward that cannot be used is refused before anything runs", () => {
  let given: (t: Tensor, x: Tensor) => unknown = (_, x) => x;
  class Bad extends Module {
    readonly layer = new nn.Linear(2, 2);
    override forward(t: Tensor, x: Tensor): Tensor {
      return given(t, x) as Tensor;
    }
  }
  const bad = registerModule("Bad", Bad);
  const model = () =>
    new DiffusionModel({ ...planar(), xSize: 2, model: { type: "noise_function", args: { backbone: bad({}) } } });

  it.each<[string, typeof given, new (message: string) => Error, RegExp]>([
    [
      "a wrong shape",
      (_, x) => x.sum(1),
      ShapeError,
      /^Bad\.forward: expected a result like x, f32 \[64, 2\], got f32 \[64\]/,
    ],
    ["a wrong element type", (_, x) => x.cast("f64"), DTypeError, /^Bad\.forward: .*got f64/],
    ["no tensor", () => "text", TraceError, /^Bad\.forward: expected a tensor like x.*got string text/],
    ["read data", (_, x) => x.data(), TraceError, /^Bad\.forward: .*data\(\) was called/],
    [
      "a thrown error",
      () => {
        throw new RangeError("mine");
      },
      TraceError,
      /^Bad\.forward threw RangeError: mine/,
    ],
  ])("%s", async (_, forward, errorClass, message) => {
    given = forward;
    const tried = model();
    const fit = () => tried.fit(data(), { steps: 1, batchSize: 64, progress: false });
    expect(fit).toThrow(errorClass);
    expect(fit).toThrow(message);
    await expect(tried.sample({ batchSize: 64 })).rejects.toThrow(errorClass);
    // Nothing is lost: the model works once its forward does.
    given = (_t, x) => x;
    expect((await tried.sample({ batchSize: 2 })).shape).toEqual([2, 2]);
  });
});

/** Three classes, and perhaps one for none. */
class OfLabels extends Module {
  readonly labels: nn.Embedding;
  readonly last = new nn.Linear(2 + 8, 2);
  declare readonly noCondition?: number;
  constructor({ none }: { none?: number }) {
    super();
    this.labels = new nn.Embedding(4, 8);
    if (none !== undefined) this.noCondition = none;
  }
  override forward(_t: Tensor, x: Tensor, condition: Tensor): Tensor {
    const label = this.labels.forward(condition.squeeze(1).cast("i64"));
    return this.last.forward(Tensor.concat([x, label], 1));
  }
}
const ofLabels = registerModule("OfLabels", OfLabels);

describe("a module of labels", () => {
  const made = (none?: number) =>
    new DiffusionModel({
      xSize: 2,
      conditionSize: 1,
      conditionDropout: 0.5,
      path: { type: "linear" },
      model: { type: "velocity_function", args: { backbone: ofLabels({ ...(none !== undefined && { none }) }) } },
    });
  const labels = tensor([[0], [1], [2], [0]], { dtype: "f32" });

  it("says what stands for none: that number is what rows without a condition are given", async () => {
    const model = made(3);
    await model.fit(randn([4, 2], { seed: 0 }), { condition: labels, steps: 40, batchSize: 4 });
    const [none, three] = await Promise.all([
      model.sample({ batchSize: 3, seed: 1 }),
      model.sample({ batchSize: 3, seed: 1, condition: tensor([[3]], { dtype: "f32" }) }),
    ]);
    expect(await three.squeeze(1).toArray()).toEqual(await none.toArray());
  });

  it("that does not say it is refused, since it cannot be learned", async () => {
    const fitted = made().fit(randn([4, 2], { seed: 0 }), { condition: labels, steps: 1, batchSize: 4 });
    await expect(fitted).rejects.toThrow(TraceError);
    await expect(fitted).rejects.toThrow(/conditionDropout.*whole numbers.*noCondition = classes/s);
  });
});
