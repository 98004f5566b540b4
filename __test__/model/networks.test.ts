// Every built-in network trains on a problem that it is made for, samples what it learned, and comes back from a checkpoint bit for bit.
// The bounds are of the loss (½ of a sum over all coordinates) after a few seconds of training; each is far below the untrained one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adamw,
  type config,
  cosine,
  DiffusionModel,
  IndependentConditionalFlowModel,
  load,
  randn,
  Tensor,
  tensor,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backboneNames } from "../../ts/src/generated/names.ts";
import { numbers } from "./support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-networks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A tensor of values given by their places. */
function filled(shape: readonly number[], value: (...place: number[]) => number): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const places = (i: number) => {
    const place: number[] = [];
    for (let rest = i, axis = shape.length - 1; axis >= 0; axis--) {
      place.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return place;
  };
  return tensor(
    Float32Array.from({ length: count }, (_, i) => value(...places(i))),
    { shape },
  );
}

const ROWS = 256;
const noise = (shape: readonly number[], scale: number) => randn(shape, { seed: 11 }).mul(scale);
const labels = filled([ROWS, 1], (row) => row % 2);

/** Stripes along the rows (label 0) or the columns (label 1), at one of four offsets. */
const stripes = filled([ROWS, 1, 8, 8], (row, _, i, j) => {
  const along = row % 2 === 0 ? i : j;
  return (along + Math.floor(row / 2)) % 4 < 2 ? 1 : -1;
}).add(noise([ROWS, 1, 8, 8], 0.05));

/** Waves of one or two periods (labels 0 and 1) and any phase. */
const waves = (shape: readonly number[], axis: number) =>
  filled(shape, (row, ...place) => {
    const phase = ((Math.floor(row / 2) * 37) % 128) / 128;
    return Math.sin(2 * Math.PI * ((1 + (row % 2)) * (place[axis] / shape[axis + 1]) + phase));
  });

/** A dot that moves through a small video along the diagonal, from one of four starts. */
const video = filled([ROWS, 4, 1, 4, 4], (row, time, _, i, j) => {
  const start = Math.floor(row / 2) % 4;
  return i === (start + time) % 4 && j === (start + 2 * time) % 4 ? 2 : -0.2;
}).add(noise([ROWS, 4, 1, 4, 4], 0.05));

/** Actions near a function of the observation. */
const observations = randn([ROWS, 3], { seed: 5 });
const [first, second, third] = [0, 1, 2].map((i) => observations.narrow(1, i, 1));
const policy = (o: readonly Tensor[]) => Tensor.concat([o[0].mul(o[1]), o[2].sin().sub(o[0])], 1);
const actions = policy([first, second, third]).add(noise([ROWS, 2], 0.05));

/** Mean distance of two tensors of rows. */
const apart = async (a: Tensor, b: Tensor) => a.sub(b).square().mean().sqrt().item();

/** The share of striped images whose stripes lie as their labels say. */
async function asLabelled(samples: Tensor): Promise<number> {
  const [along, across] = [3, 2].map((axis) => samples.mean(axis).square().mean([1, 2]));
  const vertical = across.gt(along).cast("f32");
  return await vertical.sub(labels.squeeze(1)).abs().rsub(1).mean().item();
}

/** Power of each of the first frequencies of a wave along the last axis, relative to all. */
async function power(samples: Tensor, frequencies: readonly number[]): Promise<number> {
  const size = samples.shape[samples.rank - 1];
  const wave = (f: (x: number) => number, k: number) => filled([size], (i) => f((2 * Math.PI * k * i) / size));
  const parts = frequencies.flatMap((k) =>
    [Math.sin, Math.cos].map((f) => samples.mul(wave(f, k)).mean(-1).square().mul(2)),
  );
  const sum = parts.reduce((a, b) => a.add(b));
  return (await sum.mean().item()) / (await samples.square().mean().item());
}

interface Case {
  readonly backbone: config.BackboneConfig;
  readonly size: readonly number[];
  readonly data: Tensor;
  readonly condition?: Tensor;
  readonly encoders?: object;
  readonly steps: number;
  readonly normalize?: boolean;
  readonly rate?: number;
  /** Largest loss after training. */
  readonly bound: number;
  /** What samples for the data's conditions must be. */
  readonly check: (samples: Tensor) => Promise<void>;
}

