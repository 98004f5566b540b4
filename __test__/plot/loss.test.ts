// plot.loss: the losses of a fit where they belong, on axes that show them, from events, a file or a folder.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, DataError, type FitEvent, jsonLinesLog, plot } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Point } from "../../ts/src/plot/layer.ts";
import { smoothed } from "../../ts/src/plot/smoothing.ts";
import { turnsDuring } from "../data/turns.ts";
import { corners, marks, texts } from "./support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-loss-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const event = (step: number, loss: number, validationLoss?: number): FitEvent => ({
  ...{ step, steps: 100, epoch: 0, loss, gradNorm: 1, learningRate: 1 / step, stepsPerSecond: 1, secondsLeft: 1 },
  ...(validationLoss !== undefined && { validationLoss }),
});

/** Heights of a line's points, as shares of the way from its first to its last. */
function heights(line: string): number[] {
  const ys = corners(line).map(([, y]) => y ?? 0);
  const [first = 0, last = 1] = [ys[0], ys.at(-1)];
  return ys.map((y) => Number(((y - first) / (last - first)).toFixed(3)));
}

describe("plot.loss", () => {
  it("draws the losses thin and smoothed, and validation losses with a mark each", async () => {
    const events = Array.from({ length: 50 }, (_, i) => event(i + 1, 2 + (i % 2), i % 10 === 9 ? 2.5 : undefined));
    const svg = await plot.loss(events, { title: "a run" }).toSvg();
    const [raw = "", clear = "", validation = ""] = marks(svg, "line");
    expect([corners(raw).length, corners(clear).length, corners(validation).length]).toEqual([50, 50, 5]);
    expect(raw).toContain('stroke="#0072b2"');
    expect(clear).toContain('stroke="#0072b2"');
    expect(validation).toContain('stroke="#e69f00"');
    const swing = (line: string) => {
      const ys = corners(line).map(([, y]) => y ?? 0);
      return Math.max(...ys) - Math.min(...ys);
    };
    expect(swing(clear)).toBeLessThan(swing(raw));
    for (const text of ["a run", "step", "loss", "training", "validation"]) expect(texts(svg)).toContain(text);
  });

  it("has a logarithmic axis where losses fall far, and a linear one where they do not, or are negative", async () => {
    const line = async (losses: readonly number[], settings: plot.LossPlotSettings = {}) => {
      const events = losses.map((loss, i) => event(i + 1, loss));
      const [first = ""] = marks(await plot.loss(events, { smoothing: 0, ...settings }).toSvg(), "line");
      return heights(first);
    };
    expect(await line([100, 10, 1])).toEqual([0, 0.5, 1]);
    expect(await line([100, 10, 1], { scale: "linear" })).toEqual([0, 0.909, 1]);
    expect(await line([3, 2, 1])).toEqual([0, 0.5, 1]);
    expect(await line([100, 10, -1])).toEqual([0, 0.891, 1]);
    expect(await line([100, 10, -1, 1], { scale: "log" })).toEqual([0, 0.5, 1]);
  });

  it("leaves out what is no number, and cuts off a few peaks that would hide the rest", async () => {
    const losses = Array.from({ length: 400 }, (_, i) => (i === 200 ? 1e6 : i === 300 ? Number.NaN : 1 + (i % 3)));
    const svg = await plot
      .loss(
        losses.map((loss, i) => event(i + 1, loss)),
        { smoothing: 0, scale: "linear" },
      )
      .toSvg();
    const ys = corners(marks(svg, "line")[0] ?? "").map(([, y]) => y ?? 0);
    expect(ys.length).toBe(399);
    expect(ys.filter((y) => y < 0).length).toBe(0);
    const smooth = await plot
      .loss(
        losses.map((loss, i) => event(i + 1, loss)),
        { scale: "linear" },
      )
      .toSvg();
    expect(Math.min(...corners(marks(smooth, "line")[0] ?? "").map(([, y]) => y ?? 0))).toBeLessThan(-1000);
  });

  it("shows the learning rate beside it where it is asked for", async () => {
    const svg = await plot.loss([event(1, 3), event(2, 2), event(4, 1)], { learningRate: true }).toSvg();
    expect(texts(svg)).toContain("learning rate");
    expect(heights(marks(svg, "line").at(-1) ?? "")).toEqual([0, 0.667, 1]);
  });

  it("reads the log of a run, by its file or its folder, each time that it is drawn", async () => {
    const file = join(folder, "log.jsonl");
    const [byFile, byFolder] = [plot.loss(file), plot.loss(folder)];
    await expect(byFile.toSvg()).rejects.toThrow(DataError);
    const log = jsonLinesLog(file);
    for (const step of [1, 2, 3]) log.write(event(step, step));
    await log.close();
    // Vega counts what pictures cut off, so that several can stand in one page.
    const drawn = async (picture: plot.Plot) => (await picture.toSvg()).replace(/clip\d+/g, "clip");
    const expected = await drawn(plot.loss([1, 2, 3].map((step) => event(step, step))));
    expect(await drawn(byFile)).toBe(expected);
    expect(await drawn(byFolder)).toBe(expected);
  });

  it("is drawn of no events, and of one", async () => {
    expect(await plot.loss([]).toSvg()).toMatch(/^<svg /);
    expect(await plot.loss([event(1, 2)]).toSvg()).toMatch(/^<svg /);
  });

  it.each([
    ["smoothing of 1", { smoothing: 1 }],
    ["negative smoothing", { smoothing: -0.1 }],
    ["another scale", { scale: "sqrt" as never }],
  ])("refuses %s", (_, settings) => {
    expect(() => plot.loss([], settings)).toThrow(ConfigError);
  });

  it("takes events of no more than step and loss, by type and in fact", async () => {
    const events: plot.LossEvent[] = [
      { step: 1, loss: 3 },
      { step: 2, loss: 2, validationLoss: 2.5, learningRate: 0.1 },
    ];
    const svg = await plot.loss(events).toSvg();
    expect(corners(marks(svg, "line")[0] ?? "").length).toBe(2);
    expect(await plot.loss([{ step: 1, loss: 3 }]).toSvg()).toMatch(/^<svg /);
  });

  it.each<[string, unknown, RegExp]>([
    ["an object", {}, /log: expected events .*, or the path of a log, got an object/],
    ["numbers", [1, 2], /log\[0\]: expected an event .*got number 1/],
    ["an event without a loss", [{ step: 1, loss: 2 }, { step: 2 }], /log\[1\]: expected an event/],
    ["nothing", [null], /log\[0\]: expected an event .*got null/],
  ])("refuses what is no log: %s", (_, log, message) => {
    expect(() => plot.loss(log as never)).toThrow(ConfigError);
    expect(() => plot.loss(log as never)).toThrow(message);
  });
});

