// Tables of tens of thousands of columns: others have their turn while they are read, written, encoded, decoded and split.
// And what is looked up by name is found at once, so that time grows with the columns and not with their square.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fitEncoding, readTable, Table, type TableEncoding, type Tensor } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { turnsDuring } from "./turns.ts";

const [ROWS, COLUMNS] = [20, 20_000];

let folder: string;
let table: Table;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-wide-"));
  const cell = (row: number, i: number) => (i % 3 === 2 ? `k${(row * 7 + i) % 5}` : ((row * 31 + i * 17) % 1000) / 10);
  const column = (i: number) => [`c${i}`, Array.from({ length: ROWS }, (_, row) => cell(row, i))] as const;
  table = Table.fromColumns(Object.fromEntries(Array.from({ length: COLUMNS }, (_, i) => column(i))));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs something, which must hold nobody up; before it was done in slices each of these took seconds at once. */
async function gently<T>(work: () => Promise<T>): Promise<T> {
  const { result, longest } = await turnsDuring(work);
  expect(longest).toBeLessThan(150);
  return result;
}

describe("tables of 20 000 columns", () => {
  it.each(["csv", "tsv", "jsonl"])("are written and read as %s", async (format) => {
    const file = join(folder, `wide.${format}`);
    await gently(() => table.write(file));
    const read = await gently(() => readTable(file, { missing: "drop" }));
    expect(read.columns).toEqual(table.columns);
  });

  it("are encoded and decoded", async () => {
    for (const settings of [{}, { numbers: "quantile", categories: "bits" }] as const) {
      const encoding: TableEncoding = await gently(() => fitEncoding(table, settings));
      const rows: Tensor = await gently(() => encoding.encode(table));
      const decoded = await gently(() => encoding.decode(rows));
      const [got, wanted] = [decoded, table].map((each) => each.select("c0", "c2", "c19999").toRows());
      wanted?.forEach((row, i) => {
        expect(got?.[i]?.c2).toBe(row.c2);
        for (const name of ["c0", "c19999"]) expect(got?.[i]?.[name]).toBeCloseTo(Number(row[name]), 2);
      });
      expect(encoding.place("c19999").start + encoding.place("c19999").width).toBe(encoding.width);
    }
  });

  it("are split", async () => {
    const { train, validation } = await gently(() => table.split({ validation: 0.25 }));
    expect([train.rowCount, validation.rowCount]).toEqual([15, 5]);
  });

  it("name some columns in messages", async () => {
    expect(() => table.column("d1")).toThrow(
      /^column: expected one of the columns c0, c1, .*, c19 and 19980 more, got "d1"/,
    );
    const encoding = await fitEncoding(table);
    expect(() => encoding.place("d1")).toThrow(/c19 and 19980 more, got "d1"/);
  });
});
