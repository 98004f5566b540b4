// What pictures say of arguments of a wrong kind: what was expected and what came, at the door, and never a raw TypeError.
// Every function is given every kind of wrong value, as what it draws and in each of its settings.
import { ConfigError, InternalError, plot, randn, ShapeError, Table, ThalwegError, tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { small } from "../model/support.ts";
import { corners, marks, texts } from "./support.ts";

const rows = randn([5, 2], { seed: 1 });
const model = small();
const quick = { count: 5, times: [1, 0] } as const;

/** Every function with something that it draws, and settings that it has; `settings` alone are those without which it can't. */
const functions = {
  scatter: { of: rows, with: { against: rows, names: ["a", "b"], axes: [0, 1], like: rows, limit: 3 } },
  trajectories: { of: randn([2, 3, 2]), with: { axes: [0, 1], like: rows, limit: 3, title: "t", columns: ["a", "b"] } },
  lines: { of: [{ x: [1, 2], y: [1, 2] }], with: { title: "t", columns: ["a", "b"] } },
  heatMap: { of: rows, with: { x: [0, 1], y: [0, 1], label: "l", title: "t", columns: ["a", "b"] } },
  bars: { of: [{ name: "a", values: [1] }], settings: { labels: ["b"] }, with: { title: "t", unit: "u" } },
  images: { of: randn([2, 1, 4, 4]), with: { title: "t", columns: 1, range: [-1, 1], limit: 2 } },
  loss: { of: [{ step: 1, loss: 2 }], with: { scale: "log", smoothing: 0.1, learningRate: true, title: "t" } },
  table: { of: Table.fromColumns({ a: [1, 2] }), with: { columns: ["a"], names: ["a", "b"], title: "t" } },
  snapshots: { of: model, settings: quick, with: { axes: [0, 1], like: rows, columns: ["a", "b"], seed: 1, x0: rows } },
  marginals: {
    of: model,
    settings: quick,
    with: { coordinates: [0], names: ["a"], bins: 4, range: [0, 1], title: "t" },
  },
  density: { of: model, settings: { grid: 2, count: 5 }, with: { against: rows, x: [0, 1], title: "t", seed: 1 } },
  field: { of: model, settings: { grid: 2, count: 5 }, with: { below: rows, t: 0.5, x: [0, 1], columns: ["a", "b"] } },
  panels: { of: [plot.scatter(rows)], with: { columns: 1, title: "t" } },
} as const;

/** A promise whose own error nobody hears, as that of an argument that is refused. */
const never = () => Promise.reject(new Error("of a promise that nobody waits for"));

const wrong: readonly [string, () => unknown][] = [
  ["a number", () => 5],
  ["a text", () => "text"],
  ["null", () => null],
  ["an object", () => ({})],
  ["an object without a config", () => ({ config: null })],
  ["an array of what is none of these", () => [{ no: 1 }, null]],
  ["a promise", () => Promise.resolve(1)],
  ["a function", () => () => 1],
  ["a tensor of one number", () => tensor(1)],
];

type Draw = (of: unknown, settings: object) => plot.Plot;

describe.each(Object.entries(functions))("plot.%s", (name, entry) => {
  const draw = plot[name as keyof typeof functions] as unknown as Draw;
  const own = "settings" in entry ? entry.settings : {};
  const drawn = async (of: unknown, settings: object) => draw(of, settings).toSvg();

  it("draws what it can", async () => {
    expect(await drawn(entry.of, own)).toMatch(/^<svg /);
    for (const [setting, value] of Object.entries(entry.with)) {
      if (setting !== "x0") expect(await drawn(entry.of, { ...own, [setting]: value })).toMatch(/^<svg /);
    }
  });

  it.each(wrong)("refuses %s in place of what it draws", async (kind, value) => {
    if (name === "loss" && kind === "a text") return;
    await expect(drawn(value(), own)).rejects.toThrow(ThalwegError);
    await expect(drawn(value(), own)).rejects.toThrow(/expected .+, got .+/);
  });

  it.each(wrong)("takes %s as a setting, or refuses it in its own words", async (_, value) => {
    const settings = [value() as object, ...Object.keys(entry.with).map((key) => ({ ...own, [key]: value() }))];
    for (const each of settings) {
      const error: unknown = await drawn(entry.of, each).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) continue;
      expect(error).toBeInstanceOf(ThalwegError);
      expect(error).not.toBeInstanceOf(InternalError);
    }
  });
});

