// Tables from files: each format in and out to an equal table, real tables, and malformed ones with file, line and column.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, DataError, fitEncoding, type ReadTableSettings, readNpy, readTable, Table } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { turnsDuring } from "./turns.ts";

const golden = (name: string) => fileURLToPath(new URL(`../golden/data/${name}`, import.meta.url));
const vega = (name: string) =>
  join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "..", "data", name);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-tables-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

/** Reads a file with this content. */
const read = (name: string, content: string | Buffer, settings?: ReadTableSettings) => {
  writeFileSync(at(name), content);
  return readTable(at(name), settings);
};

const types = (table: Table) => Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));

describe("each format gives back an equal table", () => {
  const table = Table.fromColumns({
    number: [0.1, -2.5e-300, null, 123456789.123],
    whole: [1, 2, 3, -4],
    'name, "quoted"': [' a "b", c\nd ', "plain", null, "ünïcode 🙂"],
    day: ["2024-02-29", "1969-12-31", null, "2024-03-01"],
    moment: ["2024-02-29T12:00:00.123Z", null, "1960-01-01T00:00:00Z", "2024-03-01"],
    yes: [true, false, true, null],
  });

  it.each(["csv", "tsv", "jsonl", "ndjson", "parquet"])("%s", async (ending) => {
    const file = at(`all.${ending}`);
    await table.write(file);
    expect((await readTable(file)).columns).toEqual(table.columns);
  });

  it("npy, of numbers", async () => {
    const numbers = table.select("number", "whole");
    await numbers.write(at("numbers.npy"));
    expect((await readNpy(at("numbers.npy"))).shape).toEqual([4, 2]);
    const names = ["number", "whole"];
    expect((await readTable(at("numbers.npy"), { names })).columns).toEqual(numbers.columns);
    expect((await readTable(at("numbers.npy"), { columns: { x0: "skip" } })).columns).toEqual([
      { ...table.column("whole"), name: "x1" },
    ]);
    await expect(table.write(at("all.npy"))).rejects.toThrow(/columns of numbers alone.*got name, "quoted": category/);
    expect(existsSync(at("all.npy"))).toBe(false);
  });

  it.each(["csv", "tsv", "jsonl"])("%s of one column with missing values", async (ending) => {
    const one = Table.fromColumns({ x: [null, 1, null, 3, null] });
    await one.write(at(`one.${ending}`));
    expect((await readTable(at(`one.${ending}`))).columns).toEqual(one.columns);
  });

  it("settings that are not known, or of another form, are refused", async () => {
    const wrong = (settings: object) => expect(read("s.csv", "a;b\n1;2\n", settings)).rejects;
    await wrong({ delimeter: ";" }).toThrow(/^readTable: .*got "delimeter"; did you mean "delimiter"\?/);
    await wrong({ names: "ab" }).toThrow(/^names: expected an array of texts, got string ab/);
  });

  it("empty lines are missing values of one column, and nothing of several", async () => {
    expect((await read("gaps.csv", "\na\n1\n\n3\n")).toRows()).toEqual([{ a: 1 }, { a: null }, { a: 3 }]);
    expect((await read("blank.csv", "a,b\n1,2\n\n3,4\n\n")).rowCount).toBe(2);
  });

  it("JSON lines refuse integers that would lose digits", async () => {
    const wrong = read("long.jsonl", '{"id":1}\n{"id":9007199254740993}\n');
    await expect(wrong).rejects.toThrow(DataError);
    await expect(wrong).rejects.toThrow(/line 2: expected integers that a number holds exactly.*got 9007199254740993/);
    const fine = '{"id":9007199254740992,"x":0.12345678901234567,"t":"\\"9007199254740993","y":12345678901234567e1}\n';
    expect((await read("fine.jsonl", fine)).row(0).t).toBe('"9007199254740993');
  });

  it("a line of JSON of many megabytes takes time in proportion to its length", async () => {
    const started = performance.now();
    const table = await read("wide.jsonl", `{"a":"${"x".repeat(3e7)}"}\n{"a":"y"}`);
    expect(table.rowCount).toBe(2);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("many rows, more than one piece of each format", async () => {
    const many = Table.fromColumns({
      x: Float64Array.from({ length: 45_000 }, (_, i) => Math.sin(i) * 10 ** ((i % 40) - 20)),
      c: Array.from({ length: 45_000 }, (_, i) => (i % 7 === 0 ? null : `c${i % 1003}`)),
    });
    for (const ending of ["csv", "jsonl", "parquet"]) {
      await many.write(at(`many.${ending}`));
      expect((await readTable(at(`many.${ending}`))).columns).toEqual(many.columns);
    }
  });

  it("endings that nobody knows are refused", async () => {
    await expect(table.write(at("x.xlsx"))).rejects.toThrow(ConfigError);
    await expect(readTable("x.xlsx")).rejects.toThrow(/ends in \.csv, \.tsv, .*got x\.xlsx/);
    await expect(readTable(at("none.csv"))).rejects.toThrow(/none\.csv could not be read: ENOENT/);
    await expect(readTable(at("none.parquet"))).rejects.toThrow(/none\.parquet could not be read: ENOENT/);
  });
});

describe("tables that others wrote", () => {
  it("weather, as CSV", async () => {
    const weather = await readTable(vega("seattle-weather.csv"));
    expect(weather.rowCount).toBe(1461);
    expect(types(weather)).toEqual({
      date: "date",
      precipitation: "number",
      temp_max: "number",
      temp_min: "number",
      wind: "number",
      weather: "category",
    });
    expect(weather.row(1)).toMatchObject({ date: new Date("2012-01-02"), precipitation: 10.9, weather: "rain" });
  });

  it("unemployment, as TSV, and airports, whose codes are names", async () => {
    const unemployment = await readTable(vega("unemployment.tsv"));
    expect(types(unemployment)).toEqual({ id: "number", rate: "number" });
    expect(unemployment.row(0)).toEqual({ id: 1001, rate: 0.097 });
    const airports = await readTable(vega("airports.csv"));
    expect([airports.rowCount, types(airports)]).toMatchObject([3376, { iata: "category", latitude: "number" }]);
    expect(airports.row(0)).toMatchObject({ iata: "00M", state: "MS" });
  });

  it.each(["none", "snappy", "gzip", "zstd", "brotli"])("Arrow's types, as Parquet compressed by %s", async (codec) => {
    const table = await readTable(golden(`${codec}.parquet`));
    expect(types(table)).toEqual({
      whole: "number",
      part: "number",
      single: "number",
      name: "category",
      flag: "category",
      moment: "date",
      day: "date",
    });
    expect(table.toRows()).toEqual(
      Array.from({ length: 7 }, (_, i) => ({
        whole: i === 2 ? null : i * 10,
        part: i === 3 ? null : i / 4,
        single: i / 8,
        name: i === 4 ? null : "abc"[i % 3],
        flag: String(i % 2 === 0),
        moment: new Date(Date.UTC(2024, 4, 1 + i, 12, 30)),
        day: new Date(Date.UTC(2024, 1, 26 + i)),
      })),
    );
  });

  it("three million flights, as Parquet, a piece at a time", async () => {
    const flights = await readTable(vega("flights-3m.parquet"), { columns: { origin: "skip", destination: "skip" } });
    expect(flights.rowCount).toBe(3_000_000);
    expect(types(flights)).toEqual({ date: "date", delay: "number", distance: "number" });
  });
});

describe("types of columns", () => {
  const inferred = async (cells: string[], settings?: ReadTableSettings) =>
    (await read("inferred.csv", `x,y\n${cells.map((cell) => `${cell},0\n`).join("")}`, settings)).column("x");

  it.each<[string, string[], string]>([
    ["decimal numbers", ["1", "-2.5", "+.5", "1e-3", "3."], "number"],
    ["numbers beside the usual words for missing values", ["1", "NA", "", "nan", "null", "?"], "number"],
    ["postal codes", ["01234", "99999"], "category"],
    ["long numbers", ["12345678901234567890", "1"], "category"],
    ["dates", ["2024-05-31", "2024-06-01T10:00:00Z", "2024-06-01 10:00", "2024-06-01T10:00:00+02:00"], "date"],
    ["days that are none", ["2024-02-30", "2024-13-01"], "category"],
    ["other words", ["a", "NA", "1"], "category"],
    ["nothing", ["", ""], "number"],
  ])("%s", async (_, cells, type) => {
    expect((await inferred(cells)).type).toBe(type);
  });

  it("what the words for missing values mean depends on the column", async () => {
    expect(await inferred(["a", "NA", ""])).toMatchObject({ codes: Int32Array.of(0, 1, -1), categories: ["a", "NA"] });
    const own = { missingTexts: ["-99", "NA"] };
    expect(await inferred(["1", "-99", "NA"], own)).toMatchObject({
      values: Float64Array.of(1, Number.NaN, Number.NaN),
    });
    expect(await inferred(["a", "NA"], own)).toMatchObject({ codes: Int32Array.of(0, -1), categories: ["a"] });
  });

  it("times without a zone are UTC, and others are told apart", async () => {
    const { values } = (await inferred(["2024-06-01 10:00", "2024-06-01T10:00:00+02:00"])) as {
      values: Float64Array;
    } & object;
    expect([...values]).toEqual([Date.UTC(2024, 5, 1, 10), Date.UTC(2024, 5, 1, 8)]);
  });

  it("can be chosen, and columns left out", async () => {
    const columns = { code: "category", zip: "number", note: "skip" } as const;
    const table = await read("chosen.csv", "code,zip,note\n1,0123,x\n2,0456,y\n", { columns });
    expect(table.toRows()).toEqual([
      { code: "1", zip: 123 },
      { code: "2", zip: 456 },
    ]);
    await expect(read("chosen.csv", "code\n1\n", { columns: { cod: "number" } })).rejects.toThrow(
      /columns\.cod: expected a column of .*chosen\.csv \(code\); did you mean "code"\?/,
    );
    const wrong = { columns: { code: "text" } } as unknown as ReadTableSettings;
    await expect(read("chosen.csv", "code\n1\n", wrong)).rejects.toThrow(/columns\.code: expected one of "number"/);
  });

  it("names can be given, are made up where they are missing, and must differ", async () => {
    expect((await read("names.csv", "1,2\n3,4\n", { names: ["a", "b"] })).toRows()).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
    expect(types(await read("names.csv", ",x\n0,1\n"))).toEqual({ column1: "number", x: "number" });
    await expect(read("names.csv", "x,x\n0,1\n")).rejects.toThrow(/names\.csv: expected columns of different names/);
  });

  it("may be called as what every object inherits", async () => {
    const names = ["constructor", "toString", "hasOwnProperty"];
    const table = new Table(names.map((name, i) => ({ type: "number", name, values: Float64Array.of(i, 7) })));
    for (const ending of ["csv", "jsonl", "parquet"]) {
      await table.write(at(`inherited.${ending}`));
      expect((await readTable(at(`inherited.${ending}`))).columns).toEqual(table.columns);
    }
    const sparse = await read("inherited.jsonl", '{"toString":1}\n{"a":2}\n');
    expect(sparse.column("toString")).toMatchObject({ type: "number", values: Float64Array.of(1, Number.NaN) });
    expect((await fitEncoding(table)).width).toBe(3);
  });

  it("a delimiter can be given, spaces around cells do not count, nor do a byte order mark and empty lines", async () => {
    const table = await read("semi.csv", "\ufeffa ; b\r\n 1; x \r\n\r\n2;y\r\n", { delimiter: ";" });
    expect(table.toRows()).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: "y" },
    ]);
    await expect(read("semi.csv", "a\n1\n", { delimiter: "ab" })).rejects.toThrow(ConfigError);
  });
});

