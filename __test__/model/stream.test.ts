// Fits to streams: the bits of a fit to the same rows at once, memory that is bounded, reading that runs ahead, and every way to end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortError,
  ConfigError,
  DataError,
  DiffusionModel,
  type FitEvent,
  fitEncoding,
  MemoryError,
  memory,
  OptimalTransportConditionalFlowModel,
  randn,
  ShapeError,
  Table,
  type Tensor,
  TrainingError,
  tensor,
  zeros,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { free } from "../../ts/src/model/lists.ts";
import { chunks } from "../../ts/src/model/stream.ts";
import { mlp, numbers, planar, small } from "./support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-stream-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = { batchSize: 32, progress: false } as const;

/** Normal data whose moments are not those of the network's units. */
const data = (rows: number): Tensor => randn([rows, 2], { seed: 7 }).mul(3).add(5);

/** All rows of a tensor, `size` at a time, as something that can be read again and again. */
const streamed = (all: Tensor, size: number) =>
  async function* read() {
    for (let start = 0; start < (all.shape[0] ?? 0); start += size) {
      const batch = all.narrow(0, start, Math.min(size, (all.shape[0] ?? 0) - start));
      yield batch;
      batch.dispose();
    }
  };

const bits = async (model: { stateDict(settings: { weights: "raw" | "ema" }): Record<string, Tensor> }) => {
  const all = [model.stateDict({ weights: "raw" }), model.stateDict({ weights: "ema" })].flatMap(Object.values);
  return (await Promise.all(all.map(numbers))).flat();
};

describe("a stream is cut into chunks", () => {
  /** The rows of each chunk, and the pass that they are of. */
  async function cut(passes: number[][], cutting: { epochs: number; rows: number; unit: number; keep: boolean }) {
    let pass = 0;
    let row = 0;
    const open = async function* () {
      const sizes = passes[Math.min(pass++, passes.length - 1)] ?? [];
      row = 0;
      yield* sizes;
    };
    const read = async (size: unknown) => {
      const rows = Array.from({ length: size as number }, () => [row++]);
      return { lists: { x: [tensor(rows)] }, owned: true };
    };
    const found: { epoch: number; rows: number[] }[] = [];
    for await (const { lists, epoch, rows } of chunks(open, read, { ...cutting, ended: false })) {
      const all = await numbers(lists.x?.[0] as Tensor);
      expect(all.length).toBe(rows);
      found.push({ epoch, rows: all });
      free(lists);
    }
    return found;
  }
  const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => i + from);

  it("each row in one, whatever the batches; what fills no step goes into the next pass", async () => {
    const found = await cut([[5, 1, 7, 10]], { epochs: 2, rows: 8, unit: 4, keep: false });
    expect(found).toEqual([
      { epoch: 0, rows: upTo(8) },
      { epoch: 0, rows: upTo(8, 8) },
      { epoch: 0, rows: upTo(4, 16) },
      { epoch: 1, rows: [20, 21, 22, ...upTo(5)] },
      { epoch: 1, rows: upTo(8, 5) },
      { epoch: 1, rows: upTo(8, 13) },
    ]);
  });

  it("the last ones are kept where that is asked for, and where there are no others", async () => {
    const kept = await cut([[9]], { epochs: 1, rows: 4, unit: 4, keep: true });
    expect(kept.map(({ rows }) => rows)).toEqual([upTo(4), upTo(4, 4), [8]]);
    const few = await cut([[3]], { epochs: 1, rows: 4, unit: 4, keep: false });
    expect(few).toEqual([{ epoch: 0, rows: upTo(3) }]);
    const many = await cut([[100]], { epochs: 1, rows: 40, unit: 20, keep: false });
    expect(many.map(({ rows }) => rows.length)).toEqual([40, 40, 20]);
  });

  it("one that gives nothing is an error", async () => {
    await expect(cut([[]], { epochs: 1, rows: 4, unit: 4, keep: false })).rejects.toThrow(
      /^data: expected a stream of at least one row, got none$/,
    );
    const once = cut([[8], []], { epochs: 2, rows: 4, unit: 4, keep: false });
    await expect(once).rejects.toThrow(
      /read to its end once\. Remedy: give a function that starts it anew, or epochs: 1/,
    );
  });
});

