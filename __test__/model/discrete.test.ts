// Flows of tokens: trained on small distributions that are known, sampled, saved; wrong tokens change nothing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortError,
  adamw,
  CheckpointError,
  ConfigError,
  type config,
  DataError,
  DiffusionModel,
  DiscreteFlowMatchingModel,
  DTypeError,
  load,
  Module,
  nn,
  registerModule,
  ShapeError,
  type Tensor,
  tensor,
  trainStep,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numbers } from "./support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-discrete-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const V = 3;
const backbone = (inputs: number, outputs: number) =>
  ({
    type: "MultiLayerPerceptron",
    args: { hiddenSizes: [inputs + 1, 48, 48], outputSize: outputs, activation: "silu" },
  }) as const;
/** Two tokens out of three: one-hot, six numbers. */
const pair = (more: Partial<config.DiscreteConfig> = {}) =>
  new DiscreteFlowMatchingModel({
    vocabulary: V,
    model: { type: "data_prediction_function", args: { backbone: backbone(2 * V, 2 * V) } },
    sampler: { steps: 32 },
    ...more,
    xSize: 2,
  });
const tokens = (values: readonly (readonly number[])[]) =>
  tensor(
    values.map((row) => [...row]),
    { dtype: "i64" },
  );
/** The second token follows the first: (a, a + 1 mod 3), where 0 is as frequent as 1 and 2 together. */
const chain = (rows: number) =>
  tokens(
    Array.from({ length: rows }, (_, i) => {
      const first = i % 4 < 2 ? 0 : (i % 4) - 1;
      return [first, (first + 1) % V];
    }),
  );
const wanted = new Map([
  ["0,1", 0.5],
  ["1,2", 0.25],
  ["2,0", 0.25],
]);
const settings = { steps: 600, batchSize: 128, progress: false, optimizer: adamw({ lr: 3e-3 }) } as const;

/** Half the sum of the differences of frequencies: 0 where all is right, 1 where nothing is. */
async function totalVariation(samples: Tensor): Promise<number> {
  const values = await numbers(samples);
  const counts = new Map<string, number>();
  for (let i = 0; i < values.length; i += 2) {
    const key = `${values[i]},${values[i + 1]}`;
    counts.set(key, (counts.get(key) ?? 0) + 2 / values.length);
  }
  const keys = new Set([...counts.keys(), ...wanted.keys()]);
  return [...keys].reduce((sum, key) => sum + Math.abs((counts.get(key) ?? 0) - (wanted.get(key) ?? 0)) / 2, 0);
}

