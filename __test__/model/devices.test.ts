// Models on devices of their own: each device has a worker, tensors go between them, and a model keeps all it has when it moves.
// The GPUs are pretended: workers of their own whose programs run on the CPU, so that bits can be compared.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adamw, ConfigError, DeviceError, DiffusionModel, load, type Tensor, TrainingError, trainStep } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testHooks } from "../../ts/src/native.ts";
import { data, numbers, planar, small } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "thalweg-devices-"));
beforeAll(() => testHooks().__pretendGpus(2));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const on = (device: string) => new DiffusionModel({ ...planar(), xSize: 2, device });
type Planar = ReturnType<typeof on>;
const fitted = async (model: Planar, steps: number, more = {}) =>
  model.fit(data(), { steps, batchSize: 32, progress: false, ema: { decay: 0.9 }, ...more });
const samples = async (model: Planar) => numbers(await model.sample({ batchSize: 8, seed: 1 }));
const state = async (model: Planar) =>
  Promise.all(
    (["raw", "ema"] as const).map((weights) => Promise.all(Object.values(model.stateDict({ weights })).map(numbers))),
  );

describe("models", () => {
  it("on three devices train at the same time, each on its own, to the same bits", async () => {
    const models = ["cpu", "cuda", "cuda:1"].map(on);
    await Promise.all(models.map((model) => fitted(model, 20)));
    const found = await Promise.all(models.map(async (model) => (await model.info()).device));
    expect(found).toEqual(["cpu", "cuda:0", "cuda:1"]);
    expect(models.map((model) => model.device)).toEqual(["cpu", "cuda", "cuda:1"]);
    const [first, ...others] = await Promise.all(models.map(samples));
    expect(first?.every(Number.isFinite)).toBe(true);
    for (const other of others) expect(other).toEqual(first);
  });

  it("two on one device take turns", async () => {
    const models = [on("cuda:1"), on("cuda:1")];
    await Promise.all(models.map((model) => fitted(model, 10)));
    const [a, b] = await Promise.all(models.map(samples));
    expect(a).toEqual(b);
  });

  it("are on the device of the process where nothing else is said", async () => {
    const model = small();
    expect([model.device, (await model.info()).device]).toEqual(["auto", "cpu"]);
  });

  it("on a device that is not there are refused", async () => {
    expect(() => on("cuda:2")).toThrow(DeviceError);
    expect(() => on("gpu")).toThrow(DeviceError);
    const model = on("cuda:1");
    await expect(model.to("cuda:2")).rejects.toThrow(DeviceError);
    await expect(model.to(3 as never)).rejects.toThrow(ConfigError);
    expect((await model.info()).device).toBe("cuda:1");
  });
});

describe("jobs", () => {
  it("wait for tensors that another device still computes, and are woken by them", async () => {
    const model = on("cuda:0");
    const other = on("cuda:1");
    for (let round = 0; round < 20; round += 1) {
      // Nothing is awaited on the way: the CPU's worker makes the states, both others use them, and the CPU adds up what they give.
      let x: Tensor = data(64);
      for (let i = 0; i < 20; i += 1) x = x.mul(0.9).add(1);
      const velocities = [model.velocityFunction(0.5, x), other.velocityFunction(0.5, x)] as const;
      const back = other.velocityFunction(0.25, velocities[0].add(velocities[1]));
      const [a, b, c] = await Promise.all([...velocities, back.sub(back)].map(numbers));
      expect(a).toEqual(b);
      expect(c?.every((value) => value === 0)).toBe(true);
    }
  });

  it("fit data that is still being made, with a guide and pauses from elsewhere", async () => {
    const model = on("cuda:0");
    const paused: number[] = [];
    await model.fit(data().mul(2).sub(1), {
      steps: 6,
      batchSize: 32,
      progress: false,
      every: { steps: 2, call: ({ step }) => void paused.push(step) },
    });
    expect(paused).toEqual([2, 4, 6]);
    const worse = on("cuda:1");
    await worse.fit(data().mul(2).sub(1), { steps: 2, batchSize: 32, progress: false });
    const guided = await model.sample({ batchSize: 4, seed: 2, guide: { model: worse, scale: 1.5 } });
    expect((await numbers(guided)).every(Number.isFinite)).toBe(true);
  });

  it("stop while they run on another device", async () => {
    const run = on("cuda:0").fit(data(), { steps: 1_000_000, batchSize: 32, progress: false });
    setTimeout(() => run.stop(), 50);
    expect((await run).reason).toBe("stopped");
  });
});