describe("a fit to a stream", () => {
  it("gives the bits of a fit to all rows at once where they fit into the buffer, pass after pass", async () => {
    const rows = data(256);
    const [whole, cut] = [small(), small()];
    await whole.fit(rows, { ...settings, epochs: 3 });
    const report = await cut.fit(streamed(rows, 100), { ...settings, epochs: 3, buffer: 256 });
    expect(report).toMatchObject({ step: 24, stepsRun: 24, reason: "finished" });
    expect(await bits(cut)).toEqual(await bits(whole));
  });

  it("depends on the seed and the rows, and not on how they are cut into batches", async () => {
    const rows = data(1000);
    const fitted = async (size: number, seed: number) => {
      const model = small();
      const report = await model.fit(streamed(rows, size), { ...settings, epochs: 2, buffer: 300, seed });
      // 288 rows at a time; 1000 and 1008 rows are 31 steps each, since 8 rows go from the first pass into the second.
      expect(report.step).toBe(62);
      return bits(model);
    };
    const first = await fitted(100, 1);
    expect(await fitted(37, 1)).toEqual(first);
    expect(await fitted(1000, 1)).toEqual(first);
    expect(await fitted(100, 2)).not.toEqual(first);
  });

  it("learns what a fit to all rows learns", async () => {
    const model = small();
    await model.fit(streamed(data(4000), 500), { ...settings, batchSize: 128, steps: 600, buffer: 1024 });
    const samples = await model.sample({ batchSize: 1000, seed: 1 });
    expect(Math.abs((await samples.mean().item()) - 5)).toBeLessThan(0.6);
    const { normalization } = await model.info();
    expect(normalization?.[0]?.std[0]).toBeCloseTo(3, 0);
  });

  it("goes on where it was stopped, to the same bits, within a chunk and after several", async () => {
    const rows = data(640);
    for (const at of [5, 27]) {
      const straight = small();
      const fit = { ...settings, steps: 40, buffer: 320 };
      await straight.fit(streamed(rows, 64), fit);
      const first = small();
      const saved = join(folder, `half-${at}`);
      await first.fit(streamed(rows, 64), { ...fit, steps: at });
      await first.save(saved);
      const second = await DiffusionModel.load(saved);
      const report = await second.fit(streamed(rows, 64), { ...fit, resume: true });
      expect(report).toMatchObject({ step: 40, stepsRun: 40 - at });
      expect(await bits(second)).toEqual(await bits(straight));
    }
  });

  it("tells of its passes, and of the steps that it knows of", async () => {
    const events: FitEvent[] = [];
    const call = (event: FitEvent) => void events.push(event);
    await small().fit(streamed(data(640), 64), { ...settings, epochs: 2, buffer: 320, every: { steps: 1, call } });
    expect(events.map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(events.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 40 }, (_, i) => Math.floor(i / 20)));
    expect(events.map(({ steps }) => steps)).toEqual(
      Array.from({ length: 40 }, (_, i) => 10 * Math.ceil((i + 1) / 10)),
    );
  });

  it("may be of something that can be read once", async () => {
    const rows = data(320);
    expect((await small().fit(streamed(rows, 64)(), { ...settings, epochs: 1 })).step).toBe(10);
    const again = small().fit(streamed(rows, 64)(), { ...settings, steps: 25 });
    await expect(again).rejects.toThrow(DataError);
    await expect(again).rejects.toThrow(/read to its end once\. Remedy: give a function/);
  });

  it("of fewer rows than a step takes makes smaller steps", async () => {
    expect((await small().fit(streamed(data(10), 4), { ...settings, epochs: 1 })).step).toBe(1);
    expect((await small().fit(streamed(data(70), 64), { ...settings, epochs: 1, lastBatch: "keep" })).step).toBe(3);
  });
});