describe("a flow of tokens", () => {
  it.each(["mask", "uniform"] as const)(
    "from %s learns a joint distribution, and comes back from a folder",
    async (source) => {
      const model = pair({ source });
      const before = await model.flowMatchingLoss(chain(256), { seed: 1 }).item();
      await model.fit(chain(512), settings);
      expect(await model.flowMatchingLoss(chain(256), { seed: 1 }).item()).toBeLessThan(before);
      const samples = await model.sample({ batchSize: 1_000, seed: 3 });
      expect(samples).toMatchObject({ shape: [1_000, 2], dtype: "i64" });
      expect(await totalVariation(samples)).toBeLessThan(0.1);

      const place = join(folder, source);
      await model.save(place);
      const again = await load(place);
      expect(again).toBeInstanceOf(DiscreteFlowMatchingModel);
      const same = await DiscreteFlowMatchingModel.load(place);
      expect(await numbers(await same.sample({ batchSize: 20, seed: 3 }))).toEqual(
        (await numbers(samples)).slice(0, 40),
      );
      await expect(DiffusionModel.load(place)).rejects.toThrow(CheckpointError);
    },
  );

  it("goes from masks to tokens along its trajectory, more of them the later it is", async () => {
    const model = pair();
    const all = await model.sampleForwardProcess({ batchSize: 200, tSpan: [0, 0.5, 1], seed: 1 });
    expect(all.shape).toEqual([3, 200, 2]);
    const values = await numbers(all);
    const masks = [0, 1, 2].map((k) => values.slice(k * 400, (k + 1) * 400).filter((token) => token === V).length);
    expect(masks[0]).toBe(400);
    // κ(½) = ½: 400 draws have a standard deviation of 10.
    expect(Math.abs((masks[1] ?? 0) - 200)).toBeLessThan(50);
    expect(masks[2]).toBe(0);
  });

  it("has shapes that follow from what is given", async () => {
    const model = pair();
    expect((await model.sample()).shape).toEqual([2]);
    expect((await model.sample({ batchSize: [2, 3] })).shape).toEqual([2, 3, 2]);
    const x0 = tokens([
      [V, 1],
      [0, V],
    ]);
    expect((await model.sample({ x0 })).shape).toEqual([2, 2]);
    expect((await model.sample({ x0, batchSize: 5 })).shape).toEqual([5, 2, 2]);
  });

  it("keeps the tokens that are there already where only masked positions count", async () => {
    const model = pair({ positions: "masked" });
    const x0 = tokens(Array.from({ length: 16 }, () => [V, 1]));
    const values = await numbers(await model.sample({ x0 }));
    expect(values.filter((_, i) => i % 2 === 1)).toEqual(new Array(16).fill(1));
    expect(values.every((token) => token < V)).toBe(true);
  });

  it("fitted between two sets starts from samples of the first", async () => {
    const model = pair({ source: "uniform", coupling: { type: "paired" } });
    const x0 = tokens(Array.from({ length: 256 }, (_, i) => [i % V, i % V]));
    const x1 = tokens(Array.from({ length: 256 }, (_, i) => [i % V, (i + 1) % V]));
    await model.fit({ x0, x1 }, settings);
    await expect(model.sample({ batchSize: 4 })).rejects.toThrow(DataError);
    const carried = await numbers(await model.sample({ x0 }));
    const right = await numbers(x1);
    const hits = carried.filter((token, i) => token === right[i]).length;
    expect(hits / carried.length).toBeGreaterThan(0.9);
  });

  it("is guided by its condition", async () => {
    const model = new DiscreteFlowMatchingModel({
      xSize: 2,
      vocabulary: V,
      conditionSize: 1,
      conditionDropout: 0.2,
      sampler: { steps: 16 },
      model: {
        type: "data_prediction_function",
        args: {
          tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 8, scale: 1 } },
          backbone: {
            type: "TemporalSpatialResidualNet",
            args: { hiddenSizes: [48, 24], outputDim: 2 * V, tDim: 8, conditionDim: 1 },
          },
        },
      },
    });
    const x = tokens(Array.from({ length: 256 }, (_, i) => [i % V, i % V]));
    const condition = tensor(Array.from({ length: 256 }, (_, i) => [(i % V) - 1]));
    await model.fit(x, { ...settings, condition });
    const asked = tensor(Array.from({ length: 60 }, (_, i) => [(i % V) - 1]));
    for (const guidance of [undefined, { scale: 1 }]) {
      const got = await numbers(await model.sample({ condition: asked, seed: 2, ...(guidance && { guidance }) }));
      const hits = got.filter((token, i) => token === Math.floor(i / 2) % V).length;
      expect(hits / got.length).toBeGreaterThan(0.9);
    }
    await expect(model.sample({ batchSize: 2, guidance: { scale: 1 } })).rejects.toThrow(ConfigError);
  });

  it("trains and samples a module written in TypeScript, which sees tokens and gives logits", async () => {
    class Table extends Module {
      readonly table = new nn.Linear(V + 1, 8);
      readonly head = new nn.Linear(16, 2 * V);
      override forward(_t: Tensor, x: Tensor): Tensor {
        const oneHot = x.oneHot(V + 1).cast("f32");
        const rows = x.shape[0] ?? 0;
        const hidden = this.table.forward(oneHot).silu().reshape([rows, 16]);
        return this.head.forward(hidden).reshape([rows, 2, V]);
      }
    }
    class Flat extends Module {
      readonly weight = new nn.Linear(1, 1);
      override forward(_t: Tensor, x: Tensor): Tensor {
        return x;
      }
    }
    const make = (own: object) =>
      pair({ model: { type: "data_prediction_function", args: { backbone: own as never } } });
    const model = make(registerModule("TokenTable", Table)({}));
    await model.fit(chain(256), { ...settings, steps: 400 });
    expect(await totalVariation(await model.sample({ batchSize: 500, seed: 1 }))).toBeLessThan(0.15);
    const flat = make(registerModule("TokenFlat", Flat)({}));
    expect(() => flat.flowMatchingLoss(chain(4))).toThrow(ShapeError);
    expect(() => flat.flowMatchingLoss(chain(4))).toThrow(/f32 \[4, 2, 3\]/);
  });
});

describe("logits and losses of tokens", () => {
  it("logits are V numbers for each position, and make the loss of masks", async () => {
    const model = pair();
    const logits = model.logits(0.5, tokens([[V, V]]));
    expect(logits.shape).toEqual([1, 2, V]);
    const [a = [], b = []] = ((await logits.toArray()) as number[][][])[0] ?? [];
    expect(a.length + b.length).toBe(2 * V);
    expect(() => model.logits(-1, tokens([[0, 1]]))).toThrow(DataError);
  });

  it("a step of one's own lowers the loss", async () => {
    const model = pair();
    const step = trainStep(model, (x: Tensor) => model.flowMatchingLoss(x), adamw({ lr: 3e-3 }));
    const x = chain(128);
    const first = await step(x);
    for (let i = 0; i < 150; i++) await step(x);
    expect((await step(x)).loss).toBeLessThan(first.loss * 0.8);
  });

  it("wrong tokens, shapes and element types are refused, and nothing has changed", async () => {
    const model = pair();
    const before = await numbers(model.flowMatchingLoss(chain(8), { seed: 1 }));
    const fit = async (x: Tensor) => model.fit(x, settings);
    await expect(fit(tokens([[0, V]]))).rejects.toThrow(/mask/);
    await expect(fit(tokens([[0, -1]]))).rejects.toThrow(DataError);
    await expect(fit(tensor([[0, 1]]))).rejects.toThrow(DTypeError);
    await expect(fit(tokens([[0, 1, 2]]))).rejects.toThrow(ShapeError);
    await expect(model.sample({ x0: tokens([[0, V + 1]]) })).rejects.toThrow(DataError);
    expect(await numbers(model.flowMatchingLoss(chain(8), { seed: 1 }))).toEqual(before);
    expect(await model.info()).toMatchObject({ step: 0 });
  });

  it("wrong configs and options are refused by name", async () => {
    expect(() => pair({ vocabulary: 1 })).toThrow(/vocabulary/);
    expect(() => pair({ positions: "masked", source: "uniform" })).toThrow(/positions/);
    expect(() => pair({ path: { type: "linea" } as never })).toThrow(ConfigError);
    const model = pair();
    await expect(model.sample({ sampler: { temperature: 0 } })).rejects.toThrow(/temperature/);
    await expect(model.sample({ solver: {} } as never)).rejects.toThrow(/solver/);
    await expect(model.sample({ signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
  });
});
