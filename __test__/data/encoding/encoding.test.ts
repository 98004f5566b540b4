// Encodings: what goes in comes out again, in the user's columns, categories and units; numbers have the moments that they are said to have.
import {
  type CategoryColumn,
  ConfigError,
  DataError,
  type EncodingSettings,
  fitEncoding,
  type NumberColumn,
  rand,
  randn,
  ShapeError,
  Table,
  TableEncoding,
  type Tensor,
  tensor,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { numbers } from "../../model/support.ts";
import { turnsDuring } from "../turns.ts";

describe("numbers at the ends of the range", () => {
  const column = (...x: number[]) => Table.fromColumns({ x });

  it("of 1e200 and of 1e-300 come back", async () => {
    for (const scale of [1e200, 1e-300]) {
      for (const kind of ["standard", "minMax", "quantile"] as const) {
        const table = column(scale, 2 * scale, 4 * scale);
        const encoding = await fitEncoding(table, { numbers: kind });
        const rows = await encoding.encode(table, { dtype: "f64" });
        const back = values(await encoding.decode(rows), "x");
        for (const [i, value] of values(table, "x").entries()) expect((back[i] ?? 0) / value).toBeCloseTo(1, 9);
      }
    }
  });

  it("are refused where nothing can tell them apart, with the column or the row", async () => {
    await expect(fitEncoding(column(-1.7e308, 1.7e308))).rejects.toThrow(
      /^fitEncoding: column "x": expected numbers whose/,
    );
    const encoding = await fitEncoding(column(1, 1e300), { numbers: "none" });
    await expect(encoding.encode(column(1, 1e300))).rejects.toThrow(DataError);
    await expect(encoding.encode(column(1, 1e300))).rejects.toThrow(
      /^encode: row 2, column "x": expected a value whose code fits into f32, got 1e\+300$/,
    );
  });

  it("that are no dates any more are missing dates, which can be written", async () => {
    const table = Table.fromColumns({ day: ["2024-01-01", "2024-01-03"] });
    const encoding = await fitEncoding(table);
    const decoded = await encoding.decode(tensor([[0], [1e20]], { dtype: "f64" }));
    expect(decoded.row(1).day).toBe(null);
  });
});

it("settings and tables that are none are refused by name", async () => {
  const table = Table.fromColumns({ x: [1, 2] });
  const encoding = await fitEncoding(table);
  const wrong: [() => Promise<unknown>, RegExp][] = [
    [() => fitEncoding({} as Table), /^fitEncoding: expected a table, got an object/],
    [() => fitEncoding(table, { nmbers: "none" } as object), /got "nmbers"; did you mean "numbers"\?/],
    [() => fitEncoding(table, { columns: { x: { foo: 1 } as object } }), /^columns.x: expected settings of/],
    [() => fitEncoding(table, { missing: null } as unknown as EncodingSettings), /^missing: expected "error"/],
    [
      () => fitEncoding(table, { columns: { x: "skip" } } as unknown as EncodingSettings),
      /^columns\.x: expected .*got "skip"\. Remedy: readTable\(file, \{ columns: \{ "x": "skip" \} \}\) .*table\.drop\("x"\)$/,
    ],
    [
      () => fitEncoding(table, { condition: "plan" } as unknown as EncodingSettings),
      /^condition: expected an array of column names, got "plan"$/,
    ],
    [() => encoding.encode(tensor([[1]]) as unknown as Table), /^encode: expected a table, got a tensor/],
    [
      () => table.split(undefined as never),
      /^split: expected an object of settings \{ validation, seed \}, got undefined/,
    ],
    [() => table.split({ validation: 0.5, seed: "x" as never }), /^seed: expected an integer, got string x/],
  ];
  for (const [call, message] of wrong) {
    await expect(call()).rejects.toThrow(ConfigError);
    await expect(call()).rejects.toThrow(message);
  }
});

const values = (table: Table, name: string) => (table.column(name) as NumberColumn).values;

/** f64 numbers of the engine. */
const drawn = async (made: Tensor) => (await made.data()) as Float64Array;

/** A table of every kind of column, skewed and with outliers, and with missing values where they are asked for. */
async function mixed(rows: number, seed: number, missing = 0): Promise<Table> {
  const [normal, uniform] = [
    await drawn(randn([rows, 2], { dtype: "f64", seed })),
    await drawn(rand([rows, 4], { dtype: "f64", seed })),
  ];
  const gap = (row: number, column: number) =>
    missing > 0 && (row * 7 + column * 3 + seed) % Math.round(1 / missing) === 0;
  const column = <T>(index: number, value: (row: number) => T) =>
    Array.from({ length: rows }, (_, row) => (gap(row, index) ? null : value(row)));
  const at = (all: Float64Array, row: number, column: number, width: number) => all[row * width + column] ?? 0;
  return Table.fromColumns({
    normal: column(0, (row) => 1e3 + 5 * at(normal, row, 0, 2)),
    skewed: column(1, (row) => Math.exp(2 * at(normal, row, 1, 2))),
    spiked: column(2, (row) => (at(uniform, row, 0, 4) < 0.6 ? 0 : Math.round(1e4 * at(uniform, row, 1, 4)) / 100)),
    count: column(3, (row) => Math.floor(50 * at(uniform, row, 2, 4) ** 3)),
    day: column(4, (row) => new Date(Date.UTC(2020, 0, 1 + Math.floor(1000 * at(uniform, row, 3, 4))))),
    kind: column(5, (row) => `kind ${Math.floor(7 * at(uniform, row, 0, 4) ** 2)}`),
  });
}

/** The largest difference of two columns, as a share of the range of the first; missing values must be the same. */
function difference(a: Float64Array, b: Float64Array): number {
  const present = a.filter((value) => !Number.isNaN(value));
  const range =
    present.reduce((x, y) => Math.max(x, y), -Infinity) - present.reduce((x, y) => Math.min(x, y), Infinity) || 1;
  let largest = 0;
  a.forEach((value, i) => {
    if (Number.isNaN(value) !== Number.isNaN(b[i])) largest = Number.POSITIVE_INFINITY;
    else if (!Number.isNaN(value)) largest = Math.max(largest, Math.abs(value - (b[i] ?? 0)) / range);
  });
  return largest;
}

const names = (table: Table, name: string) => table.toRows().map((row) => row[name]);

describe("decoding what was encoded gives the table", () => {
  const choices: EncodingSettings[] = (["standard", "minMax", "quantile", "none"] as const).flatMap((numbers) =>
    (["oneHot", "bits", { type: "embedding", dim: 3 }] as const).map((categories) => ({ numbers, categories })),
  );

  it.each(choices)("$numbers, $categories", async (settings) => {
    for (const [rows, seed] of [
      [1, 1],
      [2, 2],
      [37, 3],
      [2500, 4],
    ] as const) {
      const table = await mixed(rows, seed);
      const encoding = await fitEncoding(table, { ...settings, seed });
      for (const [dtype, tolerance] of [
        ["f32", 2e-6],
        ["f64", 1e-12],
      ] as const) {
        const encoded = await encoding.encode(table, { dtype });
        expect([encoded.dtype, encoded.shape]).toEqual([dtype, [rows, encoding.width]]);
        const decoded = await encoding.decode(encoded);
        // A table's own units need more of f32 where they are large beside their range.
        const slack = settings.numbers === "none" && dtype === "f32" ? 100 * tolerance : tolerance;
        for (const name of ["normal", "skewed"]) {
          expect(difference(values(table, name), values(decoded, name))).toBeLessThan(slack);
        }
        expect(difference(values(table, "spiked"), values(decoded, "spiked"))).toBeLessThan(slack);
        for (const name of ["count", "day", "kind"]) expect(names(decoded, name)).toEqual(names(table, name));
      }
    }
  });

  it("with missing values that are kept", async () => {
    const table = await mixed(500, 5, 0.2);
    for (const numbers of ["standard", "quantile"] as const) {
      const encoding = await fitEncoding(table, { numbers, missing: "keep" });
      expect(encoding.width).toBe(2 * 5 + 8);
      const decoded = await encoding.decode(await encoding.encode(table, { dtype: "f64" }));
      for (const name of ["normal", "skewed", "spiked"]) {
        expect(difference(values(table, name), values(decoded, name))).toBeLessThan(1e-12);
      }
      for (const name of ["count", "day", "kind"]) expect(names(decoded, name)).toEqual(names(table, name));
    }
  });

  it("after a way through JSON, to the same bits", async () => {
    const table = await mixed(1500, 6, 0.1);
    const encoding = await fitEncoding(table, {
      numbers: "quantile",
      categories: { type: "embedding", dim: 4 },
      missing: "keep",
    });
    const again = new TableEncoding(JSON.parse(JSON.stringify(encoding)));
    const encoded = await encoding.encode(table, { dtype: "f64" });
    expect(await numbers(await again.encode(table, { dtype: "f64" }))).toEqual(await numbers(encoded));
    expect((await again.decode(encoded)).columns).toEqual((await encoding.decode(encoded)).columns);
  });

  it("categories also from numbers that are a little off, and rows of any shape", async () => {
    const table = Table.fromColumns({ c: Array.from({ length: 40 }, (_, i) => `c${i % 20}`) });
    for (const categories of ["oneHot", "bits", { type: "embedding", dim: 12 }] as const) {
      const encoding = await fitEncoding(table, { categories });
      const encoded = await encoding.encode(table);
      const noisy = encoded.add(randn(encoded.shape, { seed: 1 }).mul(0.1)).reshape([4, 10, encoding.width]);
      expect(names(await encoding.decode(noisy), "c")).toEqual(names(table, "c"));
    }
  });
});

describe("the numbers that a network sees", () => {
  const encodedColumn = async (cells: ArrayLike<number>, settings: EncodingSettings) => {
    const table = Table.fromColumns({ x: cells });
    const encoding = await fitEncoding(table, settings);
    return numbers(await encoding.encode(table, { dtype: "f64" }));
  };
  const moments = (all: readonly number[]) => {
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    return { mean, std: Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length) };
  };

  it("standard: mean 0, standard deviation 1", async () => {
    const { mean, std } = moments(await encodedColumn([3, 4, 8, 100], { numbers: "standard" }));
    expect(mean).toBeCloseTo(0, 12);
    expect(std).toBeCloseTo(1, 12);
    expect(await encodedColumn([5, 5, 5], { numbers: "standard" })).toEqual([0, 0, 0]);
  });

  it("min–max: from −1 to 1", async () => {
    expect(await encodedColumn([3, 4, 8, 5], { numbers: "minMax" })).toEqual([-1, -0.6, 1, -0.19999999999999996]);
    expect(await encodedColumn([7, 7], { numbers: "minMax" })).toEqual([-1, -1]);
  });

  it("quantile: the scores of a normal distribution, whatever the column's", async () => {
    for (const rows of [800, 20_000]) {
      const cells = (await drawn(randn([rows], { dtype: "f64", seed: rows }))).map((z) => Math.exp(3 * z));
      const scores = await encodedColumn(cells, { numbers: "quantile" });
      const { mean, std } = moments(scores);
      expect(Math.abs(mean)).toBeLessThan(0.01);
      expect(Math.abs(std - 1)).toBeLessThan(0.01);
      expect(Math.max(...scores.map(Math.abs))).toBeLessThan(3.3);
      // As many below −1 as of a normal distribution.
      expect(scores.filter((z) => z < -1).length / rows).toBeCloseTo(0.1587, 2);
      const byValue = Array.from(cells, (value, i) => ({ value, score: scores[i] ?? 0 })).sort(
        (a, b) => a.value - b.value,
      );
      byValue.slice(1).forEach(({ score }, i) => void expect(score).toBeGreaterThan(byValue[i]?.score ?? 0));
    }
  });

  it("one-hot and bits: ±1", async () => {
    const table = Table.fromColumns({ c: ["a", "b", "c", "d", "e"] });
    const [oneHot, bits] = [await fitEncoding(table), await fitEncoding(table, { categories: "bits" })];
    expect(await (await oneHot.encode(table.slice(1, 2))).toArray()).toEqual([[-1, 1, -1, -1, -1]]);
    expect(await (await bits.encode(table.slice(3, 5))).toArray()).toEqual([
      [1, 1, -1],
      [-1, -1, 1],
    ]);
    // What no category has means the nearest one.
    expect((await bits.decode(tensor([[1, 1, 0.9]]))).row(0)).not.toEqual({ c: null });
  });

  it("lie where the encoding says", async () => {
    const table = Table.fromColumns({ a: [1, 2], c: ["x", "y"], b: [3, null] });
    const encoding = await fitEncoding(table, { missing: "keep", condition: ["c"] });
    expect([encoding.width, encoding.conditionWidth]).toEqual([3, 2]);
    expect(encoding.place("b")).toEqual({ condition: false, start: 1, width: 2 });
    expect(encoding.place("c")).toEqual({ condition: true, start: 0, width: 2 });
    expect(() => encoding.place("d")).toThrow(ShapeError);
    expect((await encoding.encodeCondition(table)).shape).toEqual([2, 2]);
    expect(names(await encoding.decodeCondition(await encoding.encodeCondition(table)), "c")).toEqual(["x", "y"]);
  });
});