describe("missing values", () => {
  const content = "a,b\n1,x\n,y\n3,\n";

  it("are kept, an error with its place, or take their rows with them", async () => {
    expect((await read("missing.csv", content)).toRows()).toEqual([
      { a: 1, b: "x" },
      { a: null, b: "y" },
      { a: 3, b: null },
    ]);
    expect((await read("missing.csv", content, { missing: "drop" })).toRows()).toEqual([{ a: 1, b: "x" }]);
    await expect(read("missing.csv", content, { missing: "error" })).rejects.toThrow(
      /missing\.csv: line 3, column "a": expected a value, got none/,
    );
    const wrong = { missing: "mean" } as unknown as ReadTableSettings;
    await expect(read("missing.csv", content, wrong)).rejects.toThrow(
      /missing: expected one of "keep", "error", "drop"/,
    );
  });

  it("of Parquet, JSON lines and npy as well", async () => {
    await expect(readTable(golden("none.parquet"), { missing: "error" })).rejects.toThrow(
      /none\.parquet: row 3, column "whole": expected a value, got none/,
    );
    const lines = '{"a":1,"b":2}\n{"a":2}\n';
    await expect(read("missing.jsonl", lines, { missing: "error" })).rejects.toThrow(/line 2, column "b"/);
    await Table.fromColumns({ x: [1, null] }).write(at("missing.npy"));
    await expect(readTable(at("missing.npy"), { missing: "error" })).rejects.toThrow(/row 2, column "x0"/);
  });
});