describe("what rows come with", () => {
  const conditional = () => {
    const backbone = { type: "MultiLayerPerceptron", args: { ...mlp.args, hiddenSizes: [4, 32] } } as const;
    return new DiffusionModel({
      ...planar(),
      xSize: 2,
      conditionSize: 1,
      model: { type: "velocity_function", args: { backbone } },
    });
  };

  it("conditions and weights, and validation with early stop over all chunks", async () => {
    const [rows, condition, sampleWeight] = [data(256), randn([256, 1], { seed: 1 }), randn([256], { seed: 2 }).abs()];
    const [whole, cut] = [conditional(), conditional()];
    await whole.fit(rows, { ...settings, epochs: 2, condition, sampleWeight });
    const read = async function* () {
      for (let start = 0; start < 256; start += 64) {
        const part = (tensor: Tensor) => tensor.narrow(0, start, 64);
        yield { data: part(rows), condition: part(condition), sampleWeight: part(sampleWeight) };
      }
    };
    await cut.fit(read, { ...settings, epochs: 2, buffer: 256 });
    expect(await bits(cut)).toEqual(await bits(whole));
    await expect(cut.fit(streamed(rows, 64), { ...settings, epochs: 1 })).rejects.toThrow(/condition: missing/);
    const beside = () => cut.fit(read, { ...settings, epochs: 1, condition });
    expect(beside).toThrow(/^condition: expected none beside a stream/);
  });

  it("validation, early stop and the best checkpoint reach over all chunks", async () => {
    const losses: number[] = [];
    const best = join(folder, "best");
    const run = small().fit(streamed(data(640), 64), {
      ...settings,
      steps: 4000,
      buffer: 64,
      validation: { data: data(64).add(1), every: 10 },
      earlyStop: { patience: 3 },
      best,
    });
    for await (const { validationLoss } of run) if (validationLoss !== undefined) losses.push(validationLoss);
    const report = await run;
    expect(report.reason).toBe("early stop");
    expect(report.bestValidationLoss).toBe(Math.min(...losses));
    expect(losses.slice(-3).every((loss) => loss > Math.min(...losses))).toBe(true);
    expect((await DiffusionModel.load(best)).config.xSize).toBe(2);
  });

  it("sources of a flow, coupled by optimal transport within each batch", async () => {
    const flow = () =>
      new OptimalTransportConditionalFlowModel({
        xSize: 2,
        model: { type: "velocity_function", args: { backbone: mlp } },
      });
    const [x0, x1] = [randn([192, 2], { seed: 1 }), data(192)];
    const [whole, cut, other] = [flow(), flow(), flow()];
    await whole.fit({ x0, x1 }, { ...settings, epochs: 2 });
    const read = (size: number) =>
      async function* () {
        for (let at = 0; at < 192; at += size) yield { x0: x0.narrow(0, at, size), x1: x1.narrow(0, at, size) };
      };
    await cut.fit(read(64), { ...settings, epochs: 2, buffer: 192 });
    expect(await bits(cut)).toEqual(await bits(whole));
    expect((await other.fit(read(48), { ...settings, epochs: 3, buffer: 64 })).step).toBe(18);
  });

  it("tables, encoded as they come", async () => {
    const table = Table.fromColumns({
      x: Float64Array.from({ length: 256 }, (_, i) => Math.sin(i)),
      c: Array.from({ length: 256 }, (_, i) => "ab"[i % 2]),
    });
    const encoding = await fitEncoding(table);
    const backbone = {
      type: "MultiLayerPerceptron",
      args: { hiddenSizes: [4, 32], outputSize: 3, activation: "silu" },
    } as const;
    const make = () =>
      new DiffusionModel({
        ...planar(),
        xSize: 3,
        data: encoding,
        model: { type: "velocity_function", args: { backbone } },
      });
    const [whole, cut] = [make(), make()];
    await whole.fit(table, { ...settings, epochs: 2 });
    const read = async function* () {
      for (let start = 0; start < 256; start += 50) yield table.slice(start, Math.min(256, start + 50));
    };
    await cut.fit(read, { ...settings, epochs: 2, buffer: 256 });
    expect(await bits(cut)).toEqual(await bits(whole));
  });
});