describe("samples that no row was like", () => {
  it("go on beyond the range along straight lines, unless they are clipped", async () => {
    const table = Table.fromColumns({ x: [0, 1, 2, 3.5] });
    for (const numbers of ["standard", "minMax", "quantile"] as const) {
      const far = tensor([[-9], [9]], { dtype: "f64" });
      const [free, clipped] = [
        await fitEncoding(table, { numbers }),
        await fitEncoding(table, { numbers, clip: true }),
      ];
      const [low = 0, high = 0] = values(await free.decode(far), "x");
      expect(low).toBeLessThan(-1);
      expect(high).toBeGreaterThan(4.5);
      expect([...values(await clipped.decode(far), "x")]).toEqual([0, 3.5]);
      const back = await free.encode(await free.decode(far), { dtype: "f64" });
      expect((await drawn(back)).map(Math.round)).toEqual(Float64Array.of(-9, 9));
    }
  });

  it("are whole where the column is, and midnights, hours or moments as it has them", async () => {
    const table = Table.fromColumns({
      count: [1, 2, 9],
      day: ["2024-01-01", "2024-02-01", "2024-07-01"],
      hour: ["2024-01-01T05:00Z", "2024-02-01T06:00Z", "2024-07-01T00:00Z"],
    });
    const encoding = await fitEncoding(table);
    const decoded = await encoding.decode(randn([50, 3], { seed: 2 }));
    for (const count of values(decoded, "count")) expect(Number.isInteger(count)).toBe(true);
    for (const { day, hour } of decoded.toRows()) {
      expect((day as Date).toISOString()).toMatch(/T00:00:00\.000Z$/);
      expect((hour as Date).toISOString()).toMatch(/:00:00\.000Z$/);
    }
  });

  it("have as many decimals as the column, and are the numbers that such texts mean", async () => {
    const price = Array.from({ length: 40 }, (_, i) => Number((((i * 37) % 101) / 10 - 3).toFixed(1)));
    const table = Table.fromColumns({
      price,
      fine: price.map((value) => Number((value * 0.0123).toFixed(5))),
      free: price.map((value) => Math.fround(Math.sin(value))),
      huge: price.map((value) => value * 1e300),
    });
    const encoding = await fitEncoding(table);
    const steps = encoding.columns.map((column) => ("step" in column ? column.step : "none"));
    expect(steps).toEqual([0.1, 1e-5, "none", 1]);
    const decoded = await encoding.decode(randn([500, 4], { seed: 2 }));
    for (const value of values(decoded, "price")) expect(value).toBe(Number(value.toFixed(1)));
    for (const value of values(decoded, "fine")) expect(value).toBe(Number(value.toFixed(5)));
    expect(values(decoded, "huge").every(Number.isFinite)).toBe(true);
    const back = await encoding.decode(await encoding.encode(table, { dtype: "f64" }));
    expect([...values(back, "price")]).toEqual(price);
  });
});

