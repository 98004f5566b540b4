// Sampling: the shapes of MATH.md section 8, seeds, conditions by row, trajectories, and stopping.
import {
  AbortError,
  ConfigError,
  DataError,
  DiffusionModel,
  Module,
  nn,
  randn,
  registerModule,
  Tensor,
  tensor,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { mlp, numbers, planar, small } from "./support.ts";

const conditional = () =>
  new DiffusionModel({
    ...planar(),
    xSize: 2,
    conditionSize: 3,
    model: {
      type: "velocity_function",
      args: { backbone: { ...mlp, args: { ...mlp.args, hiddenSizes: [6, 16] } } },
    },
  });

describe("shapes", () => {
  it.each<[object, number[]]>([
    [{}, [2]],
    [{ batchSize: 5 }, [5, 2]],
    [{ batchSize: [2, 3] }, [2, 3, 2]],
    [{ x0: randn([4, 2]) }, [4, 2]],
    [{ x0: randn([4, 2]), batchSize: 3 }, [3, 4, 2]],
    [{ batchSize: 1 }, [1, 2]],
  ])("%j", async (settings, shape) => {
    expect((await small().sample(settings)).shape).toEqual(shape);
  });

  it("with conditions: [N, D], and [B, N, D] where entry [b, n] uses condition n", async () => {
    const model = conditional();
    const condition = randn([3, 3], { seed: 1 }).mul(5);
    expect((await model.sample({ condition })).shape).toEqual([3, 2]);
    const start = Tensor.concat([tensor([[0.5, -1]]), tensor([[0.5, -1]]), tensor([[0.5, -1]])]);
    const each = await model.sample({ condition, x0: start });
    const both = await model.sample({ condition, x0: start, batchSize: 2 });
    expect(both.shape).toEqual([2, 3, 2]);
    for (const b of [0, 1]) {
      const difference = both.select(0, b).sub(each).abs().max();
      expect(await difference.item()).toBeLessThan(1e-6);
    }
    expect(await each.select(0, 0).sub(each.select(0, 1)).abs().max().item()).toBeGreaterThan(1e-3);
  });

  it("trajectories put time first", async () => {
    const tSpan = [0, 0.25, 0.5, 0.9];
    const paths = await small().sampleForwardProcess({ batchSize: 5, tSpan, seed: 3 });
    expect(paths.shape).toEqual([4, 5, 2]);
    const end = await small().sample({ batchSize: 5, tSpan, seed: 3 });
    expect(await paths.select(0, 3).sub(end).abs().max().item()).toBeLessThan(1e-6);
  });

  it("named parts are an object of tensors", async () => {
    class Parts extends Module<Tensor | { a: Tensor; b: { c: Tensor } }, object> {
      readonly layer = new nn.Linear(3, 3);
      override forward(_t: Tensor, x: { a: Tensor; b: { c: Tensor } }): object {
        const [a, c] = this.layer.forward(Tensor.concat([x.a, x.b.c], 1)).split([1, 2], 1);
        return { a, b: { c } };
      }
    }
    const parts = registerModule("Parts", Parts);
    const network = { type: "velocity_function", args: { backbone: parts({}) } } as const;
    const model = new DiffusionModel({ ...planar(), xSize: { a: 1, b: { c: 2 } }, model: network });
    const rows = { a: randn([32, 1]), b: { c: randn([32, 2]) } };
    expect((await model.fit(rows, { steps: 3, batchSize: 16, progress: false })).stepsRun).toBe(3);
    const sample = await model.sample({ batchSize: 4 });
    expect([sample.a.shape, sample.b.c.shape]).toEqual([
      [4, 1],
      [4, 2],
    ]);
    expect(model.velocityFunction(0.5, sample).b.c.shape).toEqual([4, 2]);
    const half = { a: sample.a } as typeof sample;
    expect(() => model.fit(half, { steps: 1 })).toThrow(/data: expected parts a, b\.c, got parts a/);
  });
});

describe("seeds", () => {
  it("equal seeds give equal samples, and row i does not depend on the batch size", async () => {
    const model = small();
    const five = await numbers(await model.sample({ batchSize: 5, seed: 3 }));
    expect(await numbers(await model.sample({ batchSize: 5, seed: 3 }))).toEqual(five);
    const nine = await model.sample({ batchSize: 9, seed: 3 });
    const difference = nine.narrow(0, 0, 5).sub(await model.sample({ batchSize: 5, seed: 3 }));
    expect(await difference.abs().max().item()).toBeLessThan(1e-5);
    expect(await numbers(await model.sample({ batchSize: 5, seed: 4 }))).not.toEqual(five);
  });

  it("the SDE is a function of the seed too", async () => {
    const solver = { type: "SDESolver", args: { steps: 20 } } as const;
    const settings = { batchSize: 4, seed: 2, solver } as const;
    const model = small();
    expect(await numbers(await model.sample(settings))).toEqual(await numbers(await model.sample(settings)));
  });
});

it("forwardSample undoes sample", async () => {
  const model = small();
  const solver = { type: "ODESolver", args: { method: "rk4", steps: 200 } } as const;
  const tSpan = [0, 0.9];
  const x0 = randn([6, 2], { seed: 1 });
  const there = await model.sample({ x0, solver, tSpan });
  const back = await model.forwardSample(there, { solver });
  expect(back.shape).toEqual([6, 2]);
  expect((await model.forwardSampleProcess(there, { solver, tSpan: [0.1, 0.5, 0.9] })).shape[0]).toBe(3);
});

describe("refusals", () => {
  it.each<[string, object, new (message: string) => Error, RegExp]>([
    ["an unknown option", { batchsize: 3 }, ConfigError, /did you mean "batchSize"/],
    ["a batch size of 0", { batchSize: 0 }, ConfigError, /^batchSize: /],
    ["negative times", { tSpan: [-1, 0.5] }, ConfigError, /^tSpan: /],
    ["times that fall", { tSpan: [0.5, 0.1] }, ConfigError, /^tSpan: /],
    ["a condition that is not wanted", { condition: tensor([[1]]) }, DataError, /^condition: expected no condition/],
  ])("%s", async (_, settings, errorClass, message) => {
    await expect(small().sample(settings)).rejects.toThrow(errorClass);
    await expect(small().sample(settings)).rejects.toThrow(message);
  });

  it("a missing condition", async () => {
    await expect(conditional().sample({ batchSize: 2 })).rejects.toThrow(DataError);
  });

  it("a start of the wrong shape", async () => {
    await expect(small().sample({ x0: randn([4, 3]) })).rejects.toThrow(/expected \[N, 2\], got \[4, 3\]/);
  });
});

it("an AbortSignal ends sampling between two steps", async () => {
  const solver = { type: "ODESolver", args: { method: "euler", steps: 100_000 } } as const;
  const started = performance.now();
  const run = small().sample({ batchSize: 64, solver, signal: AbortSignal.timeout(50) });
  await expect(run).rejects.toThrow(AbortError);
  expect(performance.now() - started).toBeLessThan(5000);
  await expect(small().sample({ signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
});

describe("built-in networks on states of any shape", () => {
  const network = (inputs: number, outputs: number) => ({
    type: "velocity_function" as const,
    args: {
      backbone: {
        type: "MultiLayerPerceptron" as const,
        args: { hiddenSizes: [inputs, 24], outputSize: outputs, activation: "silu" as const },
      },
    },
  });
  const solver = { type: "ODESolver", args: { method: "euler", steps: 4 } } as const;

  it("see an image as one vector, all of it", async () => {
    const model = new DiffusionModel({ ...planar(), solver, xSize: [3, 4, 4], model: network(49, 48) });
    const images = randn([32, 3, 4, 4], { seed: 1 });
    await model.fit(images, { steps: 3, batchSize: 16, progress: false });
    expect((await model.sample({ batchSize: [2, 3] })).shape).toEqual([2, 3, 3, 4, 4]);
    // One pixel changes the velocity in every other.
    const one = images.narrow(0, 0, 1);
    const pixel = Tensor.concat([tensor([[1]]), randn([1, 47]).mul(0)], 1).reshape([1, 3, 4, 4]);
    const change = model.velocityFunction(0.5, one.add(pixel)).sub(model.velocityFunction(0.5, one)).abs();
    expect(await change.min().item()).toBeGreaterThan(0);
  });

  it("see the parts of a nested state, and of a nested condition, side by side", async () => {
    const model = new DiffusionModel({
      ...planar(),
      solver,
      xSize: { action: 6, image: [3, 8, 8] },
      conditionSize: { goal: 2, map: [2, 2] },
      model: network(1 + 198 + 6, 198),
    });
    const x = { action: randn([32, 6], { seed: 1 }), image: randn([32, 3, 8, 8], { seed: 2 }) };
    const condition = { goal: randn([32, 2], { seed: 3 }), map: randn([32, 2, 2], { seed: 4 }) };
    await model.fit(x, { steps: 3, batchSize: 16, progress: false, condition });
    const samples = await model.sample({ condition });
    expect([samples.action.shape, samples.image.shape]).toEqual([
      [32, 6],
      [32, 3, 8, 8],
    ]);
    expect((await model.logProb(x, { condition, divergence: "hutchinson" })).logProb.shape).toEqual([32]);
  });

  it("say which width was expected and which came", () => {
    const make = () => new DiffusionModel({ ...planar(), xSize: [3, 8, 8], model: network(9, 8) });
    expect(make).toThrow(/model\.args: the network does not fit xSize .*expected \[…, 9\], got f32 \[2, 193\]/);
    const narrow = () => new DiffusionModel({ ...planar(), xSize: [3, 8, 8], model: network(193, 8) });
    expect(narrow).toThrow(/expected \[2, 192\], a number for each of the state, got \[2, 8\]/);
  });
});
