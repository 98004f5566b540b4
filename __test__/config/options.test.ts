// Every call that takes an object of options refuses a name that it does not know, so that no option silently does nothing.
// The sources are read for such calls, so that a new one without a case here is a failure.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as thalweg from "thalweg";
import {
  arange,
  ConfigError,
  compile,
  datasets,
  eye,
  fitEncoding,
  fromColumns,
  full,
  fullLike,
  grad,
  jvp,
  linspace,
  load,
  meshgrid,
  metrics,
  nn,
  OptimalTransportConditionalFlowModel,
  ones,
  onesLike,
  Parameter,
  plot,
  rand,
  randInt,
  randLike,
  randn,
  randnLike,
  randPerm,
  readIdx,
  readImages,
  readNpy,
  readNpz,
  readTable,
  Table,
  type Tensor,
  tensor,
  trainStep,
  valueAndGrad,
  zeros,
  zerosLike,
} from "thalweg";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { mlp, small } from "../model/support.ts";

/** Options of which the call knows none. */
const none = { nosuch: 1 } as never;
const x = randn([4, 3], { seed: 1 });
const image = zeros([1, 2, 8, 8]);
const model = small();
const flow = new OptimalTransportConditionalFlowModel({
  xSize: 2,
  model: { type: "velocity_function", args: { backbone: mlp } },
});
const rows = randn([4, 2], { seed: 2 });
const table = Table.fromColumns({ a: [1, 2, 3] });
const square = (y: Tensor) => y.square().sum();
const inTrace = (call: (y: Tensor) => Tensor) => compile(call)(rows);