describe("missing values", () => {
  const table = Table.fromColumns({
    x: [1, 2, null, 4.5],
    c: ["a", null, "b", "b"],
    d: ["2024-01-01", null, "2024-01-03", "2024-01-05"],
  });
  const filled = async (settings: EncodingSettings) => {
    const encoding = await fitEncoding(table, settings);
    return (await encoding.decode(await encoding.encode(table, { dtype: "f64" }))).toRows();
  };

  it("are an error with row and column unless something else is asked for", async () => {
    const encoding = await fitEncoding(table);
    await expect(encoding.encode(table)).rejects.toThrow(DataError);
    await expect(encoding.encode(table)).rejects.toThrow(/row 3, column "x": expected a value .*"fill" or "keep"/);
    await expect(encoding.encode(table.slice(1))).rejects.toThrow(/row 1, column "c"|row 2, column "x"/);
  });

  it("are filled with the mean and the most frequent category, or with what is given", async () => {
    const rows = await filled({ missing: "fill" });
    expect(rows[2]?.x).toBeCloseTo(2.5, 10);
    expect(rows[1]).toMatchObject({ c: "b", d: new Date("2024-01-03") });
    const columns = {
      x: { missing: { fill: 7 } },
      c: { missing: { fill: "a" } },
      d: { missing: { fill: "2024-02-01" } },
    };
    const own = await filled({ columns });
    expect([own[2]?.x, own[1]?.c, own[1]?.d]).toEqual([7, "a", new Date("2024-02-01")]);
  });

  it("that are kept need a number of their own", async () => {
    expect(await filled({ missing: "keep" })).toEqual(table.toRows());
    expect((await fitEncoding(table, { missing: "keep" })).width).toBe(2 + 3 + 2);
  });

  it("need none in columns that have no missing value, unless it is asked for by name", async () => {
    const whole = table.slice(3);
    const keeping = { x: { missing: "keep" }, c: { missing: "keep" }, d: { missing: "keep" } } as const;
    expect((await fitEncoding(whole, { missing: "keep" })).width).toBe((await fitEncoding(whole)).width);
    expect((await fitEncoding(whole, { columns: keeping })).width).toBe(2 + 3 + 2);
    const some = await fitEncoding(table.slice(2), { missing: "keep" });
    expect([some.place("x").width, some.place("c").width, some.place("d").width]).toEqual([2, 2, 1]);
    const later =
      /^encode: row 2, column "[cd]": expected a value \(or fitEncoding with columns: \{ "[cd]": \{ missing: "fill" or "keep" \} \}\), got none$/;
    await expect(some.encode(table)).rejects.toThrow(later);
    const all = await fitEncoding(whole, { columns: keeping });
    expect(names(await all.decode(await all.encode(table, { dtype: "f64" })), "c")).toEqual(["a", null, "b", "b"]);
  });
});

