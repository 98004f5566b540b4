// Models of tables: fitted to a table, sampled as one, also in another process and under conditions.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  adamw,
  CheckpointError,
  ConfigError,
  DataError,
  DiffusionModel,
  fitEncoding,
  IndependentConditionalFlowModel,
  load,
  memory,
  type NumberColumn,
  randn,
  readTable,
  Table,
  type TableEncoding,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numbers } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-table-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Cats are small and born late, dogs large and born early; some sizes are unknown. */
async function animals(rows = 600): Promise<Table> {
  const z = await numbers(randn([rows, 2], { seed: 3 }));
  return Table.fromRows(
    Array.from({ length: rows }, (_, i) => {
      const isCat = i % 3 === 0;
      return {
        kind: isCat ? "cat" : "dog",
        size: i % 10 === 1 ? null : (isCat ? 4 : 20) + (z[2 * i] ?? 0),
        age: Math.max(0, Math.round((isCat ? 3 : 12) + (z[2 * i + 1] ?? 0))),
        born: new Date(Date.UTC(isCat ? 2020 : 2010, 0, 1 + (i % 300))),
      };
    }),
  );
}

const backbone = (inputs: number, outputs: number) =>
  ({
    type: "MultiLayerPerceptron",
    args: { hiddenSizes: [inputs, 64, 64], outputSize: outputs, activation: "silu" },
  }) as const;

const modelOf = (encoding: TableEncoding, more: { readonly conditionDropout?: number } = {}) =>
  new DiffusionModel({
    xSize: encoding.width,
    ...(encoding.conditionWidth > 0 && { conditionSize: encoding.conditionWidth }),
    ...more,
    data: encoding,
    path: { type: "linear_vp_sde" },
    solver: { type: "ODESolver", args: { method: "heun2", steps: 20 } },
    model: {
      type: "velocity_function",
      args: { backbone: backbone(encoding.width + encoding.conditionWidth + 1, encoding.width) },
    },
  });

const fitting = { steps: 800, batchSize: 128, progress: false, optimizer: adamw({ lr: 3e-3 }) } as const;
const column = (table: Table, name: string) => Array.from((table.column(name) as NumberColumn).values);
const mean = (all: readonly number[]) => all.reduce((sum, value) => sum + value, 0) / all.length;