describe("malformed files are errors with file, line and column", () => {
  const rows = (count: number, row: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => row(i)).join("\n");
  const parquet = (change: (bytes: Buffer) => Buffer) => change(readFileSync(golden("snappy.parquet")));

  it.each<[string, string, () => string | Buffer, RegExp, ReadTableSettings?]>([
    ["a cell too many", "x.csv", () => "a,b\n1,2\n3,4,5\n", /x\.csv: line 3: expected 2 cells, got 3/],
    ["a cell too few", "x.csv", () => "a,b\n1,2\n3\n", /x\.csv: line 3: expected 2 cells, got 1/],
    [
      "a cell too few, after a cell of two lines",
      "x.csv",
      () => 'a,b\n"1\n2",2\n3\n',
      /line 4: expected 2 cells, got 1/,
    ],
    ["a quote that is not closed", "x.csv", () => 'a,b\n1,2\n3,"4\n5,6\n', /x\.csv: line \d: expected a closing quote/],
    ["something after a quote", "x.csv", () => 'a,b\n1,"2"x\n', /x\.csv: line 2: expected a delimiter or the end/],
    ["no lines", "x.csv", () => "", /x\.csv: expected a line with the names of the columns, got an empty file/],
    [
      "bytes that are no text",
      "x.csv",
      () => Buffer.from([97, 10, 0xff, 10]),
      /x\.csv: expected text in UTF-8, got other bytes\. Remedy: /,
    ],
    [
      "a word among numbers",
      "x.csv",
      () => "a,b\n1,2\n2,x\n3,4\n",
      /line 3, column "b": expected a number, as in 2 of 3 rows, got "x"; columns/,
    ],
    [
      "a word among dates",
      "x.csv",
      () => "a\n2024-01-01\n2024-01-02\nsoon\n",
      /line 4, column "a": expected a date.* got "soon"/,
    ],
    [
      "a word after many numbers",
      "x.csv",
      () => `a\n${rows(1200, (i) => (i === 1100 ? "x" : `${i}`))}`,
      /line 1102, column "a": expected a number, got "x"; columns: { "a": "category" }/,
    ],
    [
      "a word in a column that shall be numbers",
      "x.csv",
      () => "a\nx\n",
      /line 2, column "a": expected a number, got "x"$/,
      { columns: { a: "number" } },
    ],
    ["too large a number", "x.csv", () => "a\n1\n2\n1e999\n", /line 4, column "a": expected a number.*got "1e999"/],
    ["a cell too few", "x.tsv", () => "a\tb\n1\n", /x\.tsv: line 2: expected 2 cells, got 1/],
    ["a line that is no JSON", "x.jsonl", () => '{"a":1}\n\n{"a":2\n', /x\.jsonl: line 3: expected JSON, got/],
    [
      "a line that is no object",
      "x.jsonl",
      () => '{"a":1}\n[1]\n',
      /x\.jsonl: line 2: expected an object, got an array/,
    ],
    [
      "nested values",
      "x.jsonl",
      () => '{"a":1}\n{"a":{"b":1}}\n',
      /line 2, column "a": expected a number, a text.* got an object/,
    ],
    [
      "a text among numbers",
      "x.jsonl",
      () => '{"a":1}\n{"a":2}\n{"a":"3"}\n',
      /line 3, column "a": expected a number, as in 2 of 3 rows, got "3"/,
    ],
    [
      "a new key late",
      "x.jsonl",
      () => rows(1100, (i) => (i === 1050 ? '{"a":1,"z":1}' : '{"a":1}')),
      /line 1051, column "z": expected one of the columns a/,
    ],
    ["no lines", "x.jsonl", () => "\n", /x\.jsonl: expected an object a line, got none/],
    ["a text", "x.parquet", () => "a,b\n1,2\n", /x\.parquet: expected a sound Parquet file/],
    ["nothing", "x.parquet", () => "", /x\.parquet: expected a sound Parquet file/],
    [
      "a file cut at its end",
      "x.parquet",
      () => parquet((b) => b.subarray(0, -20)),
      /x\.parquet: expected a sound Parquet file/,
    ],
    [
      "a file cut within",
      "x.parquet",
      () => parquet((b) => Buffer.concat([b.subarray(0, 60), b.subarray(90)])),
      /x\.parquet: .*a sound Parquet file/,
    ],
    [
      "nested columns",
      "x.parquet",
      () => readFileSync(golden("nested.parquet")),
      /x\.parquet: row 1, column "list": expected a number.* got nested values/,
    ],
    [
      "integers beyond 2⁵³",
      "x.parquet",
      () => readFileSync(golden("beyond.parquet")),
      /row 3, column "big": expected a number.* got 1152921504606846977/,
    ],
    [
      "a vector",
      "x.npy",
      () => readFileSync(golden("f8-big.npy")),
      /x\.npy: expected a matrix \[rows, columns\], got shape \[5\]/,
    ],
  ])("%s in %s", async (_, name, content, message, settings) => {
    const error = await read(name, content(), settings).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(message);
    expect((error as DataError).path).toBe(at(name));
  });
});

it("reading and writing a large CSV file lets others have their turn", async () => {
  const table = Table.fromColumns({
    a: Float64Array.from({ length: 200_000 }, (_, i) => Math.cos(i)),
    b: Array.from({ length: 200_000 }, (_, i) => `name ${i % 500}`),
  });
  const written = await turnsDuring(() => table.write(at("large.csv")));
  const read = await turnsDuring(() => readTable(at("large.csv")));
  expect(read.result.columns).toEqual(table.columns);
  // A turn after each 512 rows that are written, and each 16 KiB that are read.
  expect(written.turns).toBeGreaterThan(200_000 / 512);
  expect(read.turns).toBeGreaterThan(statSync(at("large.csv")).size / 2 ** 14);
});
