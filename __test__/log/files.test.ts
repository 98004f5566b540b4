// Logs that are files: every event is there once the fit has ended, however it ended; what is read back is one run.
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adamw, ConfigError, DataError, type FitEvent, jsonLinesLog, readLog, tensorBoardLog } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boardBytes } from "../../ts/src/log/tensorboard-events.ts";
import { data, small } from "../model/support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-log-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = { batchSize: 64, progress: false, optimizer: adamw({ lr: 1e-3 }) } as const;

const event = (step: number, more: Partial<FitEvent> = {}): FitEvent => ({
  step,
  steps: 100,
  epoch: 0,
  loss: 1 / step,
  gradNorm: 1,
  learningRate: 1e-3,
  stepsPerSecond: 25,
  secondsLeft: 4,
  ...more,
});

/** Writes these steps as a fit would. */
async function written(file: string, steps: readonly number[], resume = false): Promise<void> {
  const log = jsonLinesLog(file);
  await log.open?.({ resume });
  for (const step of steps) log.write(event(step));
  await log.close();
}

const stepsOf = async (file: string) => (await readLog(file)).map(({ step }) => step);

describe("jsonLinesLog", () => {
  it("holds the events of a fit, whose folder it makes, and gives them back", async () => {
    const file = join(folder, "new", "run", "log.jsonl");
    const run = small().fit(data(), {
      ...settings,
      steps: 300,
      validation: { data: data(64), every: 100 },
      log: jsonLinesLog(file),
    });
    const seen: FitEvent[] = [];
    for await (const each of run) seen.push(each);
    const logged = await readLog(file);
    expect(logged.map(({ time: _, ...rest }) => rest)).toEqual(seen);
    expect(logged.filter(({ validationLoss }) => validationLoss !== undefined).map(({ step }) => step)).toEqual([
      100, 200, 300,
    ]);
    for (const { time } of logged) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await readLog(join(folder, "new", "run"))).toEqual(logged);
  });

  it.each([
    ["text", "mine, and no line of it ends"],
    ["lines of text", "mine\nand mine\n"],
    ["JSON of another kind", '{"a":1}'],
    ["JSON lines of another kind", '{"a":1}\n{"a":2}\n'],
    ["a list", "[1, 2]\n"],
    ["a long line", "x".repeat(200_000)],
  ])("goes on with no file of others: %s", async (_, text) => {
    const file = join(folder, "mine.txt");
    writeFileSync(file, text);
    await expect(written(file, [1], true)).rejects.toThrow(
      /mine\.txt could not be written: its first line is no event/,
    );
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("goes on with a log whose only line is torn", async () => {
    const file = join(folder, "torn-first.jsonl");
    for (const torn of ["", "{", '{"st', '{"step":1,"loss":0.', JSON.stringify({ ...event(1), time: "2026-01-01" })]) {
      writeFileSync(file, torn);
      await written(file, [2], true);
      expect(await stepsOf(file)).toEqual([2]);
    }
  });

  it.each([
    ["jsonLinesLog", (name: string) => jsonLinesLog(join(folder, `${name}.jsonl`))],
    ["tensorBoardLog", (name: string) => tensorBoardLog(join(folder, name))],
  ])("and another of the same place are refused, until the first is closed: %s", async (_, make) => {
    const [first, second, elsewhere] = [make("one"), make("./sub/../one"), make("other")];
    await first.open?.({ resume: false });
    await expect(second.open?.({ resume: false })).rejects.toThrow(ConfigError);
    await expect(second.open?.({ resume: true })).rejects.toThrow("a log that no other fit is writing to");
    expect(() => second.write(event(1))).toThrow(ConfigError);
    await elsewhere.open?.({ resume: false });
    first.write(event(1));
    await second.close();
    await expect(second.open?.({ resume: true })).rejects.toThrow(ConfigError);
    await Promise.all([first.close(), elsewhere.close()]);
    await second.open?.({ resume: true });
    await second.close();
  });

  it("has an object a line, and null for what is no finite number", async () => {
    const file = join(folder, "nan.jsonl");
    const log = jsonLinesLog(file);
    log.write(event(1, { loss: Number.NaN }));
    await log.close();
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(/^\{"step":1,.*"loss":null,.*\}\n$/);
    expect((await readLog(file))[0]?.loss).toBeNaN();
  });

  it("begins anew with a fit that does", async () => {
    const file = join(folder, "anew.jsonl");
    await written(file, [1, 2, 3]);
    await written(file, [1, 2]);
    expect(await stepsOf(file)).toEqual([1, 2]);
  });

  it("goes on with a fit that does, after the torn line of a killed one, and reads as one run", async () => {
    const file = join(folder, "resumed.jsonl");
    await written(file, [1, 5, 10, 15], true);
    appendFileSync(file, '{"step":19,"loss":0.');
    expect(await stepsOf(file)).toEqual([1, 5, 10, 15]);
    await written(file, [9, 12, 20], true);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 5, 10, 15, 9, 12, 20]);
    expect(await stepsOf(file)).toEqual([1, 5, 9, 12, 20]);
  });

  it("keeps what is there before a torn line of any length, and nothing of a log that has no whole line", async () => {
    const file = join(folder, "long.jsonl");
    await written(file, [1]);
    appendFileSync(file, "x".repeat(200_000));
    await written(file, [2], true);
    expect(await stepsOf(file)).toEqual([1, 2]);
    writeFileSync(file, `{"step":${"1".repeat(200_000)}`);
    await written(file, [3], true);
    expect(await stepsOf(file)).toEqual([3]);
  });

  it("goes on to the same steps in a fit that is resumed from a checkpoint", async () => {
    const [file, saved] = [join(folder, "fit.jsonl"), join(folder, "saved")];
    const model = small();
    // Events come ten times a second at most, but for those that are asked for.
    const every = { steps: 20, call: () => undefined };
    await model.fit(data(), { ...settings, steps: 50, every, log: jsonLinesLog(file) });
    await model.save(saved);
    await model.fit(data(), { ...settings, steps: 80, resume: true, log: jsonLinesLog(file) });
    const steps = await stepsOf(file);
    expect(steps[0]).toBeLessThan(50);
    expect(steps).toContain(50);
    expect(steps.at(-1)).toBe(80);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  it("refuses two fits at a time, and serves them one after the other", async () => {
    const log = jsonLinesLog(join(folder, "shared.jsonl"));
    await log.open?.({ resume: false });
    await expect(small().fit(data(), { ...settings, steps: 1, log })).rejects.toThrow(ConfigError);
    log.write(event(1));
    await log.close();
    expect(await stepsOf(join(folder, "shared.jsonl"))).toEqual([1]);
    await small().fit(data(), { ...settings, steps: 3, log });
    expect((await stepsOf(join(folder, "shared.jsonl"))).at(-1)).toBe(3);
  });
});

describe("readLog refuses, with file and line,", () => {
  it.each([
    ["what is no JSON", '{"step":1\n', /line 1: expected JSON/],
    ["what is no event", '{"loss":1}\n', /line 1: expected an event of a fit, whose step is a number, got none/],
    [
      "a step that is no number",
      `${JSON.stringify({ ...event(1), step: null })}\n`,
      /whose step is a number, got null/,
    ],
    [
      "a loss that is a text",
      `\n${JSON.stringify({ ...event(1), loss: "low" })}\n`,
      /line 2: .*whose loss is a number, got "low"/,
    ],
  ])("%s", async (_, text, message) => {
    const file = join(folder, "bad.jsonl");
    writeFileSync(file, text);
    await expect(readLog(file)).rejects.toThrow(DataError);
    await expect(readLog(file)).rejects.toThrow(message);
  });

  it("a file that is not there, and a path that is none", async () => {
    await expect(readLog(join(folder, "missing.jsonl"))).rejects.toThrow(DataError);
    await expect(readLog("")).rejects.toThrow(ConfigError);
    expect(() => jsonLinesLog("")).toThrow(ConfigError);
    expect(() => tensorBoardLog(7 as never)).toThrow(ConfigError);
  });
});

describe("tensorBoardLog", () => {
  it("writes the bytes that TensorBoard's own writer writes", async () => {
    const [first, last] = [1_700_000_000.25, 1_700_000_001.5];
    const bytes = await boardBytes([
      { wallTime: first, fileVersion: "brain.Event:2" },
      { wallTime: first, step: 7, starts: true },
      { wallTime: last, step: 3_000_000_000, scalars: { loss: 0.25, grad_norm: Number.NaN } },
    ]);
    // Of tensorboard 2.21.0: RecordWriter over the same messages.
    expect(Buffer.from(bytes).toString("hex")).toBe(
      "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9" +
        "0f000000000000006d532b090900001040fc54d94110073a0208010f417177" +
        "300000000000000095f5d05f0900006040fc54d9411080bcc1960b2a1f0a0b0a046c6f7373150000803e0a100a09677261645f6e6f726d150000c07f79f44c42",
    );
  });

  it("writes a file for each fit, in a folder that it makes, whose scalars have TensorBoard's names", async () => {
    const runs = join(folder, "board", "a");
    const log = tensorBoardLog(runs);
    const validation = { data: data(64), every: 20 };
    await small().fit(data(), { ...settings, steps: 20, validation, log });
    await small().fit(data(), { ...settings, steps: 2, log });
    const files = readdirSync(runs);
    expect(files.length).toBe(2);
    for (const name of files) expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\.[\w.-]+\.\d+\.\d+$/);
    const text = files.map((name) => readFileSync(join(runs, name), "latin1")).join("");
    for (const tag of ["loss", "validation_loss", "grad_norm", "learning_rate", "steps_per_second"]) {
      expect(text).toContain(tag);
    }
  });

  it("says at which step a resumed fit begins, and that another one begins at none", async () => {
    const sessions = async (resume: boolean) => {
      const runs = join(folder, `sessions-${resume}`);
      const log = tensorBoardLog(runs);
      await log.open?.({ resume });
      log.write(event(9));
      log.write(event(12));
      await log.close();
      const [name = ""] = readdirSync(runs);
      const hex = readFileSync(join(runs, name)).toString("hex");
      // Event.step, then Event.session_log { status: START }.
      return hex.match(/10(..)3a020801/g);
    };
    expect(await sessions(true)).toEqual(["10093a020801"]);
    expect(await sessions(false)).toEqual(["10003a020801"]);
  });
});