describe("a model of a table", () => {
  it("normalises where numbers are encoded as what they are, unless told otherwise", async () => {
    const table = Table.fromColumns({ x: [1_000, 2_000, 4_500], c: ["a", "b", "a"], given: [5_000, 1, 2] });
    const own = { numbers: "none", condition: ["given"] } as const;
    const normalization = async (encoding: TableEncoding, more: object = {}) => {
      const model = modelOf(encoding);
      await model.fit(table, { ...fitting, steps: 1, ...more });
      return (await model.info()).normalization;
    };
    const [units] = (await normalization(await fitEncoding(table, own))) ?? [];
    expect(units?.mean[0]).toBeCloseTo(2_500, 2);
    expect(await normalization(await fitEncoding(table, own), { normalize: false })).toBe(null);
    // Conditions are not normalised, and do not count.
    const given = { condition: ["given"], columns: { given: { numbers: "none" } } } as const;
    expect(await normalization(await fitEncoding(table, given))).toBe(null);
  });

  it("gives samples in its columns, categories and units, also once it was saved and loaded elsewhere", async () => {
    const table = await animals();
    const encoding = await fitEncoding(table, { missing: "keep" });
    const model = modelOf(encoding);
    const before = memory().liveTensors;
    const { train, validation } = await table.split({ validation: 0.2 });
    const report = await model.fit(train, { ...fitting, steps: 3000, validation: { data: validation, every: 200 } });
    expect(report.bestValidationLoss).toBeGreaterThan(0);
    const samples = await model.sampleTable({ batchSize: 400, seed: 1 });
    expect(memory().liveTensors).toBeLessThanOrEqual(before);
    expect(samples.columns.map(({ name, type }) => [name, type])).toEqual(
      table.columns.map(({ name, type }) => [name, type]),
    );

    const cats = samples.filter(({ kind }) => kind === "cat");
    const dogs = samples.filter(({ kind }) => kind === "dog");
    expect(cats.rowCount + dogs.rowCount).toBe(400);
    expect(Math.abs(cats.rowCount / 400 - 1 / 3)).toBeLessThan(0.12);
    const sizes = (part: Table) => mean(column(part, "size").filter((value) => !Number.isNaN(value)));
    expect(Math.abs(sizes(cats) - 4)).toBeLessThan(1.5);
    expect(Math.abs(sizes(dogs) - 20)).toBeLessThan(1.5);
    const unknown = column(samples, "size").filter(Number.isNaN).length / 400;
    expect(Math.abs(unknown - 0.1)).toBeLessThan(0.08);
    for (const { age, born } of samples.toRows()) {
      expect(Number.isInteger(age)).toBe(true);
      expect((born as Date).getTime() % 86_400_000).toBe(0);
    }
    expect((await model.info()).normalization).toBe(null);

    await model.save(join(folder, "animals"));
    const source = `
      import { load } from "./ts/dist/index.js";
      const model = await load(${JSON.stringify(join(folder, "animals"))});
      const samples = await model.sampleTable({ batchSize: 400, seed: 1 });
      await samples.write(${JSON.stringify(join(folder, "samples.jsonl"))});`;
    execFileSync(process.execPath, ["--input-type=module", "--eval", source], { cwd: root });
    const elsewhere = await readTable(join(folder, "samples.jsonl"));
    expect(elsewhere.toRows()).toEqual(samples.toRows());
  });

  it("a flow as well, and any model of the registry", async () => {
    const table = (await animals(300)).select("age", "kind");
    const encoding = await fitEncoding(table);
    const flow = new IndependentConditionalFlowModel({
      xSize: encoding.width,
      data: encoding,
      model: { type: "velocity_function", args: { backbone: backbone(encoding.width + 1, encoding.width) } },
    });
    await flow.fit(table, { ...fitting, steps: 5 });
    await flow.save(join(folder, "flow"));
    const again = await load(join(folder, "flow"));
    if (!(again instanceof IndependentConditionalFlowModel)) throw new Error("another class");
    expect((await again.sampleTable({ batchSize: [2, 3] })).rowCount).toBe(6);
    expect(again.encoding.width).toBe(3);
    await again.fit(table, { ...fitting, steps: 10, resume: true });
    expect((await again.info()).step).toBe(10);
  });

  it("takes rows that were encoded by hand, to the same bits, and can normalise on top", async () => {
    const table = await animals(200);
    const encoding = await fitEncoding(table, { missing: "fill" });
    const settings = { ...fitting, steps: 20 };
    const [a, b, c] = [modelOf(encoding), modelOf(encoding), modelOf(encoding)];
    await a.fit(table, settings);
    await b.fit(await encoding.encode(table), settings);
    await c.fit(table, { ...settings, normalize: true });
    const weights = async (model: typeof a) =>
      (await Promise.all(Object.values(model.stateDict()).map(numbers))).flat();
    expect(await weights(a)).toEqual(await weights(b));
    expect((await c.info()).normalization).not.toBe(null);
  });

  it("can be stopped before its table is encoded", async () => {
    const table = await animals(200);
    const model = modelOf(await fitEncoding(table, { missing: "fill" }));
    const run = model.fit(table, fitting);
    run.stop();
    expect(await run).toMatchObject({ stepsRun: 0, step: 0, loss: null, reason: "stopped" });
    expect((await model.fit(table, { ...fitting, steps: 2 })).stepsRun).toBe(2);
  });
});

describe("columns that are given", () => {
  it("are a condition: samples follow it, and have its columns again", async () => {
    const table = (await animals()).drop("born");
    const encoding = await fitEncoding(table, { missing: "fill", condition: ["kind"] });
    const model = modelOf(encoding, { conditionDropout: 0.1 });
    await model.fit(table, fitting);
    const kinds = ["cat", "dog", "dog"];
    const samples = await model.sampleTable({
      batchSize: 40,
      condition: Table.fromColumns({ kind: kinds, more: [1, 2, 3] }),
      seed: 2,
    });
    expect(samples.columns.map(({ name }) => name)).toEqual(["kind", "size", "age"]);
    expect(samples.toRows().map(({ kind }) => kind)).toEqual(Array.from({ length: 120 }, (_, i) => kinds[i % 3]));
    expect(
      Math.abs(
        mean(
          column(
            samples.filter(({ kind }) => kind === "cat"),
            "size",
          ),
        ) - 4,
      ),
    ).toBeLessThan(1.5);
    expect(
      Math.abs(
        mean(
          column(
            samples.filter(({ kind }) => kind === "dog"),
            "size",
          ),
        ) - 20,
      ),
    ).toBeLessThan(1.5);
    const without = await model.sampleTable({ batchSize: 10 });
    expect(without.columns.map(({ name }) => name)).toEqual(["size", "age"]);
    await expect(model.sampleTable({ condition: Table.fromColumns({ kind: ["cow"] }) })).rejects.toThrow(
      /column "kind": expected a category of the encoding's, got "cow"/,
    );
    await expect(model.sampleTable({ condition: Table.fromColumns({ age: [1] }) })).rejects.toThrow(ConfigError);
    const none = model.sampleTable({ condition: [[1]] as unknown as Table });
    await expect(none).rejects.toThrow(/^condition: expected a table, got an array of 1$/);
  });
});

