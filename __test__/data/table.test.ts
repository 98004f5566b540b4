// Tables: typed columns, parts of them, and rows in and out.
import { inspect } from "node:util";
import { ConfigError, DataError, Table } from "thalweg";
import { describe, expect, it } from "vitest";

const people = () =>
  Table.fromRows([
    { age: 31, city: "Bern", born: "1993-04-01" },
    { age: 45, city: "Graz", born: new Date("1979-01-31") },
    { age: null, city: "Bern" },
  ]);

describe("columns", () => {
  it("of numbers, categories and dates, with missing values", () => {
    const table = people();
    expect(table.rowCount).toBe(3);
    expect(table.columns).toEqual([
      { type: "number", name: "age", values: Float64Array.of(31, 45, Number.NaN) },
      { type: "category", name: "city", codes: Int32Array.of(0, 1, 0), categories: ["Bern", "Graz"] },
      {
        type: "date",
        name: "born",
        values: Float64Array.of(Date.UTC(1993, 3, 1), Date.UTC(1979, 0, 31), Number.NaN),
      },
    ]);
    expect(table.toRows()).toEqual([
      { age: 31, city: "Bern", born: new Date("1993-04-01") },
      { age: 45, city: "Graz", born: new Date("1979-01-31") },
      { age: null, city: "Bern", born: null },
    ]);
    expect(Table.fromRows(table.toRows()).columns).toEqual(table.columns);
    expect(inspect(table)).toBe("Table(3 rows; age: number, city: category, born: date)");
  });

  it("come from arrays of any kind; truth values and large integers are categories", () => {
    const table = Table.fromColumns({
      a: Float32Array.of(0.5, 1),
      b: [true, null],
      c: [2n ** 63n + 1n, 1n],
      d: [3n, 4n],
    });
    expect(table.columns.map(({ type }) => type)).toEqual(["number", "category", "category", "number"]);
    expect(table.row(0)).toEqual({ a: 0.5, b: "true", c: "9223372036854775809", d: 3 });
    expect(table.row(1).b).toBe(null);
  });

  it("texts that look like numbers stay texts, and what is no date is none", () => {
    const { columns } = Table.fromColumns({
      a: ["1", "2"],
      b: ["2023-02-29", "2023-02-30"],
      c: ["2024-02-29", "2024-03-01T10:00"],
    });
    expect(columns.map(({ type }) => type)).toEqual(["category", "category", "date"]);
  });

  it("refuse a value of another type with its row and column", () => {
    const rows = [{ x: 1 }, { x: 2 }, { x: "three" }];
    expect(() => Table.fromRows(rows)).toThrow(DataError);
    expect(() => Table.fromRows(rows)).toThrow(/row 3, column "x": expected a number, as in 2 of 3 rows, got "three"/);
    const late = Array.from({ length: 1500 }, (_, i) => ({ x: i === 1200 ? "late" : i }));
    expect(() => Table.fromRows(late)).toThrow(
      /row 1201, column "x": expected a number, got "late"; columns: { "x": "category" }/,
    );
    expect(() => Table.fromRows([{ x: Number.POSITIVE_INFINITY }])).toThrow(/expected a number, got Infinity/);
  });

  it("must be of one length and of different names", () => {
    expect(() => Table.fromColumns({ a: [1], b: [1, 2] })).toThrow(/columns of one length, got lengths 1, 2/);
    expect(() => new Table([])).toThrow(DataError);
    expect(() => Table.fromRows([])).toThrow(DataError);
    const column = people().column("age");
    expect(() => new Table([column, column])).toThrow(/columns of different names, got two called "age"/);
  });

  it("are made of rows that are objects", () => {
    expect(() => Table.fromRows([{ x: 1 }, null as never])).toThrow(DataError);
    expect(() => Table.fromRows([{ x: 1 }, null as never])).toThrow(/^fromRows: row 2: expected an object of cells/);
  });

  it("have no rows but their own", () => {
    for (const index of [3, -1, 0.5, Number.NaN]) expect(() => people().row(index)).toThrow(DataError);
    expect(() => people().row(3)).toThrow(/^row: expected a row in 0 … 2, got 3$/);
  });

  it("are found by name, with a hint", () => {
    expect(() => people().column("aeg")).toThrow(ConfigError);
    expect(() => people().column("aeg")).toThrow(/columns age, city, born, got "aeg"; did you mean "age"\?/);
    expect(() => people().drop("citi")).toThrow(/did you mean "city"/);
  });
});

describe("parts", () => {
  it("of columns and of rows, which leave the table as it was", () => {
    const table = people();
    expect(table.select("born", "age").columns.map(({ name }) => name)).toEqual(["born", "age"]);
    expect(table.drop("city").columns.map(({ name }) => name)).toEqual(["age", "born"]);
    expect(table.slice(1).toRows()).toEqual(table.toRows().slice(1));
    expect(table.slice(0, 2).toRows()).toEqual(table.toRows().slice(0, 2));
    expect(table.filter(({ city }) => city === "Bern").toRows()).toEqual([table.row(0), table.row(2)]);
    expect(table.dropMissing().toRows()).toEqual(table.toRows().slice(0, 2));
    expect(table.toRows()).toEqual(people().toRows());
  });

  it.each([0.1, 0.5, 0.001, 0.999])(
    "a share of %d and the rest are all rows, each once, in their order",
    async (validation) => {
      const table = Table.fromColumns({ x: Float64Array.from({ length: 1000 }, (_, i) => i) });
      const parts = await table.split({ validation, seed: 5 });
      const rows = (part: Table) => Array.from((part.column("x") as { values: Float64Array }).values);
      const [held, trained] = [rows(parts.validation), rows(parts.train)];
      expect(held.length).toBe(Math.round(validation * 1000));
      expect([...held, ...trained].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
      for (const part of [held, trained]) expect(part).toEqual([...part].sort((a, b) => a - b));
      const again = await table.split({ validation, seed: 5 });
      expect(rows(again.validation)).toEqual(held);
      expect(rows((await table.split({ validation, seed: 6 })).validation)).not.toEqual(held);
    },
  );

  it("every row is as likely to be held as another", async () => {
    const table = Table.fromColumns({ x: Float64Array.from({ length: 20 }, (_, i) => i) });
    const counts = new Array(20).fill(0);
    for (let seed = 0; seed < 500; seed++) {
      const { validation } = await table.split({ validation: 0.25, seed });
      for (const { x } of validation.toRows()) counts[Number(x)] += 1;
    }
    // 500 draws of 5 in 20: 125 ± 9.7 each; five standard deviations.
    for (const count of counts) expect(Math.abs(count - 125)).toBeLessThan(49);
  });

  it("refuses shares and tables that cannot be split", async () => {
    for (const validation of [0, 1, -1, Number.NaN]) {
      await expect(people().split({ validation })).rejects.toThrow(ConfigError);
    }
    await expect(people().slice(0, 1).split({ validation: 0.5 })).rejects.toThrow(DataError);
    expect((await people().slice(0, 2).split({ validation: 0.01 })).validation.rowCount).toBe(1);
  });
});
