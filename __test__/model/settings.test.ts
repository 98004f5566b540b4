// Every option of a model's calls is refused at the door where it is not what its type says: users of plain JavaScript have no compiler.
// The compiler keeps the tables below complete, so that a new option without a case here is an error.
import {
  AbortError,
  ConfigError,
  compile,
  customPath,
  DataError,
  DiffusionModel,
  DiscreteFlowMatchingModel,
  diffusionFunction,
  EnergyConditionalDiffusionModel,
  GuidedDiffusionModel,
  load,
  OptimalTransportConditionalFlowModel,
  randn,
  registerModule,
  type Tensor,
  trainStep,
  weightFunction,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { mlp, planar, small } from "./support.ts";

const rows = randn([8, 2], { seed: 2 });
const model = small();
const worse = small(1);
const flow = new OptimalTransportConditionalFlowModel({
  xSize: 2,
  model: { type: "velocity_function", args: { backbone: mlp } },
});
const withEnergy = new EnergyConditionalDiffusionModel({
  ...planar(),
  xSize: 2,
  energyGuidance: {
    backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 32], outputSize: 1, activation: "silu" } },
  },
});
const tokens = new DiscreteFlowMatchingModel({
  xSize: 2,
  vocabulary: 3,
  model: {
    type: "data_prediction_function",
    args: {
      backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [7, 32], outputSize: 6, activation: "silu" } },
    },
  },
});
const pair = new GuidedDiffusionModel({ base: worse, guided: model });
const once = { steps: 1, progress: false } as const;
const solver = { type: "ODESolver", args: { method: "euler", steps: 2 } } as const;

/** What is not so. */
const no = {
  truth: [null, "x", 0, 1, Number.NaN, {}, []],
  whole: [null, "a", 1.5, Number.NaN, true, {}, [], () => 1],
  positive: [null, "a", 1.5, 0, -1, Number.NaN, true, {}],
  number: [null, "a", Number.NaN, true, {}, []],
  name: [null, "nosuch", 0, Number.NaN, true, {}, [], () => 1],
  function: [null, "x", 0, 1, true, {}, []],
  object: [null, "nosuch", 0, 1, true, []],
  text: [null, 0, true, {}, []],
  list: [null, "x", 0, true, {}],
  signal: [null, "x", 0, true, {}, () => 1],
  size: [null, "a", 0, -1, 1.5, Number.NaN, {}],
  tensor: [null, "x", 0, 1, true, {}, []],
};
/** Data are refused with another class of errors. */
const isData = (wrong: readonly unknown[]) => wrong === no.tensor;

/** Options of each type with what is refused for them. */
type Table<Settings> = { readonly [Name in keyof Required<Settings>]: readonly unknown[] };
type Of<Method extends (...given: never[]) => unknown, Place extends number> = NonNullable<Parameters<Method>[Place]>;

const job = { signal: no.signal, progress: no.truth, onReport: no.function };
const fit: Table<Of<typeof model.fit, 1>> = {
  accumulate: no.positive,
  batchSize: no.positive,
  best: no.text,
  buffer: no.positive,
  checkpoint: no.object,
  condition: no.tensor,
  earlyStop: no.object,
  ema: ["x", true, {}, [], Number.NaN, 1.5],
  epochs: no.positive,
  every: no.object,
  frozen: no.list,
  lastBatch: no.name,
  log: [null, "x", 0, true, {}, [null], () => 1],
  loss: no.object,
  normalize: no.truth,
  optimizer: no.object,
  posthocEma: no.object,
  progress: no.truth,
  resume: no.truth,
  sampleWeight: no.tensor,
  seed: no.whole,
  signal: no.signal,
  steps: no.positive,
  validation: no.object,
  weight: no.function,
};
const flowing = {
  ...job,
  seed: no.whole,
  solver: no.object,
  tSpan: no.list,
  guidance: [null, "x", true, []],
  weights: no.name,
};
const sample: Table<Of<typeof model.sample, 0>> = {
  ...flowing,
  batchSize: no.size,
  condition: no.tensor,
  diffusion: no.object,
  energy: no.object,
  guide: no.object,
  schedule: no.object,
  x0: no.tensor,
};
const { batchSize: _, x0: __, ...forward } = sample;
const { guide: ___, signal, progress, onReport, ...ofTraces } = forward;
const density: Table<Of<typeof model.logProb, 1>> = { ...flowing, condition: no.tensor, divergence: no.name };
const loss: Table<Of<typeof model.flowMatchingLoss, 1>> = {
  condition: no.tensor,
  sampleWeight: no.tensor,
  weight: [null, "x", 0, true, []],
  weighting: no.name,
  time: no.object,
  layout: no.name,
  energy: no.object,
  reduction: no.name,
  weights: no.name,
  seed: no.whole,
};
const call: Table<Of<typeof model.scoreFunction, 2>> = { condition: no.tensor, weights: no.name };