describe("what does not fit is refused", () => {
  it("sizes that contradict the encoding, and encodings that contradict themselves", async () => {
    const encoding = await fitEncoding(Table.fromColumns({ x: [1, 2], c: ["a", "b"] }), { condition: ["c"] });
    const make = (change: object) => () => new DiffusionModel({ ...modelOf(encoding).config, ...change });
    expect(make({ xSize: 2 })).toThrow(/^xSize: expected 1, the width of data, got 2/);
    expect(make({ conditionSize: undefined })).toThrow(/^conditionSize: expected 2, the width of data, got none/);
    const [first, second] = JSON.parse(JSON.stringify(encoding)).columns;
    const changed = (column: object) => ({ data: { columns: [column, second] } });
    expect(make(changed({ ...first, nam: "x" }))).toThrow(
      /^data\.columns\[0\]\.nam: unknown key; did you mean "name"\?/,
    );
    expect(make(changed({ ...first, transform: { type: "standard", mean: 0, std: 0 } }))).toThrow(
      /^data\.columns\[0\]\.transform\.std: expected a number > 0, got 0/,
    );
    expect(make(changed({ ...first, transform: { type: "quantile", knots: [2, 1] } }))).toThrow(
      /^data\.columns\[0\]\.transform\.knots: expected numbers in ascending order/,
    );
    expect(make({ data: { columns: [] } })).toThrow(/^data\.columns: expected an array of 1 or more/);
  });

  it("tables where there is no encoding, or others than it knows", async () => {
    const table = await animals(50);
    const encoding = await fitEncoding(table);
    const { data: _, ...plain } = modelOf(encoding).config;
    const model = new DiffusionModel({ ...plain, xSize: encoding.width });
    await expect(model.fit(table, fitting)).rejects.toThrow(/^data: expected an encoding in the config.*got none/);
    await expect(model.sampleTable()).rejects.toThrow(ConfigError);
    expect(() => model.encoding).toThrow(ConfigError);
    await expect(modelOf(encoding).fit(table, fitting)).rejects.toThrow(/row 2, column "size": expected a value/);
    await expect(modelOf(encoding).fit(table.drop("age"), fitting)).rejects.toThrow(ConfigError);
    const both = modelOf(encoding).fit(table, { ...fitting, condition: randn([50, 1], { seed: 1 }) as never });
    await expect(both).rejects.toThrow(/^condition: expected none beside a table/);
    expect(() => modelOf(encoding).fit(table, { ...fitting, steps: -1 })).toThrow(ConfigError);
    // Refused at once, while the validation's table, which is refused as well, is being encoded.
    const wrong = () => modelOf(encoding).fit("rows" as never, { ...fitting, validation: { data: table, every: 1 } });
    expect(wrong).toThrow(DataError);
  });

  it("a checkpoint whose encoding was damaged", async () => {
    const table = (await animals(50)).select("age");
    const model = modelOf(await fitEncoding(table));
    await model.fit(table, { ...fitting, steps: 1 });
    await model.save(join(folder, "damaged"));
    const file = join(folder, "damaged", "config.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"std"', '"sdt"'));
    const failure = await load(join(folder, "damaged")).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toSatisfy((error) => error instanceof ConfigError || error instanceof CheckpointError);
    expect(failure).not.toBeInstanceOf(DataError);
  });
});

it("a real table: the weather of Seattle comes back as days that there could have been", async () => {
  const data = join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "..", "data");
  const weather = (await readTable(join(data, "seattle-weather.csv"))).drop("date");
  const encoding = await fitEncoding(weather, { numbers: "quantile", clip: true });
  const model = modelOf(encoding);
  await model.fit(weather, { ...fitting, steps: 1500 });
  const days = await model.sampleTable({ batchSize: 1000, seed: 3 });
  for (const name of ["temp_max", "temp_min", "wind"]) {
    const [got, real] = [column(days, name), column(weather, name)];
    const spread = Math.sqrt(mean(real.map((value) => (value - mean(real)) ** 2)));
    expect(Math.abs(mean(got) - mean(real)) / spread).toBeLessThan(0.25);
  }
  // It is warmer by day, it rains on rainy days, and most days have no rain at all.
  const rows = days.toRows() as { temp_max: number; temp_min: number; precipitation: number; weather: string }[];
  expect(rows.filter((row) => row.temp_max >= row.temp_min - 1).length).toBeGreaterThan(950);
  const rain = (kind: string) => mean(rows.filter((row) => row.weather === kind).map((row) => row.precipitation));
  expect(rain("rain")).toBeGreaterThan(3 * rain("sun"));
  const dry = (all: readonly number[]) => all.filter((value) => value === 0).length / all.length;
  expect(Math.abs(dry(column(days, "precipitation")) - dry(column(weather, "precipitation")))).toBeLessThan(0.15);
});
