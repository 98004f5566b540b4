// Courses of many points: what is drawn of them covers the same pixels, and nothing is done at a stretch.
// Pixels are counted by hand: of each column from the lowest to the highest point of the line.
import { arange, plot, randn, tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { coursesOf, MANY, scatteredOf } from "../../ts/src/plot/courses.ts";
import { corners, longestWait, marks } from "./support.ts";

const names = ["x", "y", "line"];

/** Of each of so many columns the lowest and the highest value of a line through these points. */
function covered(x: ArrayLike<number>, y: ArrayLike<number>, columns: number, [low, high]: readonly [number, number]) {
  const ends = Array.from({ length: columns }, () => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  const at = (value: number) => Math.min(columns - 1, Math.floor(((value - low) / (high - low)) * columns));
  for (let i = 0; i < x.length; i++) {
    const column = ends[at(x[i] as number)] as number[];
    column[0] = Math.min(column[0] as number, y[i] as number);
    column[1] = Math.max(column[1] as number, y[i] as number);
  }
  return ends;
}

const drawn = async (x: ArrayLike<number>, y: ArrayLike<number>) => {
  const { columns, reach } = await coursesOf(names, 1, () => ({ x, values: [y] }));
  return { x: columns.x as Float64Array, y: columns.y as Float64Array, reach };
};

describe("courses", () => {
  const size = 200_000;
  const noise = (i: number) => Math.sin(i / 9000) + Math.sin(i * i) / 3;

  it("of many points keep what each column of pixels is drawn of, peaks and ends", async () => {
    const x = Float64Array.from({ length: size }, (_, i) => i);
    const y = x.map((i) => (i === 54_321 ? 1e9 : i === 7 ? -1e9 : noise(i)));
    const few = await drawn(x, y);
    expect(few.x.length).toBeLessThanOrEqual(4 * 1281);
    expect(covered(few.x, few.y, 640, [0, size - 1])).toEqual(covered(x, y, 640, [0, size - 1]));
    const points = new Map(Array.from(few.x, (place, i) => [place, few.y[i]]));
    for (const place of [0, 7, 54_321, size - 1]) expect(points.get(place)).toBe(y[place]);
    expect([...few.x]).toEqual([...few.x].sort((a, b) => a - b));
    expect(few.reach).toEqual([
      [0, -1e9],
      [size - 1, 1e9],
    ]);
  });

  it("that go back and forth keep what each column is drawn of on each way", async () => {
    const turn = (i: number) => Math.abs(((i / 20_000) % 2) - 1);
    const x = Float64Array.from({ length: size }, (_, i) => turn(i));
    const y = Float64Array.from({ length: size }, (_, i) => noise(i) + i);
    const few = await drawn(x, y);
    expect(few.x.length).toBeLessThan(size / 3);
    expect(covered(few.x, few.y, 640, [0, 1])).toEqual(covered(x, y, 640, [0, 1]));
  });

  it("of few points stay as they are, without what is not finite", async () => {
    const x = Float64Array.from({ length: MANY }, (_, i) => i);
    const y = x.map(noise);
    expect((await drawn(x, y)).y).toEqual(y);
    const holes = await drawn([0, 1, Number.NaN, 3], [5, Number.NaN, 7, 8]);
    expect([[...holes.x], [...holes.y]]).toEqual([
      [0, 3],
      [5, 8],
    ]);
  });

  it("of several lines are told apart by their numbers, and of none are nothing", async () => {
    const { columns } = await coursesOf(names, 3, (i) => ({ x: [1, 2], values: [[i, 10 * i]] }));
    expect(Array.from(columns.line as Float64Array)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(Array.from(columns.y as Float64Array)).toEqual([0, 0, 1, 10, 2, 20]);
    expect((await coursesOf(names, 0, () => ({ x: [], values: [] }))).columns.x?.length).toBe(0);
  });

  it("of bands keep the lowest and the highest of both ends", async () => {
    const x = Float64Array.from({ length: size }, (_, i) => i);
    const [low, high] = [x.map(noise), x.map((i) => noise(i) + 2 + Math.cos(i))];
    const { columns } = await coursesOf(["x", "y", "top"], 1, () => ({ x, values: [low, high] }));
    for (const [name, all] of [
      ["y", low],
      ["top", high],
    ] as const) {
      const few = covered(columns.x as Float64Array, columns[name] as Float64Array, 640, [0, size - 1]);
      expect(few).toEqual(covered(x, all, 640, [0, size - 1]));
    }
  });

  it("are kept finer where the axis shows a part of them", async () => {
    const x = Float64Array.from({ length: size }, (_, i) => i);
    const y = x.map(noise);
    const { columns } = await coursesOf(names, 1, () => ({ x, values: [y] }), [0, 20_000]);
    const part = (xs: Float64Array, ys: Float64Array) => {
      const inside = [...xs.keys()].filter((i) => (xs[i] as number) <= 20_000);
      const of = (all: Float64Array) => inside.map((i) => all[i] as number);
      return covered(of(xs), of(ys), 640, [0, 20_000]);
    };
    expect(part(columns.x as Float64Array, columns.y as Float64Array)).toEqual(part(x, y));
    const point = await coursesOf(names, 1, () => ({ x, values: [y] }), [5, 5]);
    expect(point.columns.x?.length).toBe(size);
  });

  it("of points count what has no place", async () => {
    const { columns, without, reach } = await scatteredOf({ x: [1, Number.NaN, 3], values: [[4, 5, 6]] });
    expect([columns.x, columns.y, without]).toEqual([Float64Array.of(1, 3), Float64Array.of(4, 6), 1]);
    expect(reach).toEqual([
      [1, 4],
      [3, 6],
    ]);
  });
});

describe("pictures of many points", () => {
  const x = arange(0, 100_000);
  const y = randn([100_000], { seed: 3 });
  const steps = Array.from({ length: 100_000 }, (_, i) => i % 7);

  it("have no more of them than can be seen", async () => {
    const svg = await plot.lines([{ x, y, bands: [[y.sub(1), y.add(1)]] }]).toSvg();
    expect(corners(marks(svg, "line")[0] ?? "").length).toBeLessThanOrEqual(4 * 1281);
    const way = tensor([[[0, 0]]]).add(randn([20_000, 1, 2], { seed: 4 }).mul(tensor([0, 1])));
    const straight = marks(await plot.trajectories(way).toSvg(), "line")[0] ?? "";
    expect(corners(straight).length).toBeLessThanOrEqual(4);
  });

  it.each<[string, () => plot.Plot]>([
    ["a line", () => plot.lines([{ x, y }])],
    ["a line of arrays", () => plot.lines([{ x: Array.from({ length: 100_000 }, (_, i) => i), y: steps }])],
    ["lines", () => plot.lines([{ x: arange(0, 100), y: randn([1000, 100]) }])],
    ["trajectories", () => plot.trajectories(randn([50, 2000, 2]), { limit: 2000 })],
    ["points", () => plot.scatter(randn([40_000, 2]), { limit: 40_000 })],
    ["losses", () => plot.loss(Array.from({ length: 100_000 }, (_, step) => ({ step, loss: 2 + Math.sin(step) })))],
  ])("hold nobody up: %s", async (_, make) => {
    expect(await longestWait(() => make().toSvg())).toBeLessThan(10);
  });
});
