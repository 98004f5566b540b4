// Pictures of tables: every column is there, with the shares that its values have, beside those of other rows.
// Shares are known beforehand; places in a picture are read from its SVG.
import { ConfigError, plot, randn, Table } from "thalweg";
import { describe, expect, it } from "vitest";
import { categoryDistribution } from "../../ts/src/plot/categories.ts";
import { missingIn, numberDistribution, wholeDistribution } from "../../ts/src/plot/distribution.ts";
import { binsFor, binsOf, sharesIn } from "../../ts/src/plot/histogram.ts";
import { shortened } from "../../ts/src/plot/labels.ts";
import { turnsDuring } from "../data/turns.ts";
import { numbers } from "../model/support.ts";
import { corners, marks, texts } from "./support.ts";

const categories = (values: readonly (string | null)[]) => {
  const column = Table.fromColumns({ kind: values }).column("kind");
  if (column.type !== "category") throw new Error("no categories");
  return column;
};

const DAY = 86_400_000;

describe("bins", () => {
  it("are twice the cube root of as many values, up to a limit", () => {
    expect([1, 8, 1000, 1e6].map((count) => binsFor(count, 40))).toEqual([2, 4, 20, 40]);
  });

  it("reach from the least to the largest value, where these are few", () => {
    expect(binsOf([[3, 1, Number.NaN, 2.5]], 40)).toEqual({ range: [1, 3], count: 4 });
    expect(binsOf([[7.5, 7.5]], 40)).toEqual({ range: [7, 8], count: 3 });
    expect(binsOf([[Number.NaN], []], 40)).toBeUndefined();
  });

  it("lie around the data: samples that stray far do not press them into one bin", () => {
    expect(
      binsOf(
        [
          [0, 1, 2],
          [-500, 1, 1.5],
        ],
        40,
      )?.range,
    ).toEqual([-1, 2]);
    expect(
      binsOf(
        [
          [0, 1, 2],
          [-0.5, 1, 2.5],
        ],
        40,
      )?.range,
    ).toEqual([-0.5, 2.5]);
  });

  it("leave out the outermost of many values", () => {
    const values = Float64Array.from({ length: 10_001 }, (_, i) => i + 0.25);
    values[0] = -1e9;
    expect(binsOf([values], 40)).toEqual({ range: [20.25, 9980.25], count: 40 });
  });

  it("of whole numbers have as many of them each", () => {
    const dice = Float64Array.from({ length: 600 }, (_, i) => 1 + (i % 6));
    expect(binsOf([dice], 40, [1])).toEqual({ range: [0.5, 6.5], count: 6 });
    const years = Float64Array.from({ length: 1000 }, (_, i) => 1950 + (i % 50));
    expect(binsOf([years], 40, [1])).toEqual({ range: [1949.5, 2000.5], count: 17 });
    expect(binsOf([dice, [1.5]], 40, [1])?.range).toEqual([1, 6]);
  });

  it("hold the share of the values that are not missing; what lies outside is in none", async () => {
    const bins = { range: [0, 4], count: 4 } as const;
    const shares = await sharesIn([0, 0.5, 1, 4, 9, Number.NaN, Number.POSITIVE_INFINITY, -1], bins);
    expect(shares).toEqual([2, 1, 0, 1].map((count) => count / 7));
    expect(await sharesIn([], bins)).toEqual([0, 0, 0, 0]);
  });
});

