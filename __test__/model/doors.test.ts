// What is refused at the door, and what must not come through it: arguments that are none, numbers that are none, names that are traps.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortError,
  adamw,
  CheckpointError,
  ConfigError,
  DataError,
  DiffusionModel,
  GuidedDiffusionModel,
  load,
  MemoryError,
  Module,
  metrics,
  OptimalTransportConditionalFlowModel,
  randInt,
  randn,
  registerModule,
  type Tensor,
  trainStep,
  zeros,
} from "thalweg";
import { afterAll, describe, expect, it } from "vitest";
import { data, mlp, numbers, planar, small } from "./support.ts";

class Passing extends Module {
  override forward(_t: Tensor, x: Tensor): Tensor {
    return x;
  }
}
const passing = registerModule("Passing", Passing);
const folder = mkdtempSync(join(tmpdir(), "thalweg-doors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const euler = (steps: number) => ({ type: "ODESolver", args: { method: "euler", steps } }) as const;
const nested = (xSize: object) =>
  new DiffusionModel({
    ...planar(),
    xSize: xSize as { readonly [name: string]: number },
    model: { type: "velocity_function", args: { backbone: passing({}) } },
  });

describe("the parts of a state", () => {
  it("keep their order, their units and their places in a checkpoint", async () => {
    const model = nested({ b: 1, a: 2 });
    const rows = { b: randn([256, 1], { seed: 1 }).add(1_000), a: randn([256, 2], { seed: 2 }) };
    await model.fit(rows, { steps: 1, batchSize: 64, progress: false });
    await model.save(join(folder, "parts"));
    const again = (await load(join(folder, "parts"))) as unknown as typeof model;
    expect(Object.keys(again.config.xSize)).toEqual(["b", "a"]);
    const [before, after] = await Promise.all([model, again].map((m) => m.sample({ batchSize: 50, seed: 1 })));
    for (const part of ["a", "b"] as const) {
      expect(await numbers(after![part]!)).toEqual(await numbers(before![part]!));
    }
    expect(await after!.b!.mean().item()).toBeGreaterThan(900);
  });

  it("may have any name, and none of them reaches what objects have in common", async () => {
    for (const text of [
      '{"__proto__":{"polluted":2}}',
      '{"constructor":{"polluted":2},"x":1}',
      '{"toString":{"polluted":1}}',
    ]) {
      const samples = await nested(JSON.parse(text)).sample({ batchSize: 2, solver: euler(2) });
      expect(Object.keys(samples)).toEqual(Object.keys(JSON.parse(text)));
      for (const common of [{}, Object, Object.prototype.toString]) expect("polluted" in common).toBe(false);
    }
  });
});

describe("a final step to the datum", () => {
  const solver = { type: "ODESolver", args: { method: "rk4", steps: 20, denoiseFinal: true } } as const;
  const still = { type: "ODESolver", args: { method: "rk4", steps: 20 } } as const;

  it("is refused beside a density and on the way to noise, and left out of the model's own solver there", async () => {
    const [model, denoising] = [small(), new DiffusionModel({ ...planar(), xSize: 2, solver })];
    const x = randn([4, 2], { seed: 3 });
    for (const refused of [
      () => model.logProb(x, { solver }),
      () => model.sampleWithLogProb({ batchSize: 2, solver }),
      () => model.forwardSample(x, { solver }),
    ]) {
      await expect(refused()).rejects.toThrow(/solver\.args\.denoiseFinal: expected false/);
    }
    const [own, plain] = await Promise.all([denoising.logProb(x), small().logProb(x, { solver: still })]);
    expect(await numbers(own.logProb)).toEqual(await numbers(plain.logProb));
    expect(await numbers(await denoising.forwardSample(x))).toEqual(
      await numbers(await small().forwardSample(x, { solver: still })),
    );
  });

  it("ends where the datum can be told", async () => {
    for (const type of ["linear_vp_sde", "cosine_vp", "polynomial"] as const) {
      const model = new DiffusionModel({ ...planar(), path: { type }, xSize: 2 });
      expect((await numbers(await model.sample({ batchSize: 4, solver }))).every(Number.isFinite), type).toBe(true);
    }
  });
});

describe("numbers that are none", () => {
  it("are refused before they are computed with", async () => {
    const model = small();
    const bad = randn([4, 2]).div(0);
    const calls: (() => Promise<unknown>)[] = [
      () => model.sample({ x0: bad }),
      () => model.logProb(bad),
      () => model.forwardSample(bad),
      () => model.flowMatchingLoss(bad).item(),
    ];
    for (const call of calls) {
      await expect(Promise.resolve().then(call)).rejects.toThrow(DataError);
    }
  });

  it("do not come out of a function where it is not defined", async () => {
    const noise = new DiffusionModel({
      ...planar({ path: { type: "linear" } }),
      xSize: 2,
      model: { type: "noise_function", args: { backbone: mlp } },
    });
    const x = randn([3, 2]);
    for (const [call, what] of [
      [
        () => noise.velocityFunction(1, x),
        /velocity_function cannot be had from a noise_function there: expected times in \[0, 0\.999/,
      ],
      [() => noise.dataPredictionFunction(1, x), /data_prediction_function/],
      [() => noise.scoreFunction(0, x), /score_function/],
    ] as const) {
      await expect(call().data()).rejects.toThrow(DataError);
      await expect(call().data()).rejects.toThrow(what);
    }
    expect((await numbers(noise.noiseFunction(1, x))).every(Number.isFinite)).toBe(true);
  });
});

describe("what is too much", () => {
  it("is refused before memory is taken for it", async () => {
    const model = small();
    await expect(model.sample({ solver: euler(4e9) })).rejects.toThrow(ConfigError);
    await expect(model.sample({ solver: euler(2_000_000) })).rejects.toThrow(/solver\.args\.steps/);
    const resample = { jump: 1, times: 4_000_000 };
    await expect(model.sampleWithFixedX(zeros([1, 2]), zeros([1, 2]), { solver: euler(10), resample })).rejects.toThrow(
      /resample/,
    );
    const many = zeros([400_000, 2]);
    await expect(metrics.wasserstein(many, many)).rejects.toThrow(MemoryError);
    await expect(metrics.momentErrors(zeros([2, 400_000]), zeros([2, 400_000]))).rejects.toThrow(MemoryError);
    const flow = new OptimalTransportConditionalFlowModel({ ...planar(), path: undefined, xSize: 2 } as never);
    await expect(flow.fit(many as never, { steps: 1, batchSize: 400_000, progress: false })).rejects.toThrow(
      MemoryError,
    );
  });

  it("ends in a short message", async () => {
    const tSpan = Array.from({ length: 50_000 }, (_, i) => i / 100);
    const error: Error = await small()
      .sample({ tSpan })
      .then(
        () => new Error("nothing"),
        (thrown) => thrown,
      );
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message.length).toBeLessThan(1_000);
  });
});

describe("arguments that are none", () => {
  const calls: [string, () => unknown][] = [
    ["sample(null)", () => small().sample(null as never)],
    ["sample(5)", () => small().sample(5 as never)],
    ["logProb(x, null)", () => small().logProb(data(4), null as never)],
    ["fit(x, null)", () => small().fit(data(4), null as never)],
    ["stateDict(null)", () => small().stateDict(null as never)],
    ["loadStateDict(null)", () => small().loadStateDict(null as never)],
    ["a pair of nothing", () => new GuidedDiffusionModel(undefined as never)],
    [
      "sample of a pair with null",
      () => new GuidedDiffusionModel({ base: small(), guided: small() }).sample(null as never),
    ],
    ["a signal that is none", () => small().sample({ signal: 5 as never })],
    ["a weight that is no function", () => small().fit(data(4), { steps: 1, weight: "x" as never })],
    ["an energy that is no function", () => small().sample({ energy: { function: 5 as never } })],
    ["load(null)", () => load(null as never)],
    ["save(5)", () => small().save(5 as never)],
    ["posthocEma of a text", () => small().posthocEma("0.1" as never)],
    ["an option of another call", () => small().sample({ divergence: "exact" } as never)],
    ["an option of the engine's", () => small().sample({ trajectory: true } as never)],
    ["batchSize of the way to noise", () => small().forwardSample(data(4), { batchSize: 2 } as never)],
    ["a best checkpoint without validation", () => small().fit(data(4), { steps: 1, best: join(folder, "best") })],
    ["early stopping without validation", () => small().fit(data(4), { steps: 1, earlyStop: { patience: 1 } })],
    ["levels beyond single precision", () => metrics.dequantize(zeros([2]), 2 ** 24)],
  ];

  it.each(calls)("%s", async (_, call) => {
    const error = await Promise.resolve()
      .then(call)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(ConfigError);
  });
});

describe("an end that was asked for", () => {
  it("comes while a function of the caller's never ends", async () => {
    const run = small().fit(data(), {
      steps: 50,
      batchSize: 64,
      progress: false,
      every: { steps: 5, call: () => new Promise(() => {}) },
    });
    for await (const _ of run) break;
    run.stop();
    expect((await run).reason).toBe("stopped");
    const controller = new AbortController();
    const call = () => controller.abort();
    const aborted = small().fit(data(), {
      steps: 50,
      batchSize: 64,
      progress: false,
      signal: controller.signal,
      every: { steps: 5, call },
    });
    await expect(aborted).rejects.toThrow(AbortError);
  });

  it("comes while a large batch is being paired, and other models are not kept waiting", async () => {
    const flow = new OptimalTransportConditionalFlowModel({
      xSize: 2,
      model: { type: "velocity_function", args: { backbone: mlp } },
    });
    const run = flow.fit(randn([4_096, 2], { seed: 1 }), { steps: 10, batchSize: 4_096, progress: false });
    await small().sample({ batchSize: 2 });
    run.stop();
    // The first pairs take seconds: what had waited for them would have done a step.
    expect((await run).stepsRun).toBe(0);
  });
});

describe("a checkpoint", () => {
  it("that is no checkpoint says what to do in words that work", async () => {
    await expect(load(join(folder, "nothing"))).rejects.toThrow(CheckpointError);
  });
});

describe("labels as a condition", () => {
  const given = (conditionSize: number) =>
    new DiffusionModel({
      ...planar(),
      conditionSize,
      model: { type: "velocity_function", args: { backbone: passing({}) } },
    });
  const labels = randInt(0, 4, [8]);
  const fit = async (conditionSize: number, condition: Tensor) =>
    void (await given(conditionSize).fit(zeros([8, 2]), { steps: 1, progress: false, condition }));

  it("are answered by both ways of giving them, each of which is taken", async () => {
    for (const size of [1, 4]) {
      await expect(fit(size, labels)).rejects.toThrow(
        /Remedy: of labels \[N\], labels\.cast\("f32"\)\.unsqueeze\(1\) for a network with numClasses \(conditionSize: 1\), or labels\.oneHot\(classes\) for conditionSize: classes$/,
      );
    }
    await expect(fit(1, labels.oneHot(4))).rejects.toThrow(
      /Remedy: conditionSize: 4 in the config, .*labels\.cast\("f32"\)\.unsqueeze\(1\) for a network with numClasses/,
    );
    await expect(fit(1, labels.cast("f32"))).rejects.toThrow(/Remedy: condition\.unsqueeze\(1\)$/);
    await fit(1, labels.cast("f32").unsqueeze(1));
    await fit(4, labels.oneHot(4));
  });
});

it("trainStep takes the optimizer itself, and says so of one that is wrapped", () => {
  const wrapped = { optimizer: adamw() } as never;
  expect(() => trainStep(small(), (x: Tensor) => x.mean(), wrapped)).toThrow(ConfigError);
  expect(() => trainStep(small(), (x: Tensor) => x.mean(), wrapped)).toThrow(
    /^optimizer: unknown key; trainStep takes the optimizer itself as its third argument: trainStep\(model, loss, adamw/,
  );
  expect(() => trainStep(small(), (x: Tensor) => x.mean(), {} as never)).toThrow(/^type: expected "adamw"/);
});

it("a state's own part may be called x0, alone and in pairs", async () => {
  const flow = new OptimalTransportConditionalFlowModel({
    xSize: { x0: 1, y: 1 },
    model: { type: "velocity_function", args: { backbone: passing({}) } },
  });
  const state = { x0: zeros([4, 1]), y: zeros([4, 1]) };
  await flow.fit(state, { steps: 1, progress: false });
  await flow.fit({ x0: state, x1: state }, { steps: 1, progress: false });
  expect(() => flow.fit({ x1: state } as never, { steps: 1 })).toThrow(
    /^data: expected \{ x0, x1 \}, got \{ x1 \} without x0/,
  );
});