const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16, scale: 1 } } as const;
const follows = async (samples: Tensor) => expect(await apart(samples, actions)).toBeLessThan(0.6);
const lie = async (samples: Tensor) => expect(await asLabelled(samples)).toBeGreaterThan(0.9);
const swing = async (samples: Tensor) => expect(await power(samples, [1, 2])).toBeGreaterThan(0.8);
const along = async (samples: Tensor) => swing(samples.permute([0, 2, 1]));
const labelled = { condition: labels } as const;
const time = { timeFactor: 1000 } as const;

const cases: Record<string, Case> = {
  MultiLayerPerceptron: {
    backbone: {
      type: "MultiLayerPerceptron",
      args: { hiddenSizes: [2 + 3 + 16, 64, 64], outputSize: 2, activation: "silu" },
    },
    ...{
      size: [2],
      data: actions,
      condition: observations,
      encoders: { tEncoder },
      steps: 800,
      bound: 0.75,
      check: follows,
    },
  },
  ConcatenateMLP: {
    backbone: {
      type: "ConcatenateMLP",
      args: { hiddenSizes: [2 + 3 + 16, 64, 64], outputSize: 2, activation: "silu" },
    },
    ...{
      size: [2],
      data: actions,
      condition: observations,
      encoders: { tEncoder },
      steps: 800,
      bound: 0.75,
      check: follows,
    },
  },
  TemporalSpatialResidualNet: {
    backbone: {
      type: "TemporalSpatialResidualNet",
      args: { hiddenSizes: [64, 32], outputDim: 2, tDim: 16, conditionDim: 3, conditionHiddenDim: 32 },
    },
    ...{
      size: [2],
      data: actions,
      condition: observations,
      encoders: { tEncoder },
      steps: 800,
      bound: 0.75,
      check: follows,
    },
  },
  TemporalSpatialConditionalResidualNet: {
    backbone: {
      type: "TemporalSpatialConditionalResidualNet",
      args: { hiddenSizes: [64, 32], outputDim: 2, tDim: 16, inputDim: 2, conditionDim: 3, tHiddenDim: 32 },
    },
    ...{
      size: [2],
      data: actions,
      condition: observations,
      encoders: { tEncoder },
      steps: 800,
      bound: 0.75,
      check: follows,
    },
  },
  MLPResNet: {
    backbone: {
      type: "MLPResNet",
      args: { numBlocks: 2, inputDim: 2 + 3 + 16, outputDim: 2, hiddenDim: 32, useLayerNorm: true },
    },
    ...{
      size: [2],
      data: actions,
      condition: observations,
      encoders: { tEncoder },
      steps: 800,
      bound: 0.75,
      check: follows,
    },
  },
  TemporalConcatenateMLPResNet: {
    backbone: {
      type: "TemporalConcatenateMLPResNet",
      args: {
        tDim: 16,
        numBlocks: 2,
        inputDim: 2 + 3,
        outputDim: 2,
        hiddenDim: 32,
        dropoutRate: 0.01,
        useLayerNorm: true,
      },
    },
    ...{
      size: [2],
      data: actions,
      condition: observations,
      encoders: { tEncoder },
      steps: 800,
      bound: 0.75,
      check: follows,
    },
  },
  DiT: {
    backbone: {
      type: "DiT",
      args: {
        inputSize: 8,
        patchSize: 2,
        inChannels: 1,
        hiddenSize: 32,
        depth: 2,
        numHeads: 2,
        numClasses: 2,
        ...time,
      },
    },
    ...{ size: [1, 8, 8], data: stripes, ...labelled, steps: 2500, bound: 24, check: lie },
  },
  unet_2D: {
    backbone: {
      type: "unet_2D",
      args: {
        ...{ inChannels: 1, modelChannels: 16, numResBlocks: 1, channelMult: [1, 2], attentionResolutions: [2] },
        ...{ numHeads: 2, numClasses: 2, ...time },
      },
    },
    ...{ size: [1, 8, 8], data: stripes, ...labelled, steps: 400, bound: 20, check: lie },
  },
  UViT: {
    backbone: {
      type: "UViT",
      args: { imgSize: 8, patchSize: 4, inChans: 1, embedDim: 32, depth: 2, numHeads: 2, numClasses: 2, ...time },
    },
    ...{ size: [1, 8, 8], data: stripes, ...labelled, steps: 1200, bound: 24, check: lie },
  },
  DiT1D: {
    backbone: {
      type: "DiT1D",
      args: {
        tokenSize: 16,
        patchSize: 2,
        inChannels: 2,
        hiddenSize: 32,
        depth: 2,
        numHeads: 2,
        numClasses: 2,
        ...time,
      },
    },
    ...{ size: [16, 2], data: waves([ROWS, 16, 2], 0), ...labelled, steps: 400, bound: 10, check: along },
  },
  unet_1D: {
    backbone: {
      type: "unet_1D",
      args: { inChannels: 1, modelChannels: 16, numResBlocks: 1, channelMult: [1, 2], numClasses: 2, ...time },
    },
    ...{ size: [1, 16], data: waves([ROWS, 1, 16], 1), ...labelled, steps: 800, bound: 7, check: swing },
  },
  DiT3D: {
    backbone: {
      type: "DiT3D",
      args: {
        patchBlockSize: 4,
        patchSize: 2,
        inChannels: 1,
        hiddenSize: 48,
        depth: 2,
        numHeads: 2,
        convolved: true,
        ...time,
      },
    },
    size: [4, 1, 4, 4],
    data: video,
    normalize: false,
    steps: 1500,
    bound: 16,
    // Half of the squared numbers of a video lie in its four dots.
    check: async (samples) => {
      const dots = await samples.max([2, 3, 4]).mean().item();
      expect(dots).toBeGreaterThan(1.5);
    },
  },
};

