// Toy data: deterministic in the seed, and of the shape that their definitions say.
import { ConfigError, datasets, memory } from "thalweg";
import { describe, expect, it } from "vitest";
import { toRows } from "../../ts/src/data/rows.ts";

const names = ["swissRoll", "moons", "eightGaussians", "checkerboard", "sCurve", "pinwheel", "spirals"] as const;

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

/** The mean and the mean square of numbers. */
const moments = (values: readonly number[]) => ({
  mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  square: values.reduce((sum, value) => sum + value * value, 0) / values.length,
});

it("the S curve without noise lies on two arcs of radius 1, evenly", async () => {
  const rows = await toRows(datasets.sCurve({ count: 20_000, seed: 1 }));
  for (const [x = 0, y = 0] of rows) expect(Math.hypot(x, Math.abs(y) - 1)).toBeCloseTo(1, 5);
  // A quarter of each circle is empty: that in which the letter is open.
  const inside = rows.filter(([x = 0, y = 0]) => Math.abs(x) > 0.01 && Math.abs(Math.abs(y) - 1) > 0.01);
  const quarters = inside.map(([x = 0, y = 0]) => `${Math.sign(y)} ${Math.sign(x)} ${Math.sign(Math.abs(y) - 1)}`);
  expect(new Set(quarters).size).toBe(6);
  expect(quarters).not.toContain("-1 -1 -1");
  expect(quarters).not.toContain("1 1 -1");
  const [x, y] = [moments(rows.map((row) => row[0] ?? 0)), moments(rows.map((row) => row[1] ?? 0))];
  // E sin²θ over |θ| ≤ 3π/2 is ½; E (cos θ − 1)² is ½ + 1 + 4/(3π).
  expect(x.mean).toBeCloseTo(0, 1);
  expect(y.mean).toBeCloseTo(0, 1);
  expect(x.square).toBeCloseTo(0.5, 1);
  expect(Math.abs(y.square - (1.5 + 4 / (3 * Math.PI)))).toBeLessThan(0.04);
});

it("the pinwheel without noise has five arms, each the other turned by 72°, of log-spiral shape", async () => {
  const rows = await toRows(datasets.pinwheel({ count: 10_000, noise: 0, seed: 2 }));
  const counts = new Map<number, number>();
  const armOf = (angle: number, r: number) => ((angle - Math.exp(r) / 4) / (2 * Math.PI)) * 5;
  let behind = 0;
  for (const [x = 0, y = 0] of rows) {
    const r = Math.hypot(x, y) / 2;
    const arm = armOf(Math.atan2(y, x), r);
    if (Math.abs(arm - Math.round(arm)) > 0.01) {
      // Behind the centre an arm goes on in the opposite direction.
      const opposite = armOf(Math.atan2(-y, -x), -r);
      expect(Math.abs(opposite - Math.round(opposite))).toBeLessThan(0.01);
      behind += 1;
      continue;
    }
    const index = ((Math.round(arm) % 5) + 5) % 5;
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  // r < 0 is 3⅓ standard deviations away: 4.3 of 10 000 points.
  expect(behind).toBeLessThan(15);
  expect(counts.size).toBe(5);
  for (const number of counts.values()) expect(Math.abs(number - 2000)).toBeLessThan(200);
  const radius = moments(rows.map(([x = 0, y = 0]) => Math.hypot(x, y) / 2));
  expect(radius.mean).toBeCloseTo(1, 1);
  expect(Math.abs(radius.square - 1.09)).toBeLessThan(0.03);
});

it("the spirals without noise are two, point for point opposite, as dense within as without", async () => {
  const rows = await toRows(datasets.spirals({ count: 10_000, noise: 0, seed: 3 }));
  let first = 0;
  for (const [x = 0, y = 0] of rows) {
    const radius = Math.hypot(x, y);
    const angle = 3 * radius;
    const side = -x * Math.cos(angle) + y * Math.sin(angle) > 0 ? 1 : -1;
    expect(Math.hypot(x + side * radius * Math.cos(angle), y - side * radius * Math.sin(angle))).toBeLessThan(1e-4);
    if (side > 0) first += 1;
  }
  expect(Math.abs(first - 5000)).toBeLessThan(250);
  // Radii π√u: the square's mean is π²/2.
  const radius = moments(rows.map(([x = 0, y = 0]) => Math.hypot(x, y)));
  expect(Math.abs(radius.square - Math.PI ** 2 / 2)).toBeLessThan(0.1);
  expect(Math.abs(radius.mean - (2 / 3) * Math.PI)).toBeLessThan(0.03);
});

it.each(["sCurve", "pinwheel", "spirals"] as const)(
  "%s: noise has the standard deviation that was asked for",
  async (name) => {
    const [noisy, exact] = [
      datasets[name]({ count: 4000, noise: 0.25, seed: 4 }),
      datasets[name]({ count: 4000, noise: 0, seed: 4 }),
    ];
    const off = moments((await toRows(noisy.sub(exact))).map(([x = 0, y = 0]) => Math.hypot(x, y)));
    // Both coordinates, or of the pinwheel, whose noise is across and then doubled, one.
    expect(Math.abs(Math.sqrt(off.square) - (name === "pinwheel" ? 0.5 : 0.25 * Math.SQRT2))).toBeLessThan(0.015);
  },
);