describe("distributions", () => {
  it("of dates without a time of day have as many days in each bin", async () => {
    const days = Float64Array.from({ length: 30 }, (_, i) => i * DAY);
    const found = await numberDistribution([days], "date");
    expect(found?.bins).toEqual({ range: [-0.5 * DAY, 29.5 * DAY], count: 6 });
    for (const share of found?.shares[0] ?? []) expect(share).toBeCloseTo(5 / 30, 12);
  });

  it("of normal numbers are normal", async () => {
    const values = await numbers(randn([200_000], { seed: 5 }));
    const found = await numberDistribution([values]);
    const { range, count } = found?.bins ?? { range: [0, 0], count: 0 };
    const width = (range[1] - range[0]) / count;
    found?.shares[0]?.forEach((share, i) => {
      const x = range[0] + (i + 0.5) * width;
      const exact = (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * width;
      // Six standard errors, and what the density bends within a bin.
      expect(Math.abs(share - exact)).toBeLessThan(6 * Math.sqrt(exact / 200_000) + (exact * width ** 2) / 4);
    });
  });

  it("of categories are shares of what is there, in the order of the first set; the rest are others", async () => {
    const data = categories(["a", "b", "b", null, "c", "d", "e", "b", "a"]);
    const samples = categories(["b", "z", "z", "z"]);
    const { labels, shares } = await categoryDistribution([data, samples], 2);
    expect(labels).toEqual(["b", "a", "4 others"]);
    expect(shares[0]?.map((share) => Math.round(share * 8))).toEqual([3, 2, 3]);
    expect(shares[1]).toEqual([0.25, 0, 0.75]);
    expect((await categoryDistribution([data], 4)).labels).toEqual(["b", "a", "c", "d", "e"]);
  });

  it("of many categories are those of an order of all, whatever the sets have in common, ties and all", async () => {
    const many = (rows: number, different: number, seed: number) =>
      categories(Array.from({ length: rows }, (_, i) => `c${((i * i + seed) * 7919) % different}`));
    const [data, samples] = [many(5000, 997, 1), many(3000, 1009, 5)];
    const count = ({ codes, categories: labels }: typeof data) => {
      const counts = new Map<string, number>();
      for (const code of codes) counts.set(labels[code] ?? "", (counts.get(labels[code] ?? "") ?? 0) + 1);
      return counts;
    };
    const [first, second] = [count(data), count(samples)];
    const of = (label: string): [number, number] => [first.get(label) ?? 0, second.get(label) ?? 0];
    const inOrder = [...new Set([...first.keys(), ...second.keys()])].sort((a, b) => {
      const [[a0, a1], [b0, b1]] = [of(a), of(b)];
      return b0 - a0 || b1 - a1;
    });
    const { labels, shares } = await categoryDistribution([data, samples], 12);
    expect(labels).toEqual([...inOrder.slice(0, 12), `${inOrder.length - 12} others`]);
    const shown = inOrder.slice(0, 12).map(of);
    expect(shares[0]?.slice(0, 12)).toEqual(shown.map(([own]) => own / 5000));
    expect(shares[1]?.slice(0, 12)).toEqual(shown.map(([, own]) => own / 3000));
    for (const each of shares) expect(each.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("of sets without a value are none", async () => {
    const some = categories(["a"]);
    expect(await categoryDistribution([{ ...some, codes: Int32Array.of(-1) }, some], 2)).toEqual({
      labels: ["a"],
      shares: [[0], [1]],
    });
  });

  it("of few whole numbers are shares of each of them, in ascending order, whichever are frequent", async () => {
    const found = await wholeDistribution(
      [
        [10, 2, 10, Number.NaN, 10],
        [-1, 2],
      ],
      12,
    );
    expect(found).toEqual({
      labels: ["-1", "2", "10"],
      shares: [
        [0, 0.25, 0.75],
        [0.5, 0.5, 0],
      ],
    });
    const count = (values: number) => Float64Array.from({ length: 1000 }, (_, i) => i % values);
    expect((await wholeDistribution([count(12)], 12))?.labels.length).toBe(12);
    for (const sets of [
      [count(13)],
      [count(12), [12]],
      [[0, 1], [0.5]],
      [[Number.NaN]],
      [[Number.POSITIVE_INFINITY]],
    ]) {
      expect(await wholeDistribution(sets, 12)).toBeUndefined();
    }
  });

  it("know what is missing", async () => {
    expect(await missingIn(categories(["a", null, "a", null]))).toBe(0.5);
    expect(await missingIn({ type: "number", name: "x", values: Float64Array.of(1, Number.NaN, 2, 3) })).toBe(0.25);
  });
});

describe("labels", () => {
  const [a, b] = ["a".repeat(30), "b".repeat(30)];

  it.each([
    ["those that fit", ["cat", "c".repeat(24)]],
    ["those whose beginnings differ, at the end", [a, b]],
    ["those whose ends differ", [`${a}1`, `${a}2`]],
    ["those that differ in the middle alone", [`${a}1${b}`, `${a}2${b}`, `${a}3${b}`]],
    ["those that differ in several places", [`${a}1${b}x`, `${a}1${b}y`, `${a}2${b}x`, `${a}2${b}y`]],
    ["one that is the beginning of another", [a, `${a}${b}`, a.slice(0, 24)]],
  ])("are cut to their room, and stay different: %s", (_, labels) => {
    const short = shortened(labels, 24);
    expect(new Set(short).size).toBe(labels.length);
    for (const [i, text] of short.entries()) {
      expect([...text].length).toBeLessThanOrEqual(24);
      if ((labels[i] ?? "").length <= 24) expect(text).toBe(labels[i]);
    }
  });
});

describe("plot.table", () => {
  const made = Table.fromColumns({
    size: [1, 2, 2.5, null],
    kind: ["cat", "eel", "cat", "cat"],
    born: ["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-03"],
    score: [0.5, 0.25, 0.5, 1],
  });
  const real = Table.fromColumns({
    score: [0.5, 0.75, 0.125, 1],
    kind: ["cat", "dog", "cat", "eel"],
    size: [1.5, 2, 3, 3.5],
    born: ["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-07"],
    more: [1, 2, 3, 4],
  });

  it("has a panel for each column, whatever it holds, and names the sets once", async () => {
    const svg = await plot.table(made, { against: real }).toSvg();
    const all = texts(svg);
    expect(all.filter((text) => text !== undefined && /^[a-z]+$/.test(text)).sort()).toEqual(
      ["size", "kind", "born", "score", "cat", "dog", "eel", "samples", "data"].sort(),
    );
    expect(all).toContain("missing: 0 % of data, 25 % of samples");
    expect(marks(svg, "area").length).toBe(6);
    expect(marks(svg, "line").length).toBe(6);
  });

  it("draws shares where they belong", async () => {
    const halves = Table.fromColumns({ n: [0.25, 0.25, 0.25, 0.75] });
    const svg = await plot.table(halves, { against: Table.fromColumns({ n: [0.25, 0.75] }) }).toSvg();
    const [data = [], samples = []] = marks(svg, "line").map(corners);
    const heights = (line: (number | undefined)[][]) => [...new Set(line.map(([, y]) => 200 - (y ?? 0)))];
    // The largest share, three quarters, is 1.05 times below the top.
    const top = 200 / 1.05;
    expect(heights(samples).map((height) => height / top)).toEqual([expect.closeTo(1, 2), 0, expect.closeTo(1 / 3, 2)]);
    expect(heights(data).map((height) => height / top)).toEqual([expect.closeTo(2 / 3, 2), 0]);
  });

  it.each<[string, (picture: plot.Plot) => plot.Plot]>([
    ["alone", (picture) => picture],
    ["as the only panel", (picture) => plot.panels([picture])],
    ["beside another", (picture) => picture.beside(plot.table(made))],
  ])("says what has which colour where one column is shown: %s", async (_, put) => {
    const all = texts(await put(plot.table(made, { against: real, columns: ["score"] })).toSvg());
    expect(all.filter((text) => text === "samples" || text === "data")).toEqual(["data", "samples"]);
  });

  it("shows the columns that are asked for, in their order, and no data where there are none", async () => {
    const svg = await plot.table(made, { columns: ["score", "kind"], title: "two of them" }).toSvg();
    const all = texts(svg);
    expect(all.indexOf("score")).toBeLessThan(all.indexOf("kind"));
    for (const absent of ["size", "data", "samples"]) expect(all).not.toContain(absent);
    expect(all).toContain("two of them");
  });

  it("shows 16 columns at most, and says so", async () => {
    const wide = Table.fromColumns(Object.fromEntries(Array.from({ length: 19 }, (_, i) => [`c${i}`, [i, i + 1]])));
    const all = texts(await plot.table(wide, { title: "wide" }).toSvg());
    expect(all.filter((text) => /^c\d+$/.test(text ?? "")).length).toBe(16);
    expect(all).toContain("wide: the first 16 of 19 columns");
    const asked = wide.columns.map(({ name }) => name);
    const every = texts(await plot.table(wide, { columns: asked }).toSvg());
    expect(every.filter((text) => /^c\d+$/.test(text ?? "")).length).toBe(19);
  });

  it("draws whole numbers of few values as bars, and what is not whole, or of many values, as histograms", async () => {
    const flags = Table.fromColumns({ flag: [1, 0, 1, 1, null] });
    const svg = await plot.table(flags, { against: Table.fromColumns({ flag: [1, 3] }) }).toSvg();
    expect(texts(svg).filter((text) => /^\d$/.test(text ?? ""))).toEqual(["0", "1", "3"]);
    expect([marks(svg, "rect").length, marks(svg, "area").length]).toEqual([3, 0]);
    const many = Table.fromColumns({ n: Array.from({ length: 13 }, (_, i) => i) });
    expect(marks(await plot.table(many).toSvg(), "area").length).toBe(1);
    const days = Table.fromColumns({ day: ["2024-01-01", "2024-01-02"] });
    expect(marks(await plot.table(days).toSvg(), "area").length).toBe(1);
  });

  it("says how many samples lie outside of the picture", async () => {
    const far = Table.fromColumns({ x: [900.5, 901, 1.5, 2] });
    const svg = await plot.table(far, { against: Table.fromColumns({ x: [1, 1.5, 2, 2.5] }) }).toSvg();
    expect(texts(svg)).toContain("outside: 0 % of data, 50 % of samples");
  });

  it("draws what there is of empty tables, and of columns without a value", async () => {
    const empty = new Table([
      { type: "number", name: "x", values: Float64Array.of(Number.NaN) },
      { type: "category", name: "y", codes: Int32Array.of(-1), categories: [] },
    ]);
    const all = texts(await plot.table(empty).toSvg());
    expect(all.filter((text) => text === "missing: 100 %").length).toBe(2);
    expect(texts(await plot.table(empty.slice(0, 0)).toSvg())).toContain("x");
  });

  it("cuts long names so that they differ", async () => {
    const towns = ["Municipality of the city of Aarhus", "Municipality of the city of Bergen", "Chur"];
    expect(shortened(towns, 24)).toEqual(["Municipa… city of Aarhus", "Municipa… city of Bergen", "Chur"]);
    const kind = towns.flatMap((town, i) => Array.from({ length: 3 - i }, () => town));
    const all = texts(await plot.table(Table.fromColumns({ kind })).toSvg());
    expect(all).toContain("Municipa… city of Aarhus");
    const columns = {
      "measurement of the temperature at noon, station A": [1],
      "measurement of the temperature at noon, station B": [2],
    };
    const headings = texts(await plot.table(Table.fromColumns(columns)).toSvg());
    for (const end of ["A", "B"]) expect(headings.some((text) => text?.endsWith(`station ${end}`))).toBe(true);
  });

  it("keeps categories apart whose names are cut alike", async () => {
    const long = "a category with a name that is much too long: ";
    const svg = await plot.table(Table.fromColumns({ kind: [`${long}1`, `${long}2`, `${long}2`] })).toSvg();
    expect(texts(svg).filter((text) => text?.startsWith("a catego…")).length).toBe(2);
    expect(marks(svg, "rect").length).toBe(2);
  });

  it.each<[string, () => plot.Plot, RegExp]>([
    [
      "a column that is not there",
      () => plot.table(made, { columns: ["weight"] }),
      /size, kind, born, score.*got .?weight/,
    ],
    ["no columns", () => plot.table(made, { columns: [] }), /columns: expected names/],
    [
      "data without a column",
      () => plot.table(made, { against: real.drop("kind") }),
      /against.*"kind".*got columns score, size, born, more/,
    ],
    [
      "data of another type",
      () => plot.table(made, { against: Table.fromColumns({ size: ["s", "m"] }), columns: ["size"] }),
      /against.*"size" of the type number.*got category/,
    ],
    ["what is no table", () => plot.table(randn([3, 2]) as never), /expected a table/],
    ["a setting that it does not have", () => plot.table(made, { column: "size" } as never), /column/],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it("gives others their turn while it counts a million rows", async () => {
    const values = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i));
    const column = { type: "number", name: "x", values } as const;
    const { turns } = await turnsDuring(() => sharesIn(values, binsOf([values], 40) ?? { range: [0, 1], count: 1 }));
    expect(turns).toBeGreaterThan(2);
    expect(await missingIn(column)).toBe(0);
  });
});