interface Operator {
  readonly backbone: config.BackboneConfig;
  readonly size: readonly number[];
  /** How fast waves fade, beside the rise; only nets that know the time can follow that. */
  readonly fading: number;
}

/** Operators on fields: heat that spreads from a smooth start, and rises by 2 everywhere. */
const operators: Record<string, Operator> = {
  FNO1d: {
    backbone: { type: "FNO1d", args: { modes1: 3, numVars: 2, width: 2, numLayers: 2 } },
    size: [2, 2, 16],
    fading: 0,
  },
  FNO2d: {
    backbone: { type: "FNO2d", args: { modes1: 3, modes2: 3, numVars: 1, width: 2, numLayers: 2 } },
    size: [2, 1, 8, 8],
    fading: 0,
  },
  FNO1dTemporal: {
    backbone: { type: "FNO1dTemporal", args: { modes1: 3, inChannels: 2, outChannels: 2, numLayers: 2 } },
    size: [2, 16],
    fading: 0.3,
  },
  FNO2dTemporal: {
    backbone: { type: "FNO2dTemporal", args: { modes1: 3, modes2: 3, inChannels: 2, outChannels: 2, numLayers: 2 } },
    size: [2, 8, 8],
    fading: 0.3,
  },
  FNO2dTemporalMultivariable: {
    backbone: {
      type: "FNO2dTemporalMultivariable",
      args: { modes1: 3, modes2: 3, numVars: 2, inChannels: 2, outChannels: 2, numLayers: 2 },
    },
    size: [2, 2, 8, 8],
    fading: 0.3,
  },
};