describe("what does not fit is refused", () => {
  const table = Table.fromColumns({ x: [1, 2], c: ["a", "b"] });

  it.each<[string, unknown, RegExp]>([
    ["a transform", { numbers: "log" }, /^numbers: expected "none", "standard", "minMax", "quantile", got "log"/],
    ["a code", { categories: "hash" }, /^categories: expected "oneHot", "bits" or/],
    ["an embedding without a size", { categories: { type: "embedding" } }, /^categories: expected/],
    ["a policy", { missing: "drop" }, /^missing: expected "error", "fill", "keep"/],
    ["a column", { columns: { y: {} } }, /^columns\.y: expected a column of the table \(x, c\)/],
    ["settings of a column", { columns: { x: { numbers: "log" } } }, /^columns\.x\.numbers: expected/],
    ["a condition", { condition: ["y"] }, /expected one of the columns x, c, got "y"/],
    [
      "a value for missing ones",
      { columns: { c: { missing: { fill: "z" } } } },
      /^columns\.c\.missing\.fill: expected one of its/,
    ],
    [
      "a value for missing numbers",
      { columns: { x: { missing: { fill: "z" } } } },
      /^columns\.x\.missing\.fill: expected a number/,
    ],
    ["clip", { clip: 1 }, /^clip: expected true or false/],
  ])("%s", async (_, settings, message) => {
    await expect(fitEncoding(table, settings as EncodingSettings)).rejects.toThrow(ConfigError);
    await expect(fitEncoding(table, settings as EncodingSettings)).rejects.toThrow(message);
  });

  it("tables and tensors that are not like those it was fitted to", async () => {
    const encoding = await fitEncoding(table);
    await expect(encoding.encode(Table.fromColumns({ x: [1], c: ["z"] }))).rejects.toThrow(
      /row 1, column "c": expected a category of the encoding's, got "z"/,
    );
    await expect(encoding.encode(Table.fromColumns({ x: [1] }))).rejects.toThrow(ConfigError);
    await expect(encoding.encode(Table.fromColumns({ x: ["a"], c: ["a"] }))).rejects.toThrow(
      /column "x": expected a column of type number, got one of type category/,
    );
    await expect(encoding.decode(randn([3, 4], { seed: 1 }))).rejects.toThrow(ShapeError);
    await expect(encoding.decodeCondition(randn([3, 0], { seed: 1 }))).rejects.toThrow(ShapeError);
    await expect(fitEncoding(Table.fromColumns({ x: [null, null] }))).rejects.toThrow(
      /column "x": expected at least one value/,
    );
    // Another order of columns and categories is none.
    const turned = Table.fromColumns({ c: ["b", "a"], x: [1, 2] });
    expect((await encoding.decode(await encoding.encode(turned))).toRows()).toEqual([
      { x: 1, c: "b" },
      { x: 2, c: "a" },
    ]);
  });
});