type Case = readonly [
  string,
  call: (settings: object) => unknown,
  options: Readonly<Record<string, readonly unknown[]>>,
  at?: string,
];
const inTrace = (of: (x: Tensor) => Tensor) => compile(of)(rows);

const cases: readonly Case[] = [
  ["fit", (given) => model.fit(rows, { ...once, ...given }), fit],
  [
    "fit of a stream",
    (given) =>
      model.fit(
        async function* () {
          yield rows;
        },
        { ...once, ...given },
      ),
    { buffer: fit.buffer, progress: no.truth },
  ],
  [
    "validation of fit",
    (given) => model.fit(rows, { ...once, validation: { data: rows, every: 1, ...given } }),
    { data: no.tensor, every: no.positive, condition: no.tensor, sampleWeight: no.tensor } satisfies Table<
      NonNullable<Of<typeof model.fit, 1>["validation"]>
    >,
    "validation.",
  ],
  [
    "every of fit",
    (given) => model.fit(rows, { ...once, every: { steps: 1, call: () => 1, ...given } }),
    { steps: no.positive, call: no.function } satisfies Table<NonNullable<Of<typeof model.fit, 1>["every"]>>,
    "every.",
  ],
  ["sample", (given) => model.sample({ batchSize: 2, ...given }), sample],
  ["sampleForwardProcess", (given) => model.sampleForwardProcess({ batchSize: 2, ...given }), sample],
  [
    "guide of sample",
    (given) => model.sample({ batchSize: 2, guide: { model: worse, scale: 1, ...given } }),
    { model: [null, "x", 0, {}, [], mlp], scale: no.number } satisfies Table<
      NonNullable<Of<typeof model.sample, 0>["guide"]>
    >,
    "guide.",
  ],
  [
    "energy of sample",
    (given) => model.sample({ batchSize: 2, energy: { function: (_t, x) => x.sum(1), ...given } }),
    { function: no.function, scale: no.number, at: no.name } satisfies Table<
      NonNullable<Of<typeof model.sample, 0>["energy"]>
    >,
    "energy.",
  ],
  [
    "sampleWithFixedX",
    (given) => model.sampleWithFixedX(rows, zeros([8, 2]), given),
    { ...sample, resample: no.object } satisfies Table<Of<typeof model.sampleWithFixedX, 2>>,
  ],
  [
    "sampleWithLogProb",
    (given) => model.sampleWithLogProb({ batchSize: 2, ...given }),
    { ...sample, divergence: no.name } satisfies Table<Of<typeof model.sampleWithLogProb, 0>>,
  ],
  ["forwardSample", (given) => model.forwardSample(rows, given), forward],
  ["logProb", (given) => model.logProb(rows, given), density],
  [
    "tracedSample",
    (given) => inTrace((x0) => model.tracedSample({ x0, solver, ...given })),
    { ...ofTraces, x0: no.tensor } satisfies Table<Of<typeof model.tracedSample, 0>>,
  ],
  [
    "energy of tracedSample",
    (given) => inTrace((x0) => model.tracedSample({ x0, solver, energy: { function: (_t, x) => x.sum(1), ...given } })),
    { function: no.function },
    "energy.",
  ],
  [
    "tracedLogProb",
    (given) => inTrace((x) => model.tracedLogProb(x, { solver, ...given })),
    (({ signal: _s, progress: _p, onReport: _r, ...options }) => options)(density) satisfies Table<
      Of<typeof model.tracedLogProb, 1>
    >,
  ],
  ["flowMatchingLoss", (given) => model.flowMatchingLoss(rows, given).data(), loss],
  [
    "flowMatchingLoss of a flow",
    (given) => flow.flowMatchingLoss(rows, given).data(),
    { ...loss, x0: no.tensor } satisfies Table<Of<typeof flow.flowMatchingLoss, 1>>,
  ],
  ["scoreFunction", (given) => model.scoreFunction(0.5, rows, given).data(), call],
  ["energyFunction", (given) => withEnergy.energyFunction(0.5, rows, given).data(), call],
  [
    "candidates of energyMatchingLoss",
    (given) => withEnergy.energyMatchingLoss({ x: zeros([4, 3, 2]), energy: zeros([4, 3]), ...given }),
    { x: no.tensor, energy: no.tensor } satisfies Table<Of<typeof withEnergy.energyMatchingLoss, 0>>,
    "data.",
  ],
  [
    "couple",
    (given) => flow.couple({ x0: rows, x1: rows, ...given }),
    { x0: no.tensor, x1: no.tensor, condition: no.tensor, seed: no.whole } satisfies Table<Of<typeof flow.couple, 0>>,
  ],
  [
    "sample of tokens",
    (given) => tokens.sample({ batchSize: 2, ...given }),
    {
      ...job,
      batchSize: no.size,
      condition: no.tensor,
      guidance: [null, "x", true, []],
      sampler: no.object,
      seed: no.whole,
      tSpan: no.list,
      weights: no.name,
      x0: no.tensor,
    } satisfies Table<Of<typeof tokens.sample, 0>>,
  ],
  ["logits", (given) => tokens.logits(0.5, zeros([8, 2], { dtype: "i64" }), given).data(), call],
  [
    "sample of a pair",
    (given) => pair.sample({ batchSize: 2, ...given }),
    { guidanceScale: no.number, seed: no.whole, progress: no.truth },
  ],
  ["stateDict", (given) => model.stateDict(given), { weights: no.name }],
  ["loadStateDict", (given) => worse.loadStateDict(model.stateDict(), given), { strict: no.truth }],
  ["importWeights", (given) => model.importWeights("absent.pt", given), { strict: no.truth }],
  ["load", (given) => load("absent", given), { device: no.text }],
  ["load of a class", (given) => DiffusionModel.load("absent", given), { device: no.text }],
];

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Checks that a call is refused with an error that names a place. */
async function expectRefused(call: () => unknown, place: string, kind: typeof ConfigError | typeof DataError) {
  const error = await thrownBy(call);
  expect(error, place).toBeInstanceOf(kind);
  const { message } = error as Error;
  // A field that is missing, or unknown, within it is as good.
  expect(message.slice(0, place.length), message).toBe(place);
  expect(message).toMatch(/expected .*, got |unknown key/);
}