/** Smooth fields of the first frequencies, and what heat makes of them; sizes of more than 2 are places. */
function heated(size: readonly number[], fading: number): { readonly x0: Tensor; readonly x1: Tensor } {
  const places = size.filter((n) => n > 2);
  const waves = [0, 1, 2].flatMap((k) =>
    k === 0
      ? [[0, 0]]
      : [
          [k, 0],
          [k, 1],
        ],
  );
  const products = places.length === 1 ? waves.map((w) => [w]) : waves.flatMap((a) => waves.map((b) => [a, b]));
  const count = places.reduce((a, b) => a * b, 1);
  const basis = filled([products.length, count], (m, place) => {
    const at = places.length === 1 ? [place] : [Math.floor(place / places[1]), place % places[1]];
    return products[m].reduce(
      (value, [k, sine], i) => value * Math.cos((2 * Math.PI * k * at[i]) / places[i] - (sine * Math.PI) / 2),
      1,
    );
  });
  const decay = filled([products.length], (m) => Math.exp(-fading * products[m].reduce((sum, [k]) => sum + k * k, 0)));
  const fields = size.reduce((a, b) => a * b, ROWS) / count;
  const start = randn([fields, products.length], { seed: 1 }).mul(0.3);
  const shape = [ROWS, ...size];
  return { x0: start.matmul(basis).reshape(shape), x1: start.mul(decay).matmul(basis).add(2).reshape(shape) };
}

/** It has no parameters, and so nothing to train. */
const WITHOUT_PARAMETERS = "ConcatenateLayer";

it("all networks are here", () => {
  const here = [...Object.keys(cases), ...Object.keys(operators), WITHOUT_PARAMETERS];
  expect(here.sort()).toEqual([...backboneNames].sort());
});

/** Parameters that GenerativeRL's networks carry and do not use, kept for its checkpoints. */
const UNUSED = /^backbone\.(layers2|layer2_w|(main\.)?blocks\.\d+\.residual)\./;

/** The parameters that training left as they were, of those that are trained and used. */
async function untouched(
  model: Pick<DiffusionModel, "stateDict" | "parameters">,
  before: Record<string, Tensor>,
): Promise<string[]> {
  const after = model.stateDict();
  const names = model.parameters().filter(({ name, trainable }) => trainable && !UNUSED.test(name));
  const moved = await Promise.all(names.map(({ name }) => after[name].sub(before[name]).abs().max().item()));
  return names.flatMap(({ name }, i) => (moved[i] === 0 ? [name] : []));
}

const solver = { type: "ODESolver", args: { method: "heun2", steps: 12 } } as const;

describe.each(Object.entries(cases))(
  "%s",
  (name, { backbone, size, data, condition, encoders, steps, normalize, rate = 3e-3, bound, check }) => {
    it("trains, samples what it learned, and comes back from a checkpoint", { timeout: 300_000 }, async () => {
      const model = new DiffusionModel({
        xSize: size,
        ...(condition && { conditionSize: condition.shape.slice(1) }),
        solver,
        path: { type: "linear" },
        model: { type: "velocity_function", args: { ...encoders, backbone } },
      });
      const loss = () => model.flowMatchingLoss(data, { seed: 1, condition }).item();
      const optimizer = adamw({ lr: cosine({ peak: rate, steps }) });
      const [before, start] = [await loss(), model.stateDict()];
      await model.fit(data, { condition, steps, batchSize: 64, optimizer, ema: 0.98, normalize, progress: false });
      const after = await loss();
      expect(await untouched(model, start)).toEqual([]);
      expect(before).toBeGreaterThan(1.3 * bound);
      expect(after).toBeLessThan(bound);
      const request = condition === undefined ? { batchSize: ROWS, seed: 3 } : { condition, seed: 3 };
      const samples = await model.sample(request);
      expect(samples.shape).toEqual([ROWS, ...size]);
      await check(samples);
      await model.save(join(folder, name));
      const again = await load(join(folder, name));
      expect(await numbers(await again.sample(request))).toEqual(await numbers(samples));
    });
  },
);

describe.each(Object.entries(operators))("%s", (name, { backbone, size, fading }) => {
  it("learns an operator, and comes back from a checkpoint", async () => {
    const { x0, x1 } = heated(size, fading);
    const model = new IndependentConditionalFlowModel({
      xSize: size,
      solver,
      path: { type: "independent", sigma: 0 },
      model: { type: "velocity_function", args: { backbone } },
    });
    const [steps, start] = [2000, model.stateDict()];
    const optimizer = adamw({ lr: cosine({ peak: 3e-3, steps }) });
    await model.fit({ x0, x1 }, { steps, batchSize: 64, optimizer, normalize: false, progress: false });
    expect(await untouched(model, start)).toEqual([]);
    const carried = await model.sample({ x0 });
    expect(await apart(carried, x1)).toBeLessThan(0.1 * (await apart(x0, x1)));
    await model.save(join(folder, name));
    const again = await load(join(folder, name));
    expect(await numbers(await again.sample({ x0 }))).toEqual(await numbers(carried));
  });
});