describe("to", () => {
  it("keeps training state bit for bit: going on elsewhere is going on", async () => {
    const [stayed, moved] = [on("cpu"), on("cpu")];
    await fitted(stayed, 10);
    await fitted(moved, 5);
    const before = await state(moved);
    expect(await moved.to("cuda:1")).toBe(moved);
    expect([moved.device, (await moved.info()).device]).toEqual(["cuda:1", "cuda:1"]);
    expect(await state(moved)).toEqual(before);
    await fitted(moved, 10, { resume: true });
    expect(await state(moved)).toEqual(await state(stayed));
    await moved.to("cpu");
    expect(await samples(moved)).toEqual(await samples(stayed));
  });

  it("takes training steps and what was traced along", async () => {
    const losses = async (move: boolean) => {
      const model = on("cpu");
      const step = trainStep(model, (x: Tensor) => model.scoreMatchingLoss(x), adamw({ lr: 1e-3 }));
      const all: number[] = [];
      for (let i = 0; i < 6; i += 1) {
        if (move && i === 3) await model.to("cuda:0");
        all.push((await step(data(32))).loss);
      }
      return all;
    };
    expect(await losses(true)).toEqual(await losses(false));
  });

  it("is refused during a fit", async () => {
    const model = on("cpu");
    const run = model.fit(data(), { steps: 1_000_000, batchSize: 32, progress: false });
    await expect(model.to("cuda:0")).rejects.toThrow(TrainingError);
    run.stop();
    await run;
    expect(model.device).toBe("cpu");
  });
});

describe("a checkpoint", () => {
  it("names the device that was asked for, and loads where that is not there if another one is named", async () => {
    const model = on("cuda:0");
    await fitted(model, 3);
    const path = join(folder, "gpu");
    await model.save(path);
    expect(JSON.parse(readFileSync(join(path, "config.json"), "utf8")).config.device).toBe("cuda:0");
    expect((await (await load(path)).info()).device).toBe("cuda:0");
    testHooks().__pretendGpus(0);
    try {
      await expect(load(path)).rejects.toThrow(/was saved with device "cuda:0".*\{ device: "cpu" \}.*no CUDA device/);
      await expect(load(path)).rejects.toThrow(DeviceError);
      await expect(load(path, { device: "cuda:1" })).rejects.toThrow(DeviceError);
      await expect(load(path, { device: 1 as never })).rejects.toThrow(ConfigError);
      const here = await DiffusionModel.load<2>(path, { device: "cpu" });
      expect([here.device, (await here.info()).device]).toEqual(["cpu", "cpu"]);
      expect((await here.info()).step).toBe(3);
      expect((await samples(here)).every(Number.isFinite)).toBe(true);
    } finally {
      testHooks().__pretendGpus(2);
    }
    expect(await samples(await DiffusionModel.load<2>(path, { device: "auto" }))).toEqual(await samples(model));
  });

  it("of a model that names none, or was moved, names what holds then", async () => {
    const model = small();
    const device = async (name: string) => {
      await model.save(join(folder, name));
      return JSON.parse(readFileSync(join(folder, name, "config.json"), "utf8")).config.device;
    };
    expect(await device("auto")).toBe("auto");
    await model.to("cuda:1");
    expect(await device("moved")).toBe("cuda:1");
  });
});