describe("messages", () => {
  it.each<[string, () => plot.Plot, new (message: string) => Error, RegExp]>([
    [
      "a promise",
      () => plot.scatter(never() as never),
      ShapeError,
      /^plot.scatter: expected a tensor \[rows, coordinates\], got a promise \(is await missing/,
    ],
    [
      "arrays in place of a tensor",
      () => plot.heatMap([[1, 2]] as never),
      ShapeError,
      /^plot.heatMap: expected a tensor \[rows, columns\], got an array of 1. Remedy: tensor\(…\)/,
    ],
    [
      "data that are none",
      () => plot.scatter(rows, { against: "data" as never }),
      ShapeError,
      /^plot.scatter: against: expected a tensor/,
    ],
    [
      "texts as numbers",
      () => plot.lines([{ x: [1, 2], y: ["a", "b"] as never }]),
      ShapeError,
      /^plot.lines: series 1: y: expected a tensor \[T\] or \[N, T\], or as many numbers in arrays, got an array of 2, with string for a number/,
    ],
    [
      "holes among numbers",
      // biome-ignore lint/suspicious/noSparseArray: that is what is refused
      () => plot.lines([{ x: [1, 2, 3], y: [1, , 3] as never }]),
      ShapeError,
      /^plot.lines: series 1: y: expected a tensor \[T\] or \[N, T\]/,
    ],
    [
      "rows of different lengths",
      () => plot.lines([{ x: [1, 2], y: [[1, 2], [1]] as never }]),
      ShapeError,
      /^plot.lines: series 1: y: expected a tensor \[T\] or \[N, T\]/,
    ],
    [
      "a series without x",
      () => plot.lines([{ name: "a" } as never]),
      ShapeError,
      /^plot.lines: series 1: x: expected .*, got undefined/,
    ],
    [
      "a pair that is none",
      () => plot.lines([{ x: [1], bands: [[1]] as never }]),
      ConfigError,
      /series 1: bands: expected/,
    ],
    [
      "samples as a model",
      () => plot.density(rows as never),
      ConfigError,
      /^plot.density: expected a model with a density/,
    ],
    [
      "a path as trajectories",
      () => plot.snapshots("runs/a" as never),
      ConfigError,
      /expected a model, or trajectories/,
    ],
    [
      "what is no plot",
      () => plot.panels([plot.scatter(rows), 1 as never]),
      ConfigError,
      /^plot.panels: plot 2: expected a plot/,
    ],
    [
      "an array beside",
      () => plot.scatter(rows).beside([plot.scatter(rows)] as never),
      ConfigError,
      /^plot.beside: plot 2/,
    ],
    ["one name", () => plot.scatter(rows, { columns: ["x"] as never }), ConfigError, /^columns: expected 2 names/],
    [
      "a range of one number",
      () => plot.heatMap(rows, { x: 3 as never }),
      ConfigError,
      /^x: expected two numbers, low < high/,
    ],
  ])("name what is wrong: %s", (_, make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });

  const paths = randn([3, 4, 2], { seed: 2 });
  const pair = Table.fromColumns({ a: [1, 2], b: [1, 2] });
  const many = Table.fromColumns(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`c${i}`, [i]])));
  const one = [{ name: "a", values: [1] }];
  it.each<[string, (value: never) => plot.Plot, readonly unknown[], RegExp]>([
    ["scatter: axes", (axes) => plot.scatter(rows, { axes }), [[0.5, 1], [0], [0, 1, 2], "01"], /^axes: expected two/],
    ["scatter: limit", (limit) => plot.scatter(rows, { limit }), [Number.NaN, "3", 0, -1, 1.5], /^limit: expected an/],
    ["scatter: like", (like) => plot.scatter(rows, { like }), [randn([0, 2])], /^like: expected samples .*\[0, 2\]/],
    ["snapshots: like", (like) => plot.snapshots(paths, { like }), [randn([0, 2])], /^like: expected samples/],
    ["scatter: names", (names) => plot.scatter(rows, { names }), ["ab", [1, 2], ["x"], ["x", "x"]], /^names: expected/],
    ["table: names", (names) => plot.table(pair, { names }), ["ab", [1, 2], ["x"], [], ["x", "x"]], /^names: expected/],
    ["table: title", (title) => plot.table(pair, { title }), [5, {}], /^title: expected a text/],
    [
      "table: columns",
      (columns) => plot.table(pair, { columns }),
      [["a", "a"]],
      /^columns: .*each once, got "a" twice/,
    ],
    [
      "table: columns, too many",
      (columns) => plot.table(many, { columns }),
      [many.columns.map(({ name }) => name)],
      /^columns: expected at most 64 names of columns, got 65\. Remedy/,
    ],
    ["panels: title", (title) => plot.panels([plot.scatter(rows)], { title }), [5], /^title: expected a text/],
    ["panels: columns", (columns) => plot.panels([plot.scatter(rows)], { columns }), [0, 2.5], /^columns: expected an/],
    ["marginals: bins", (bins) => plot.marginals(paths, { bins }), [0, 1.5, 1e9], /^bins: expected an integer from 1/],
    [
      "marginals: coordinates",
      (coordinates) => plot.marginals(paths, { coordinates }),
      [[0.5], [-1], ["a"], [0, 0], []],
      /^coordinates: expected different coordinates/,
    ],
    [
      "density: grid",
      (grid) => plot.density(model, { grid }),
      [0, 201, Number.NaN],
      /^grid: expected an integer from 1/,
    ],
    ["field: grid", (grid) => plot.field(model, { grid }), [0, 101, "9"], /^grid: expected an integer from 1/],
    ["snapshots: count", (count) => plot.snapshots(model, { count }), [0, 1.5, "9"], /^count: expected an integer/],
    ["field: count", (count) => plot.field(model, { count }), [0, 1.5, "9"], /^count: expected an integer/],
    [
      "loss: learningRate",
      (learningRate) => plot.loss([], { learningRate }),
      ["no", 0],
      /^learningRate: expected true/,
    ],
    [
      "bars: values",
      (value) => plot.bars([{ name: "a", values: [value] }], { labels: ["b"] }),
      [Number.NaN, "1"],
      /set 1: values: expected an array of finite numbers/,
    ],
    [
      "bars: name",
      (name) => plot.bars([...one, { name, values: [2] }], { labels: ["b"] }),
      ["a"],
      /set 2: name: expected another name/,
    ],
  ])("name a setting of which something wrong would be drawn: %s", (_, make, values, message) => {
    for (const value of values) {
      expect(() => make(value as never)).toThrow(ConfigError);
      expect(() => make(value as never)).toThrow(message);
    }
  });

  it("name times of trajectories that are no different numbers, and samples of which the axes can have no extent", async () => {
    for (const times of ["abc", [1, 1, 2], [Number.NaN, 1, 2], 3]) {
      await expect(plot.marginals(paths, { times: times as never }).toSvg()).rejects.toThrow(
        /^times: expected 3 different/,
      );
    }
    const like = tensor([[Number.NaN, 1]]);
    await expect(plot.scatter(rows, { like }).toSvg()).rejects.toThrow(/^like: expected samples with finite numbers/);
  });

  it("are none of a line without points", async () => {
    expect(await plot.lines([{ x: [], y: [] }]).toSvg()).toMatch(/^<svg /);
  });

  it("name a file that is none", async () => {
    await expect(plot.scatter(rows).save(undefined as never)).rejects.toThrow(/^plot.save: expected a path/);
  });
});