describe("labels", () => {
  const clusters = filled([ROWS, 2], (row, i) => 3 * Math.cos((2 * Math.PI * (row % 3)) / 3 - (i * Math.PI) / 2)).add(
    noise([ROWS, 2], 0.1),
  );
  const three = filled([ROWS, 1], (row) => row % 3);
  const config = {
    xSize: 2,
    conditionSize: 1,
    conditionDropout: 0.2,
    solver,
    path: { type: "linear" },
    model: {
      type: "velocity_function",
      args: {
        conditionEncoder: { type: "DiscreteEmbeddingEncoder", args: { xDim: 3, xNum: 1, hiddenDim: 8 } },
        backbone: {
          type: "MultiLayerPerceptron",
          args: { hiddenSizes: [11, 64, 64], outputSize: 2, activation: "silu" },
        },
      },
    },
  } as const satisfies config.DiffusionConfig;

  it("reach any network by an encoder, can be hidden while training, and guide", async () => {
    const model = new DiffusionModel(config);
    await model.fit(clusters, {
      condition: three,
      steps: 1500,
      batchSize: 64,
      optimizer: adamw({ lr: 3e-3 }),
      progress: false,
    });
    for (const guidance of [undefined, { scale: 2 }]) {
      expect(await apart(await model.sample({ condition: three, seed: 1, guidance }), clusters)).toBeLessThan(0.5);
    }
    const hidden = model.stateDict()["null_condition.value"];
    expect(await numbers(hidden)).toEqual([3]);
    // Without a label, samples come from all clusters.
    const free = await model.sample({ batchSize: 300, seed: 2 });
    const distances = await Promise.all(
      [0, 1, 2].map((i) => free.sub(clusters.select(0, i)).square().sum(1).sqrt().lt(1).cast("f32").mean().item()),
    );
    for (const share of distances) expect(share).toBeGreaterThan(0.15);
  });

  it("may be rows of weights, and others than the known are refused", async () => {
    const model = new DiffusionModel({
      xSize: [1, 8, 8],
      conditionSize: 2,
      path: { type: "linear" },
      solver,
      model: { type: "velocity_function", args: { backbone: cases.DiT.backbone } },
    });
    expect((await model.sample({ condition: filled([3, 2], (row, i) => (row === i ? 1 : 0)) })).shape).toEqual([
      3, 1, 8, 8,
    ]);
    const by = new DiffusionModel({
      xSize: [1, 8, 8],
      conditionSize: 1,
      path: { type: "linear" },
      solver,
      model: { type: "velocity_function", args: { backbone: cases.DiT.backbone } },
    });
    // 2 stands for "no label" within the network alone.
    for (const wrong of [2, 7, -1, 0.5, Number.NaN]) {
      await expect(by.sample({ condition: tensor([[wrong]]) }), String(wrong)).rejects.toThrow(
        /condition: row 0: expected labels 0 … 1|is not a finite/,
      );
    }
  });
});

it("the parts of a nested condition reach a network side by side", async () => {
  const condition = { place: observations.narrow(1, 0, 2), speed: third };
  const model = new DiffusionModel({
    xSize: 2,
    conditionSize: { place: 2, speed: 1 },
    solver,
    path: { type: "linear" },
    model: {
      type: "velocity_function",
      args: {
        tEncoder,
        conditionEncoder: { type: "TensorDictConcatenateEncoder", args: {} },
        backbone: cases.TemporalConcatenateMLPResNet.backbone,
      },
    },
  });
  await model.fit(actions, { condition, steps: 600, batchSize: 64, optimizer: adamw({ lr: 3e-3 }), progress: false });
  await follows(await model.sample({ condition, seed: 1 }));
});