/** By the name of the function, the method or the class. */
const calls: Readonly<Record<string, () => unknown>> = {
  tensor: () => tensor([1], none),
  full: () => full([1], 2, none),
  zeros: () => zeros([1], none),
  ones: () => ones([1], none),
  arange: () => arange(3, none),
  randn: () => randn([1], none),
  rand: () => rand([1], none),
  linspace: () => linspace(0, 1, 3, none),
  eye: () => eye(2, 2, none),
  meshgrid: () => meshgrid([arange(2)], none),
  randInt: () => randInt(0, 3, [2], none),
  randPerm: () => randPerm(3, none),
  fullLike: () => fullLike(x, 1, none),
  zerosLike: () => zerosLike(x, none),
  onesLike: () => onesLike(x, none),
  randnLike: () => randnLike(x, none),
  randLike: () => randLike(x, none),
  compile: () => compile(square, none),
  valueAndGrad: () => valueAndGrad(square, none),
  grad: () => grad(square, none),
  jvp: () => jvp(square, none),
  conv: () => image.conv(ones([2, 2, 3, 3]), none),
  convTranspose: () => image.convTranspose(ones([2, 2, 3, 3]), none),
  maxPool: () => image.maxPool(2, none),
  avgPool: () => image.avgPool(2, none),
  interpolate: () => image.interpolate(none),
  pad: () => x.pad([0, 0], [1, 1], none),
  argSort: () => x.argSort(0, none),
  sort: () => x.sort(0, none),
  sortBy: () => x.sortBy(arange(4), 0, none),
  topK: () => x.topK(1, 0, none),
  quantile: () => x.quantile(0.5, 0, none),
  median: () => x.median(0, none),
  cosineSimilarity: () => x.cosineSimilarity(x, 0, none),
  attention: () => x.attention(x, x, none),
  sum: () => x.sum(1, none),
  mean: () => x.mean(1, none),
  max: () => x.max(1, none),
  min: () => x.min(1, none),
  variance: () => x.variance(1, none),
  std: () => x.std(1, none),
  norm: () => x.norm(1, none),
  prod: () => x.prod(1, none),
  all: () => x.all(1, none),
  any: () => x.any(1, none),
  argMax: () => x.argMax(1, none),
  argMin: () => x.argMin(1, none),
  cumSum: () => x.cumSum(1, none),
  logSumExp: () => x.logSumExp(1, none),
  layerNorm: () => x.layerNorm(none),
  normalize: () => x.normalize(1, none),
  Parameter: () => new Parameter([1], none),
  Conv1d: () => new nn.Conv1d(1, 2, { kernelSize: 3, nosuch: 1 } as never),
  Conv2d: () => new nn.Conv2d(1, 2, { kernelSize: 3, nosuch: 1 } as never),
  ConvTranspose1d: () => new nn.ConvTranspose1d(1, 2, { kernelSize: 3, nosuch: 1 } as never),
  ConvTranspose2d: () => new nn.ConvTranspose2d(1, 2, { kernelSize: 3, nosuch: 1 } as never),
  MaxPool1d: () => new nn.MaxPool1d(2, none),
  MaxPool2d: () => new nn.MaxPool2d(2, none),
  AvgPool1d: () => new nn.AvgPool1d(2, none),
  AvgPool2d: () => new nn.AvgPool2d(2, none),
  GroupNorm: () => new nn.GroupNorm(1, 2, none),
  LayerNorm: () => new nn.LayerNorm(2, none),
  RMSNorm: () => new nn.RMSNorm(2, none),
  Linear: () => new nn.Linear(2, 3, none),
  MultiheadAttention: () => new nn.MultiheadAttention(4, 2, none),
  MultiLayerPerceptron: () =>
    new nn.MultiLayerPerceptron({ hiddenSizes: [2], outputSize: 1, activation: "relu", nosuch: 1 } as never),
  Upsample: () => new nn.Upsample({ size: 2, nosuch: 1 } as never),
  checkerboard: () => datasets.checkerboard({ count: 4, nosuch: 1 } as never),
  eightGaussians: () => datasets.eightGaussians({ count: 4, nosuch: 1 } as never),
  moons: () => datasets.moons({ count: 4, nosuch: 1 } as never),
  pinwheel: () => datasets.pinwheel({ count: 4, nosuch: 1 } as never),
  sCurve: () => datasets.sCurve({ count: 4, nosuch: 1 } as never),
  spirals: () => datasets.spirals({ count: 4, nosuch: 1 } as never),
  swissRoll: () => datasets.swissRoll({ count: 4, nosuch: 1 } as never),
  shuffle: () => datasets.shuffle(x, none),
  fitEncoding: () => fitEncoding(table, none),
  encode: async () => (await fitEncoding(table)).encode(table, none),
  encodeCondition: async () => (await fitEncoding(table)).encodeCondition(table, none),
  readIdx: () => readIdx("absent", none),
  readImages: () => readImages("absent", { size: [1, 1], nosuch: 1 } as never),
  readNpy: () => readNpy("absent", none),
  readNpz: () => readNpz("absent", none),
  readTable: () => readTable("absent.csv", none),
  fromColumns: () => fromColumns([[1]], none),
  split: () => table.split({ validation: 0.5, nosuch: 1 } as never),
  slicedWasserstein: () => metrics.slicedWasserstein(x, x, none),
  mmd: () => metrics.mmd(x, x, none),
  pathEnergy: () => metrics.pathEnergy(image, none),
  normalizedPathEnergy: () => metrics.normalizedPathEnergy(image, none),
  straightness: () => metrics.straightness(image, none),
  bitsPerDimension: () => metrics.bitsPerDimension(x, { dimensions: 1, levels: 256, nosuch: 1 } as never),
  scatter: () => plot.scatter(x, none),
  density: () => plot.density(model, none),
  field: () => plot.field(model, none),
  loss: () => plot.loss([], none),
  marginals: () => plot.marginals(model, none),
  snapshots: () => plot.snapshots(model, none),
  trajectories: () => plot.trajectories(x, none),
  lines: () => plot.lines([], none),
  heatMap: () => plot.heatMap(x, none),
  bars: () => plot.bars([], { labels: [], nosuch: 1 } as never),
  images: () => plot.images(image, none),
  table: () => plot.table(Table.fromColumns({ x: [1] }), none),
  panels: () => plot.panels([plot.images(image)], none),
  load: () => load("absent", none),
  fit: () => model.fit(rows, none),
  scoreMatchingLoss: () => model.scoreMatchingLoss(rows, none),
  flowMatchingLoss: () => model.flowMatchingLoss(rows, none),
  sample: () => model.sample(none),
  sampleForwardProcess: () => model.sampleForwardProcess(none),
  sampleWithFixedX: () => model.sampleWithFixedX(rows, rows, none),
  sampleWithLogProb: () => model.sampleWithLogProb(none),
  logProb: () => model.logProb(rows, none),
  forwardSample: () => model.forwardSample(rows, none),
  forwardSampleProcess: () => model.forwardSampleProcess(rows, none),
  tracedSample: () => inTrace((x0) => model.tracedSample({ x0, nosuch: 1 } as never)),
  tracedSampleForwardProcess: () => inTrace((x0) => model.tracedSampleForwardProcess({ x0, nosuch: 1 } as never)),
  tracedLogProb: () => inTrace((x0) => model.tracedLogProb(x0, none)),
  scoreFunction: () => model.scoreFunction(0.5, rows, none),
  noiseFunction: () => model.noiseFunction(0.5, rows, none),
  velocityFunction: () => model.velocityFunction(0.5, rows, none),
  dataPredictionFunction: () => model.dataPredictionFunction(0.5, rows, none),
  couple: () => flow.couple({ x0: rows, x1: rows, nosuch: 1 } as never),
  stateDict: () => model.stateDict(none),
  loadStateDict: () => model.loadStateDict(model.stateDict(), none),
  importWeights: () => model.importWeights("absent", none),
};