describe("smoothing", () => {
  const smooth = async (points: readonly Point[], share: number) => {
    const [x, y] = ([0, 1] as const).map((axis) => Float64Array.from(points, (point) => point[axis]));
    const course = await smoothed({ x: x ?? new Float64Array(), y: y ?? new Float64Array() }, share);
    return Array.from(course.x, (at, i): Point => [at, course.y[i] ?? Number.NaN]);
  };

  it("leaves what is constant, and a straight line away from its ends", async () => {
    const flat = Array.from({ length: 100 }, (_, i): Point => [i, 3]);
    for (const [, value] of await smooth(flat, 0.05)) expect(value).toBeCloseTo(3, 12);
    const line = Array.from({ length: 101 }, (_, i): Point => [i, 2 * i]);
    for (const [x, value] of (await smooth(line, 0.01)).slice(10, -10)) expect(value).toBeCloseTo(2 * x, 6);
  });

  it("weights by distance in steps, not by number of events", async () => {
    // One event at 0, a hundred at 100: half way between them counts what is near.
    const points: Point[] = [[0, 1], ...Array.from({ length: 100 }, (): Point => [100, 5]), [200, 9]];
    const course = await smooth(points, 0.02);
    const near = (x: number) => course.find((point) => Math.abs(point[0] - x) < 1)?.[1];
    expect(near(0)).toBeCloseTo(1, 6);
    expect(near(100)).toBeCloseTo(5, 6);
    expect(near(200)).toBeCloseTo(9, 6);
  });

  it("gives others their turn while it looks at many points", async () => {
    const many = Array.from({ length: 100_000 }, (_, i): Point => [i, Math.sin(i)]);
    const { turns, result } = await turnsDuring(() => smooth(many, 0.2));
    expect(turns).toBeGreaterThan(20);
    expect(result.length).toBe(400);
  });
});