describe("plot.lines of arrays", () => {
  it("draws what tensors of the same numbers are, one line or several, with bands", async () => {
    const [x, y, low, high] = [
      [0, 1, 2],
      [
        [1, 3, 2],
        [2, 2, 2],
      ],
      [0, 0, 0],
      Float64Array.of(4, 4, 4),
    ] as const;
    const arrays = await plot.lines([{ x, y, bands: [[low, high]] }]).toSvg();
    const [of, bands] = [tensor(x), [[tensor(low), tensor(high)]]] as const;
    expect(arrays).toBe(await plot.lines([{ x: of, y: tensor(y), bands }]).toSvg());
    expect(marks(arrays, "line").map((line) => corners(line).length)).toEqual([3, 3]);
  });

  it("tells series apart that have no name", async () => {
    const svg = await plot
      .lines([
        { x: [1, 2], y: [1, 2] },
        { x: [1, 2], y: [2, 1] },
      ])
      .toSvg();
    for (const text of ["series 1", "series 2"]) expect(texts(svg)).toContain(text);
  });

  it("refuses a line of another length than its x", async () => {
    await expect(plot.lines([{ x: [1, 2], y: [1, 2, 3] }]).toSvg()).rejects.toThrow(
      /x \[T\] and y .*got \[2\] and \[3\]/,
    );
  });
});