const source = fileURLToPath(new URL("../../ts/src/", import.meta.url));

/** What the package exports, and what its namespaces do. */
const exported = new Set(
  [thalweg, thalweg.nn, thalweg.plot, thalweg.metrics, thalweg.datasets].flatMap((names) => Object.keys(names)),
);

const takesOptions = ({ parameters }: ts.SignatureDeclaration) =>
  parameters.some(({ name }) => /^(options|settings|split)$/.test(name.getText()));

/** Functions, and methods of public classes, of a file that take options. */
function found(text: string): string[] {
  const file = ts.createSourceFile("a.ts", text, ts.ScriptTarget.ES2022, true);
  const modifiers = (node: ts.HasModifiers) => (ts.getModifiers(node) ?? []).map(({ kind }) => kind);
  return file.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement) && takesOptions(statement)) return statement.name?.text ?? [];
    if (!ts.isClassDeclaration(statement) || !modifiers(statement).includes(ts.SyntaxKind.ExportKeyword)) return [];
    const isAbstract = modifiers(statement).includes(ts.SyntaxKind.AbstractKeyword);
    return statement.members.flatMap((member) => {
      if (ts.isConstructorDeclaration(member) && takesOptions(member) && !isAbstract) return statement.name?.text ?? [];
      if (!ts.isMethodDeclaration(member) || !takesOptions(member) || !ts.isIdentifier(member.name)) return [];
      const isOurs = modifiers(member).includes(ts.SyntaxKind.ProtectedKeyword);
      return isOurs ? [] : `.${member.name.text}`;
    });
  });
}

/** Options of which any calls go through the same doors as those of the calls above. */
const alike = /^(adamw|adam|sgd|warmupCosine|constant|linear|cosine)$/;
const internal = /^(read|streamed|checkFit|bridgeMatchingLoss|energyMatchingLoss|energyFunction|logits|sampleTable)$/;

