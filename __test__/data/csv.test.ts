// Tables in and out: what is written reads back to the same bits, and a failure leaves the old file.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { DataError, fromColumns, randn, readTable, ShapeError, Table, tensor, toRows, writeCsv } from "thalweg";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-csv-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(["f32", "f64"] as const)("%s numbers read back to the same bits", async (dtype) => {
  const table = randn([200, 3], { dtype, seed: 1 });
  const file = join(folder, `${dtype}.csv`);
  await writeCsv(file, table, ["a", "b, c", 'd"']);
  const [heading, ...rows] = parse(readFileSync(file, "utf8")) as string[][];
  expect(heading).toEqual(["a", "b, c", 'd"']);
  const read = tensor(
    rows.map((row) => row.map(Number)),
    { dtype },
  );
  expect(await read.eq(table).cast("f32").min().item()).toBe(1);
});

it("names columns by default, and flattens later dimensions", async () => {
  const file = join(folder, "default.csv");
  await writeCsv(
    file,
    tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]),
  );
  expect(readFileSync(file, "utf8")).toBe("x0,x1,x2,x3\n1,2,3,4\n");
});

it("refuses a wrong number of names", async () => {
  await expect(writeCsv(join(folder, "x.csv"), tensor([[1, 2]]), ["a"])).rejects.toThrow(ShapeError);
});

it("a write that fails says why and leaves no trace", async () => {
  writeFileSync(join(folder, "keep"), "");
  const file = join(folder, "keep", "x.csv");
  await expect(writeCsv(file, tensor([[1]]))).rejects.toThrow(DataError);
  await expect(writeCsv(file, tensor([[1]]))).rejects.toThrow(/could not be written: E(EXIST|NOTDIR)/);
  const inside = join(folder, "folder.csv");
  rmSync(inside, { recursive: true, force: true });
  await expect(writeCsv(folder, tensor([[1]]))).rejects.toThrow(DataError);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

it("makes the folders that a file needs, as logs and checkpoints do", async () => {
  const file = join(folder, "new", "deep", "x.csv");
  await writeCsv(file, tensor([[1]]));
  expect(readdirSync(join(folder, "new", "deep"))).toEqual(["x.csv"]);
});

it("writes of one file at a time each end, and one of them stays whole", async () => {
  const file = join(folder, "together.csv");
  const tables = Array.from({ length: 8 }, (_, k) => Table.fromColumns({ x: new Float64Array(20_000).fill(k) }));
  await Promise.all(tables.map((table) => table.write(file)));
  const { values } = (await readTable(file)).column("x") as { values: Float64Array };
  expect(values.length).toBe(20_000);
  expect(new Set(values).size).toBe(1);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

it("columns become a table, and rows come out of one", async () => {
  const table = fromColumns([[1, 2, 3], new Float64Array([4, 5, 6])]);
  expect(await toRows(table)).toEqual([
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  expect(fromColumns([[1]], { dtype: "f64" }).dtype).toBe("f64");
  expect(() => fromColumns([[1], [1, 2]])).toThrow(DataError);
  expect(() => fromColumns([])).toThrow(DataError);
  await expect(toRows(tensor(1))).rejects.toThrow(ShapeError);
});