describe("memory and time", () => {
  it("no more is alive than a few buffers, of a stream of many times that", async () => {
    const [width, buffer, size, batches] = [4096, 512, 128, 250];
    const row = 4 * width;
    const backbone = {
      type: "MultiLayerPerceptron",
      args: { hiddenSizes: [width + 1, 2], outputSize: width, activation: "silu" },
    } as const;
    const model = new DiffusionModel({
      ...planar(),
      xSize: width,
      model: { type: "velocity_function", args: { backbone } },
    });
    const rows = randn([size, width], { seed: 1 });
    const most = { handles: 0, process: 0 };
    const before = { handles: 0, process: 0 };
    const look = () => {
      most.handles = Math.max(most.handles, memory().liveBytes - before.handles);
      most.process = Math.max(most.process, process.memoryUsage.rss() - before.process);
    };
    const read = (count: number) =>
      async function* () {
        for (let i = 0; i < count; i++) {
          const batch = rows.mul(1 + i / batches);
          look();
          yield batch;
          look();
          batch.dispose();
        }
      };
    const fit = { ...settings, batchSize: 128, epochs: 1, buffer, normalize: false, ema: null } as const;
    await model.fit(read(40), fit);
    Object.assign(before, { handles: memory().liveBytes, process: process.memoryUsage.rss() });
    Object.assign(most, { handles: 0, process: 0 });
    const report = await model.fit(read(batches), { ...fit, every: { steps: 5, call: look } });
    expect(report.step).toBe(batches);
    // Half a gigabyte in buffers of 8 MB: what JavaScript holds, and what the whole process does, the engine's chunks and its arena included.
    expect(size * batches * row).toBeGreaterThan(5e8);
    expect(most.handles).toBeGreaterThanOrEqual(buffer * row);
    expect(most.handles).toBeLessThanOrEqual((2 * buffer + size) * row);
    expect(most.process).toBeLessThan(10 * buffer * row);
    expect(memory().liveBytes - before.handles).toBeLessThan(row);
  });

  it("while a chunk is trained on the next one is read, and no more", async () => {
    let read = 0;
    const source = async function* () {
      for (let i = 0; ; i++) {
        read += 32;
        yield randn([32, 2], { seed: i });
      }
    };
    const ahead: number[] = [];
    const call = async ({ step }: FitEvent) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      ahead.push(read - 32 * step);
    };
    await small().fit(source, { ...settings, steps: 24, buffer: 128, every: { steps: 1, call } });
    // After step 1 three batches of the chunk are left and the next four are read.
    expect(ahead.slice(0, 4)).toEqual([224, 192, 160, 128]);
    for (const rows of ahead) expect(rows).toBeLessThanOrEqual(224 + 32);
  });

  it("timers run while a stream that has its rows at hand fills a chunk", async () => {
    let ticks = 0;
    const timer = setInterval(() => void ticks++, 1);
    const batch = data(1);
    const read = async function* () {
      const end = performance.now() + 200;
      while (performance.now() < end) yield batch;
    };
    await small().fit(read, { ...settings, epochs: 1, buffer: 1 << 22 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it("many small batches are as good as few large ones", async () => {
    const rows = data(2500);
    const [whole, cut] = [small(), small()];
    await whole.fit(rows, { ...settings, epochs: 1 });
    await cut.fit(streamed(rows, 1), { ...settings, epochs: 1, buffer: 2500 });
    expect((await bits(cut)).length).toBe((await bits(whole)).length);
    const again = small();
    await again.fit(streamed(rows, 500), { ...settings, epochs: 1, buffer: 2500 });
    expect(await bits(cut)).toEqual(await bits(again));
  });

  it("a fit waits for rows that come late", async () => {
    const rows = data(128);
    const slow = async function* () {
      for (let start = 0; start < 128; start += 32) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        yield rows.narrow(0, start, 32);
      }
    };
    const [model, other] = [small(), small()];
    await model.fit(slow, { ...settings, epochs: 2, buffer: 32 });
    await other.fit(streamed(rows, 32), { ...settings, epochs: 2, buffer: 32 });
    expect(await bits(model)).toEqual(await bits(other));
  });
});

describe("a fit to a stream ends", () => {
  /** An endless stream that says when it was let go. */
  const endless = () => {
    const seen = { ended: false };
    const read = async function* () {
      try {
        for (let i = 0; ; i++) yield randn([64, 2], { seed: i });
      } finally {
        seen.ended = true;
      }
    };
    return { seen, read };
  };
  const soon = () => new Promise((resolve) => setTimeout(resolve, 50));

  it("after its steps, and lets go of the stream", async () => {
    const { seen, read } = endless();
    expect(await small().fit(read, { ...settings, steps: 50, buffer: 64 })).toMatchObject({
      step: 50,
      reason: "finished",
    });
    await soon();
    expect(seen.ended).toBe(true);
  });

  it("where it is stopped or aborted, and the model keeps its state", async () => {
    const { seen, read } = endless();
    const model = small();
    const run = model.fit(read, { ...settings, steps: 1_000_000, buffer: 64 });
    for await (const { step } of run) if (step > 3) run.stop();
    const report = await run;
    expect(report.reason).toBe("stopped");
    expect((await model.info()).step).toBe(report.step);
    await soon();
    expect(seen.ended).toBe(true);
    const early = endless();
    const stopped = model.fit(early.read, { ...settings, steps: 10 });
    stopped.stop();
    expect(await stopped).toMatchObject({ stepsRun: 0, reason: "stopped" });
    await soon();
    expect(early.seen.ended).toBe(true);
    const controller = new AbortController();
    const aborted = model.fit(endless().read, { ...settings, steps: 1_000_000, buffer: 64, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(aborted).rejects.toThrow(AbortError);
    expect((await model.fit(data(64), { ...settings, steps: 2 })).stepsRun).toBe(2);
  });

  it("with the error of the stream, after what came before it", async () => {
    const model = small();
    const read = async function* () {
      yield data(256);
      throw new RangeError("the disk is gone");
    };
    const run = model.fit(read, { ...settings, steps: 1000, buffer: 128 });
    await expect(run).rejects.toThrow(RangeError);
    expect((await bits(model)).every(Number.isFinite)).toBe(true);
    const first = async function* (): AsyncGenerator<Tensor> {
      if (model !== undefined) throw new RangeError("nothing there");
      yield data(1);
    };
    await expect(model.fit(first, { ...settings, steps: 10 })).rejects.toThrow(/nothing there/);
    expect((await model.fit(data(64), { ...settings, steps: 2 })).stepsRun).toBe(2);
  });

  it.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    ["rows of another width", () => zeros([64, 3]), ShapeError, /expected \[N, 2\], got \[64, 3\]|axis|shape/i],
    ["NaN", () => zeros([64, 2]).mul(Number.NaN), DataError, /not a finite number/],
    ["no tensor", () => "rows", DataError, /^data: expected tensors, .* got string rows/],
  ])("with an error where %s come later", async (_, wrong, errorClass, message) => {
    const read = async function* () {
      yield data(64);
      yield wrong() as Tensor;
    };
    const run = small().fit(read, { ...settings, epochs: 1, buffer: 64 });
    await expect(run).rejects.toThrow(errorClass);
    await expect(run).rejects.toThrow(message);
  });

  it("where its stream hangs and it is stopped, before the first rows and after", async () => {
    const model = small();
    const never = async function* (): AsyncGenerator<Tensor> {
      await new Promise(() => undefined);
      yield data(1);
    };
    const run = model.fit(never, { ...settings, steps: 10 });
    setTimeout(() => run.stop(), 20);
    expect(await run).toMatchObject({ stepsRun: 0, reason: "stopped" });
    const once = async function* () {
      yield data(64);
      await new Promise(() => undefined);
    };
    const later = model.fit(once, { ...settings, steps: 10, buffer: 64 });
    setTimeout(() => later.stop(), 50);
    expect(await later).toMatchObject({ stepsRun: 2, reason: "stopped" });
  });

  it("where another fit is under way, and lets go of the stream", async () => {
    const model = small();
    const { seen, read } = endless();
    const first = model.fit(data(64), { ...settings, steps: 1_000_000 });
    await expect(model.fit(read, { ...settings, steps: 10 })).rejects.toThrow(TrainingError);
    first.stop();
    await first;
    await soon();
    expect(seen.ended).toBe(true);
  });

  it("where the validation data are refused, and lets go of the stream and of what it read", async () => {
    const table = Table.fromColumns({ a: [1, 2, 3], b: [3, 1, 2] });
    const model = new DiffusionModel({ ...planar(), xSize: 2, data: await fitEncoding(table) });
    const before = memory().liveTensors;
    const { seen, read } = endless();
    const validation = { data: table.select("a"), every: 1 };
    await expect(model.fit(read, { ...settings, steps: 10, buffer: 64, validation })).rejects.toThrow(
      /^encode: the table has no column "b" \(its columns: a\)$/,
    );
    await soon();
    expect(seen.ended).toBe(true);
    const held = { data: table.select("b"), every: 1 };
    await expect(model.fit(table, { ...settings, steps: 10, validation: held })).rejects.toThrow(/no column "a"/);
    await soon();
    // The user's own batches are the user's.
    expect(memory().liveTensors - before).toBeLessThan(4);
  });

  it("as it would have where its stream fails to clean up", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const read = async function* () {
      try {
        for (let i = 0; ; i++) yield randn([64, 2], { seed: i });
      } finally {
        await soon();
        // biome-ignore lint/correctness/noUnsafeFinally: what the test is about
        throw new RangeError("no clean end");
      }
    };
    const report = await small().fit(read, { ...settings, steps: 10, buffer: 64 });
    expect(report).toMatchObject({ step: 10, reason: "finished" });
    await new Promise((resolve) => setTimeout(resolve, 150));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  it("where a batch does not go together with the others or in itself, with its number", async () => {
    const weighted = (rows: number, sampleWeight?: number) => ({
      data: data(rows),
      ...(sampleWeight !== undefined && { sampleWeight: randn([sampleWeight]).abs() }),
    });
    const ended = async (...batches: object[]) => {
      const read = async function* () {
        yield* batches as { data: Tensor }[];
      };
      return small().fit(read, { ...settings, epochs: 1 });
    };
    await expect(ended(weighted(64, 64), weighted(8, 4))).rejects.toThrow(
      /^batch 2, sampleWeight: expected shape \[8\] for 8 rows of data, got \[4\]$/,
    );
    await expect(ended(weighted(64, 64), weighted(8))).rejects.toThrow(
      /^batch 2, sampleWeight: expected shape \[8\] for 8 rows of data, got none$/,
    );
    const late = ended(weighted(64), weighted(64), weighted(8, 8));
    await expect(late).rejects.toThrow(ShapeError);
    await expect(late).rejects.toThrow(/^batch 3, sampleWeight: expected none, as in the first batch, got \[8\]$/);
    await expect(ended({ data: data(8), sampelWeight: randn([8]) })).rejects.toThrow(
      /^batch 1: expected only data, condition, sampleWeight, got "sampelWeight"; did you mean "sampleWeight"\?/,
    );
  });

  it("where its function gives no stream", async () => {
    const run = small().fit((() => undefined) as never, { ...settings, steps: 1 });
    await expect(run).rejects.toThrow(DataError);
    await expect(run).rejects.toThrow(/^data: expected a function that gives an async iterable.*, got undefined$/);
  });

  it("at once where a step's rows cannot fit into memory", () => {
    const fit = () => small().fit(endless().read, { ...settings, steps: 1, accumulate: 2 ** 31 - 1 });
    expect(fit).toThrow(MemoryError);
    expect(fit).toThrow(/^batchSize · accumulate: .*got 68719476704 rows of 550 GB$/);
  });

  it("at once for wrong settings", () => {
    for (const buffer of [0, 1.5, "many"]) {
      const fit = () => small().fit(endless().read, { ...settings, steps: 1, buffer: buffer as number });
      expect(fit).toThrow(ConfigError);
    }
    expect(() => small().fit(endless().read, { ...settings })).toThrow(/steps/);
  });
});