describe("a name that is not known is refused", () => {
  it.each(Object.entries(calls))("%s", async (_, call) => {
    const done = (async () => call())();
    await expect(done).rejects.toThrow(ConfigError);
    await expect(done).rejects.toThrow(/nosuch/);
  });

  it("by every call that takes options", () => {
    const layers = ["tensor", "module", "data", "train", "model", "plot"].map((layer) => join(source, layer));
    const files = layers.flatMap((layer) =>
      readdirSync(layer, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => readFileSync(join(layer, name), "utf8")),
    );
    const names = [...new Set(files.flatMap(found))];
    const wanted = names
      .filter((name) => name.startsWith(".") || exported.has(name))
      .map((name) => name.replace(".", ""));
    expect(wanted.length).toBeGreaterThan(90);
    expect(wanted.filter((name) => !(name in calls) && !alike.test(name) && !internal.test(name))).toEqual([]);
  });
});

describe("the message", () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "names the layer, the key and the nearest one",
      () => new nn.Conv2d(1, 2, { kernelSize: 3, strides: 2 } as never),
      /^Conv2d: expected settings of the names kernelSize, stride, .*, got "strides"; did you mean "stride"\?$/,
    ],
    ["of snake_case", () => new nn.Conv2d(1, 2, { kernel_size: 3 } as never), /did you mean "kernelSize"\?$/],
    ["of PyTorch's keepdim", () => x.sum(1, { keepdim: true } as never), /^sum: .*; did you mean "keepDims"\?$/],
    ["of PyTorch's eps", () => new nn.LayerNorm(2, { eps: 1e-6 } as never), /^LayerNorm: .*did you mean "epsilon"\?$/],
    [
      "of a number in the place of options",
      () => new nn.Conv2d(1, 2, 3 as never),
      /^Conv2d: expected an object of settings \{ kernelSize, stride, .* \}, got number 3$/,
    ],
    [
      "of a truth value",
      () => x.sum(1, true as never),
      /^sum: expected an object of settings \{ keepDims \}, got boolean true/,
    ],
    ["of null", () => zeros([1], null as never), /^zeros: expected an object of settings \{ dtype \}, got null$/],
    ["of a tensor", () => x.max(0, x as never), /^max: expected an object of settings \{ keepDims \}, got a Tensor$/],
    [
      "of an optimiser",
      () => thalweg.adamw(1e-3 as never),
      /^adamw: expected an object of settings \{ lr \}, got number/,
    ],
    ["of a line in a plot", () => plot.lines([{ name: "a", xs: x } as never]), /series 1: .*"xs"; did you mean "x"\?/],
    ["of validation data", () => model.fit(rows, { validation: { data: rows, evry: 1 } as never }), /mean "every"\?/],
    ["of every", () => model.fit(rows, { every: { step: 1, call: () => 1 } as never }), /did you mean "steps"\?/],
    [
      "of every's function",
      () => model.fit(rows, { every: { steps: 1 } as never }),
      /^every\.call: expected a function/,
    ],
    ["of a guide", () => model.sample({ guide: { model, scael: 1 } as never }), /^guide: .*did you mean "scale"\?/],
    [
      "of an energy",
      () => model.sample({ energy: { functoin: square } as never }),
      /^energy: .*did you mean "function"\?/,
    ],
    [
      "of pairs",
      () => flow.fit({ x0: rows, x1: rows, x2: rows } as never, { steps: 1 }),
      /^data: expected settings of the names x0, x1/,
    ],
    [
      "of pairs with a name that is none",
      () => flow.fit({ x0: rows, y: rows } as never, { steps: 1 }),
      /^data: expected \{ x0, x1 \}, got \{ x0, .* \} without x1/,
    ],
    [
      "of a training step's optimiser",
      () => trainStep(model, square, { type: "adamw", weight_decay: 1 } as never),
      /"weightDecay"/,
    ],
  ])("%s", async (_, call, message) => {
    await expect((async () => call())()).rejects.toThrow(message);
  });

  it("of options without a prototype, as parsers of queries give them, is none", () => {
    expect(x.sum(1, Object.assign(Object.create(null), { keepDims: true })).shape).toEqual([4, 1]);
  });
});