it("a seed gives the same vectors, another one others", async () => {
  const table = Table.fromColumns({ c: ["a", "b", "c"], d: ["a", "b", "c"] });
  const vectors = async (seed: number) =>
    (await fitEncoding(table, { categories: { type: "embedding", dim: 2 }, seed })).columns.map((column) =>
      "code" in column && column.code.type === "embedding" ? column.code.vectors : [],
    );
  expect(await vectors(1)).toEqual(await vectors(1));
  expect(await vectors(1)).not.toEqual(await vectors(2));
  const [c, d] = await vectors(1);
  expect(c).not.toEqual(d);
  expect(c?.flat().reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 10);
});

it("a million rows let others have their turn while they are measured, encoded and decoded", async () => {
  const rows = 1_000_000;
  const cells = await drawn(randn([rows], { dtype: "f64", seed: 1 }));
  const codes = Int32Array.from(cells, (z) => Math.min(9, Math.floor(Math.abs(3 * z))));
  const categories = Array.from({ length: 10 }, (_, i) => `c${i}`);
  const column: CategoryColumn = { type: "category", name: "c", codes, categories };
  const table = new Table([{ type: "number", name: "x", values: cells }, column]);
  const { result: decoded, mean } = await turnsDuring(async () => {
    const encoding = await fitEncoding(table, { numbers: "quantile" });
    return encoding.decode(await encoding.encode(table));
  });
  expect((decoded.column("c") as CategoryColumn).codes).toEqual(codes);
  expect(difference(cells, values(decoded, "x"))).toBeLessThan(2e-6);
  // Slices take four milliseconds; a machine that does other things as well adds to them.
  expect(mean).toBeLessThan(10);
});