describe("an option of a wrong type is refused, and named", () => {
  const single = cases.flatMap(([name, of, options, at = ""]) =>
    Object.entries(options).map(([option, wrong]) => [`${name}: ${option}`, of, option, wrong, at] as const),
  );

  it.each(single)("%s", async (_, of, option, wrong, at) => {
    for (const value of wrong) {
      await expectRefused(() => of({ [option]: value }), `${at}${option}`, isData(wrong) ? DataError : ConfigError);
    }
  });

  it("before anything is begun", async () => {
    const aborted = AbortSignal.abort();
    await expectRefused(() => model.sample({ signal: aborted, onReport: 1 as never }), "onReport", ConfigError);
    await expect(model.sample({ signal: aborted })).rejects.toThrow(AbortError);
  });

  it.each<[string, (wrong: never) => unknown, readonly unknown[]]>([
    ["loss", (wrong) => trainStep(model, wrong), no.function],
    ["optimizer", (wrong) => trainStep(model, (x: Tensor) => x.mean(), wrong), no.object],
    ["trainStep", (wrong) => trainStep(wrong, (x: Tensor) => x.mean()), no.object],
    ["tracedLogProb", (wrong) => inTrace((x) => model.tracedLogProb(x, wrong)), no.object],
    ["data", (wrong) => withEnergy.energyMatchingLoss(wrong), no.object],
    ["base", (wrong) => new GuidedDiffusionModel({ base: wrong, guided: model }), no.object],
    ["weightFunction", (wrong) => weightFunction(wrong), no.function],
    ["diffusionFunction", (wrong) => diffusionFunction(wrong), no.function],
    ["customPath", (wrong) => customPath(wrong), no.object],
    ["customPath.scale", (wrong) => customPath({ scale: wrong, std: (t) => t }), no.function],
    ["registerModule", (wrong) => registerModule("NoSuchModule", wrong), no.function],
  ])("%s, by its place", async (place, of, wrong) => {
    for (const value of wrong) await expectRefused(() => of(value as never), place, ConfigError);
  });

  it("and undefined is as good as nothing", async () => {
    const nothing = (options: object) => Object.fromEntries(Object.keys(options).map((name) => [name, undefined]));
    await small().fit(rows, { ...nothing(fit), ...once });
    await model.sample({ ...nothing(sample), batchSize: 2 });
    await model.logProb(rows, nothing(density));
    await model.flowMatchingLoss(rows, nothing(loss)).data();
    await model.scoreFunction(0.5, rows, nothing(call)).data();
    flow.couple({ x0: rows, x1: rows, seed: undefined as never });
    model.stateDict({ weights: undefined as never });
  });
});
