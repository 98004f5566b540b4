// Toy data: deterministic in the seed, and of the shape that their definitions say.
import { ConfigError, datasets, memory } from "thalweg";
import { describe, expect, it } from "vitest";
import { toRows } from "../../ts/src/data/rows.ts";

const names = ["swissRoll", "moons", "eightGaussians", "checkerboard"] as const;

describe.each(names)("%s", (name) => {
  it("is a function of its settings, and leaves nothing behind", async () => {
    const before = memory().liveTensors;
    const data = datasets[name]({ count: 100, seed: 3 });
    expect(memory().liveTensors).toBe(before + 1);
    expect(data.shape).toEqual([100, 2]);
    const rows = await toRows(data);
    expect(await toRows(datasets[name]({ count: 100, seed: 3 }))).toEqual(rows);
    expect(await toRows(datasets[name]({ count: 100, seed: 4 }))).not.toEqual(rows);
    expect(rows.flat().every(Number.isFinite)).toBe(true);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses a count of %d", (count) => {
    expect(() => datasets[name]({ count })).toThrow(ConfigError);
  });
});

it("the swiss roll without noise lies on its spiral, stretched to [−5, 5]", async () => {
  const rows = await toRows(datasets.swissRoll({ count: 2000, seed: 1 }));
  const [xs, ys] = [rows.map((row) => row[0] ?? 0), rows.map((row) => row[1] ?? 0)];
  for (const values of [xs, ys]) {
    expect(Math.min(...values)).toBeCloseTo(-5, 5);
    expect(Math.max(...values)).toBeCloseTo(5, 5);
  }
  // The spiral's own extremes: undo the stretching and compare angle with radius.
  const angles = Array.from({ length: 200_001 }, (_, i) => 1.5 * Math.PI * (1 + (2 * i) / 200_000));
  const range = (f: (angle: number) => number): [number, number] => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of angles.map(f)) [low, high] = [Math.min(low, value), Math.max(high, value)];
    return [low, high];
  };
  const [x, y] = [range((a) => a * Math.cos(a)), range((a) => a * Math.sin(a))];
  const back = (value: number, [low, high]: [number, number]) => low + ((value + 5) / 10) * (high - low);
  const errors = rows.map(([u = 0, v = 0]) => {
    const [px, py] = [back(u, x), back(v, y)];
    const radius = Math.hypot(px, py);
    return Math.hypot(px - radius * Math.cos(radius), py - radius * Math.sin(radius));
  });
  // 2000 points come near the true extremes, but not onto them.
  expect(Math.max(...errors)).toBeLessThan(0.1);
});

it("moons without noise lie on two half circles", async () => {
  for (const [x = 0, y = 0] of await toRows(datasets.moons({ count: 500, noise: 0 }))) {
    const upper = Math.abs(Math.hypot(x, y) - 1) < 1e-5 && y > -1e-6;
    const lower = Math.abs(Math.hypot(x - 1, y - 0.5) - 1) < 1e-5 && y < 0.5 + 1e-6;
    expect(upper || lower).toBe(true);
  }
});

it("eight Gaussians without noise are eight points on a circle of radius 5, about equally often", async () => {
  const counts = new Map<string, number>();
  for (const [x = 0, y = 0] of await toRows(datasets.eightGaussians({ count: 8000, noise: 0 }))) {
    expect(Math.hypot(x, y)).toBeCloseTo(5, 4);
    const key = `${x.toFixed(2)} ${y.toFixed(2)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect(counts.size).toBe(8);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

it("the checkerboard has points on its dark squares only", async () => {
  const squares = new Set<string>();
  for (const [x = 0, y = 0] of await toRows(datasets.checkerboard({ count: 4000 }))) {
    const [column, row] = [Math.floor(x * 0.45), Math.floor(y * 0.45)];
    expect(Math.abs(column + row) % 2).toBe(0);
    squares.add(`${column},${row}`);
  }
  expect(squares.size).toBe(8);
});
