// Progress: a bar on a terminal, plain lines elsewhere if asked for, nothing if not.
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FitEvent } from "../../ts/src/train/events.ts";
import { clock, line, progressOn } from "../../ts/src/train/progress.ts";
import { data, small } from "../model/support.ts";

const event = (step: number, more: Partial<FitEvent> = {}): FitEvent => ({
  step,
  steps: 100,
  epoch: 0,
  loss: 0.123456,
  gradNorm: 1,
  learningRate: 1e-3,
  stepsPerSecond: 25.04,
  secondsLeft: 64.6,
  ...more,
});

function drawn(isTTY: boolean, wanted: boolean | undefined): string {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120, rows: 40, cursorTo() {}, clearLine() {} });
  const progress = progressOn(wanted, stream as unknown as NodeJS.WriteStream);
  for (const step of [1, 50, 100]) progress.update(event(step));
  progress.end();
  return String(stream.read() ?? "");
}

it.each([
  [0, "0:00"],
  [64.6, "1:05"],
  [3723, "1:02:03"],
  [Number.POSITIVE_INFINITY, "–"],
])("%d seconds are written %s", (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});

it("a line says step, loss, validation, speed and time left", () => {
  expect(line(event(50))).toBe("step 50/100  loss 0.1235  25.0 steps/s  1:05 left");
  expect(line(event(50, { validationLoss: 2, loss: Number.NaN }))).toContain("loss NaN  validation 2.000");
});

describe("progress", () => {
  beforeEach(() => vi.stubEnv("TERM", "xterm-256color"));
  afterEach(() => vi.unstubAllEnvs());

  it("is a bar on a terminal by default", () => {
    const text = drawn(true, undefined);
    expect(text).toContain("━");
    expect(text).toContain("step 100/100");
  });

  it("is plain lines elsewhere where it is asked for, ending with the last state", () => {
    const lines = drawn(false, true).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^step 1\/100 /);
    expect(lines.at(-1)).toMatch(/^step 100\/100 /);
    expect(lines.length).toBeLessThan(4);
  });

  it.each([
    [false, undefined],
    [false, false],
    [true, false],
  ])("is nothing otherwise (terminal: %s, wanted: %s)", (isTTY, wanted) => {
    expect(drawn(isTTY, wanted)).toBe("");
  });

  it("is plain lines on a terminal that cannot draw a line again", () => {
    vi.stubEnv("TERM", "dumb");
    const lines = drawn(true, undefined).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^step 1\/100 /);
    expect(lines.at(-1)).toMatch(/^step 100\/100 /);
  });

  it.each(["", "1"])("has no colours, whatever NO_COLOR says (%j)", (value) => {
    vi.stubEnv("NO_COLOR", value);
    vi.stubEnv("FORCE_COLOR", "3");
    for (const isTTY of [true, false]) {
      const text = drawn(isTTY, true);
      expect(text).toContain("step 100/100");
      // Select Graphic Rendition, which sets colours, ends with m.
      expect(text).not.toMatch(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`));
    }
  });
});

it.each([
  ["sampling", () => small().sample({ batchSize: 4, progress: true })],
  ["computing densities", () => small().logProb(data(4), { progress: true })],
])("%s shows how far it is, too", async (_, work) => {
  vi.stubEnv("TERM", "dumb"); // so that there are lines wherever the tests run
  const written: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await work();
  } finally {
    spy.mockRestore();
    vi.unstubAllEnvs();
  }
  const steps = written.join("").trimEnd().split("\n");
  const [, done, all] = /^step (\d+)\/(\d+) /.exec(steps.at(-1) ?? "") ?? [];
  expect(Number(done)).toBeGreaterThan(0);
  expect(done).toBe(all);
});