describe("columns of which most values differ", () => {
  const warned = async (table: Table, settings?: EncodingSettings) => {
    const warnings: (Error & { code?: string })[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on("warning", note);
    await fitEncoding(table, settings);
    await new Promise(setImmediate);
    process.off("warning", note);
    return warnings.map(({ name, code, message }) => `${name} ${code}: ${message}`);
  };
  const table = (rows: number, categories: number) =>
    Table.fromColumns({
      x: Array.from({ length: rows }, (_, i) => i),
      comment: Array.from({ length: rows }, (_, i) => `text ${i % categories}`),
    });

  it("are warned of, with what to do, once for a table", async () => {
    const texts = table(200, 200);
    expect(await warned(texts)).toEqual([
      expect.stringMatching(
        /^ThalwegWarning THALWEG_MANY_CATEGORIES: fitEncoding: of categories, "comment" has 200 different values in 200 rows, .*columns: \{ "comment": "skip" \}.*table\.drop\("comment"\).*categories: "bits".*embedding/,
      ),
    ]);
    expect(await warned(texts)).toEqual([]);
    expect(await warned(table(101, 51))).toHaveLength(1);
    expect(await warned(table(200, 200), { categories: "oneHot" })).toHaveLength(1);
  });

  it("are no matter where they are few, are bits or an embedding, or are asked for by name", async () => {
    expect(await warned(table(60, 50))).toEqual([]);
    expect(await warned(table(102, 51))).toEqual([]);
    expect(await warned(table(2000, 900))).toEqual([]);
    expect(await warned(table(200, 200), { categories: "bits" })).toEqual([]);
    const columns = { comment: { categories: { type: "embedding", dim: 4 } } } as const;
    expect(await warned(table(200, 200), { columns })).toEqual([]);
    expect(await warned(table(200, 200), { columns: { comment: { categories: "oneHot" } } })).toEqual([]);
    // A part of a larger table has its categories, and few of them in its rows.
    expect(await warned(table(2000, 900).slice(0, 40))).toEqual([]);
  });
});
