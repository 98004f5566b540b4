// Tables in every call that can take them: densities, pairs of a flow, starts, conditions, guided models; and what the others say.
// Densities are checked against those of the codes, and by their integral.
import {
  ConfigError,
  DataError,
  DiffusionModel,
  DiscreteFlowMatchingModel,
  EnergyConditionalDiffusionModel,
  fitEncoding,
  GuidedDiffusionModel,
  IndependentConditionalFlowModel,
  memory,
  type NumberColumn,
  randn,
  Table,
  type TableEncoding,
  tensor,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { held } from "../support/live.ts";
import { numbers } from "./support.ts";

const backbone = (inputs: number, outputs: number) =>
  ({
    type: "MultiLayerPerceptron",
    args: { hiddenSizes: [inputs, 32, 32], outputSize: outputs, activation: "silu" },
  }) as const;

const solver = { type: "ODESolver", args: { method: "rk4", steps: 20 } } as const;
const settings = { steps: 200, batchSize: 64, progress: false, optimizer: { type: "adamw", lr: 3e-3 } } as const;

const config = (encoding: TableEncoding) =>
  ({
    xSize: encoding.width,
    ...(encoding.conditionWidth > 0 && { conditionSize: encoding.conditionWidth }),
    data: encoding,
    solver,
    model: {
      type: "velocity_function",
      args: { backbone: backbone(encoding.width + encoding.conditionWidth + 1, encoding.width) },
    },
  }) as const;

const diffusion = (encoding: TableEncoding) =>
  new DiffusionModel({ ...config(encoding), path: { type: "linear_vp_sde" } });
const flow = (encoding: TableEncoding) => new IndependentConditionalFlowModel(config(encoding));

/** Skewed sizes, and a kind that they depend on. */
async function sizes(rows = 400, shift = 0): Promise<Table> {
  const z = await numbers(randn([rows], { seed: 3 }));
  return Table.fromColumns({
    size: z.map((value, i) => shift + Math.exp(value / 2) + (i % 2 === 0 ? 0 : 4)),
    kind: z.map((_, i) => (i % 2 === 0 ? "small" : "large")),
  });
}

const column = (table: Table, name: string) => Array.from((table.column(name) as NumberColumn).values);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("the density of a table", () => {
  it.each(["standard", "minMax", "quantile", "none"] as const)(
    "is that of its own units: %s",
    async (kind) => {
      const table = (await sizes()).select("size");
      const encoding = await fitEncoding(table, { numbers: kind });
      const model = diffusion(encoding);
      await model.fit(table, settings);
      // Cells that end at the values of the table, where the density of quantiles has its steps.
      const values = column(table, "size").sort((x, y) => x - y);
      const ends = [(values[0] ?? 0) - 12, ...values, (values.at(-1) ?? 0) + 30];
      const edges = ends.slice(1).flatMap((end, i) => {
        const start = ends[i] ?? 0;
        const cells = end - start > 5 ? 800 : 8;
        return Array.from({ length: cells }, (_, k) => start + ((end - start) * k) / cells);
      });
      const middles = edges.slice(1).map((end, i) => ((edges[i] ?? 0) + end) / 2);
      const { logProb, nfe } = await model.logProb(Table.fromColumns({ size: middles }));
      expect([logProb.shape, nfe > 0]).toEqual([[middles.length], true]);
      const total = (await numbers(logProb)).reduce(
        (sum, value, i) => sum + Math.exp(value) * ((edges[i + 1] ?? 0) - (edges[i] ?? 0)),
        0,
      );
      expect(Math.abs(total - 1)).toBeLessThan(0.005);
    },
    120_000,
  );

  it("given its conditions, and as much as its codes and their spread", async () => {
    const table = await sizes();
    const encoding = await fitEncoding(table, { condition: ["kind"] });
    const model = diffusion(encoding);
    await model.fit(table, settings);
    const before = await held();
    const { logProb } = await model.logProb(table);
    expect(memory().liveTensors - before).toBe(1);
    const codes = await encoding.encode(table);
    const condition = await encoding.encodeCondition(table);
    const ofCodes = await model.logProb(codes, { condition });
    const { transform } = encoding.columns[0] as { transform: { type: "standard"; std: number } };
    const [got, wanted] = [await numbers(logProb), await numbers(ofCodes.logProb)];
    got.forEach((value, i) => void expect(value).toBeCloseTo((wanted[i] ?? 0) - Math.log(transform.std), 4));
    // A row is more likely under its own kind.
    const other = Table.fromColumns({
      size: column(table, "size"),
      kind: table.toRows().map((row) => (row.kind === "small" ? "large" : "small")),
    });
    expect(mean(got)).toBeGreaterThan(mean(await numbers((await model.logProb(other)).logProb)) + 1);
  });

  it("is refused where there is none", async () => {
    const table = await sizes();
    const plain = diffusion(await fitEncoding(table));
    await expect(plain.logProb(table)).rejects.toThrow(ConfigError);
    await expect(plain.logProb(table)).rejects.toThrow(
      /^logProb: expected columns of numbers or dates alone, got "kind" of categories, .*make such columns conditions, or give encoding\.encode/,
    );
    const gaps = Table.fromColumns({ x: [1, null, 3] });
    await expect(diffusion(await fitEncoding(gaps, { missing: "keep" })).logProb(gaps)).rejects.toThrow(
      /"x" of numbers of which some are missing and kept as such/,
    );
    const atoms = Table.fromColumns({ x: [0, 0, 0, 0, 1, 2] });
    await expect(diffusion(await fitEncoding(atoms, { numbers: "quantile" })).logProb(atoms)).rejects.toThrow(
      /^logProb: row 1, column "x": expected a value that few rows have/,
    );
    await expect(plain.logProb(table, { condition: table } as never)).rejects.toThrow(
      /^condition: expected none beside a/,
    );
    await expect(
      new DiffusionModel({
        ...config(await fitEncoding(atoms)),
        data: undefined,
        path: { type: "gvp" },
      } as never).logProb(atoms),
    ).rejects.toThrow(/an encoding in the config/);
  });
});

describe("a flow between two tables", () => {
  it("is fitted to them, carries rows of the one to rows like the other's, and knows conditions", async () => {
    const [from, to] = [await sizes(400, 0), await sizes(400, 20)];
    const both = Table.fromRows([...from.toRows(), ...to.toRows()] as never);
    const encoding = await fitEncoding(both, { condition: ["kind"] });
    const model = flow(encoding);
    const x0 = from.select("size");
    const before = await held();
    await model.fit({ x0, x1: to }, { ...settings, validation: { data: { x0, x1: to }, every: 50 } });
    expect(memory().liveTensors - before).toBeLessThanOrEqual(0);
    const condition = to.select("kind");
    const carried = await model.sampleTable({ x0, condition, seed: 1 });
    expect(carried.columns.map(({ name }) => name)).toEqual(["size", "kind"]);
    expect(Math.abs(mean(column(carried, "size")) - mean(column(to, "size")))).toBeLessThan(1);
    const codes = await model.sample({ x0, condition, seed: 1 });
    expect(codes.shape).toEqual([400, 1]);
    const decoded = column(await encoding.decode(codes), "size");
    decoded.forEach((value, i) => void expect(value).toBeCloseTo(column(carried, "size")[i] ?? 0, 4));
    const large = await model
      .sampleTable({ x0, condition: condition.filter((row) => row.kind === "large").slice(0, 1), seed: 2 })
      .catch((error: unknown) => error);
    expect(large).toBeInstanceOf(Error);
  });

  it("also takes codes for one of them, with conditions of its own, and streams of pairs", async () => {
    const table = (await sizes(384)).select("size");
    const encoding = await fitEncoding(table);
    const codes = await encoding.encode(table);
    const [a, b, c] = [flow(encoding), flow(encoding), flow(encoding)];
    await a.fit({ x0: codes, x1: table }, settings);
    await b.fit({ x0: table, x1: codes }, settings);
    await c.fit(
      async function* () {
        yield { x0: table, x1: codes };
      },
      { ...settings, buffer: 384 },
    );
    const all = await Promise.all(
      [a, b, c].map((model) => model.stateDict()).map((state) => numbers(Object.values(state)[0]!)),
    );
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    // The user's own tensors stay.
    expect(await codes.mean().item()).toBeCloseTo(0, 4);
  });

  it("says what is wrong", async () => {
    const table = await sizes(50);
    const encoding = await fitEncoding(table, { condition: ["kind"] });
    const model = flow(encoding);
    const condition = zeros([50, 2]);
    const given = (pairs: object, more: object = {}) => model.fit(pairs as never, { ...settings, ...more } as never);
    const without =
      /^data: expected \{ x0, x1 \}, got (\{ x0, y \} without x1|\{ x1 \} without x0)\. Remedy: \{ x0, x1 \} of as many rows/;
    for (const side of [table, zeros([50, 1])]) {
      expect(() => given({ x0: side, y: side })).toThrow(without);
      expect(() => given({ x1: side })).toThrow(without);
    }
    await expect(given({ x0: table, x1: table, x2: 1 })).rejects.toThrow(/got "x2"; did you mean "x0"\?/);
    await expect(given({ x0: table, x1: table }, { condition })).rejects.toThrow(
      /^condition: expected none beside a table/,
    );
    await expect(given({ x0: table.select("kind"), x1: table })).rejects.toThrow(
      /the table has no column "size" \(its columns: kind\)$/,
    );
    await expect(given({ x0: table, x1: table.select("size") })).rejects.toThrow(
      /the table has no column "kind" \(its columns: size\)$/,
    );
  });
});

describe("other calls and models", () => {
  it("name the column that a table lacks, and the one of the table's that may be meant", async () => {
    const table = Table.fromColumns({ x: [1, 2, 3], plan: ["a", "b", "a"] });
    const slip = Table.fromColumns({ X1: [1], x: [2], plam: ["a"] });
    const encoding = await fitEncoding(table);
    const given = await fitEncoding(table, { condition: ["plan"] });
    const says = (call: string) =>
      `${call}: the table has no column "plan" (its columns: X1, x, plam); is "plam" meant?`;
    await expect(encoding.encode(slip)).rejects.toThrow(ConfigError);
    await expect(encoding.encode(slip)).rejects.toThrow(says("encode"));
    await expect(given.encodeCondition(slip)).rejects.toThrow(says("encodeCondition"));
    await expect(diffusion(given).sampleTable({ condition: slip })).rejects.toThrow(says("encodeCondition"));
    // What the encoding needs itself is not meant for something else.
    const near = await fitEncoding(Table.fromColumns({ size: [1, 2], sizes: [1, 2] }));
    await expect(near.encode(Table.fromColumns({ size: [1] }))).rejects.toThrow(/"sizes" \(its columns: size\)$/);
  });

  it("leave out columns that the encoding was not fitted to", async () => {
    const known = Table.fromColumns({ x: [1, 2, 3], y: [3, 1, 2] });
    const more = Table.fromColumns({ id: ["a", "b", "c"], x: [1, 2, 3], note: [null, 1, 2], y: [3, 1, 2] });
    const encoding = await fitEncoding(known);
    expect(await (await encoding.encode(more)).toArray()).toEqual(await (await encoding.encode(known)).toArray());
  });

  it("sample under a table of conditions, and as a pair of models", async () => {
    const table = await sizes();
    const encoding = await fitEncoding(table, { condition: ["kind"] });
    const [base, guided] = [diffusion(encoding), diffusion(encoding)];
    for (const model of [base, guided]) await model.fit(table, settings);
    const condition = table.select("kind").slice(0, 10);
    const before = await held();
    const samples = await guided.sample({ condition, seed: 1 });
    expect([samples.shape, memory().liveTensors - before]).toEqual([[10, 1], 1]);
    const rows = await new GuidedDiffusionModel({ base, guided }).sampleTable({
      condition,
      guidanceScale: 1.5,
      seed: 1,
    });
    expect(rows.toRows().map((row) => row.kind)).toEqual(condition.toRows().map((row) => row.kind));
  });

  it("a model with an energy is sampled as a table towards it", async () => {
    const table = (await sizes()).select("size");
    const encoding = await fitEncoding(table);
    const model = new EnergyConditionalDiffusionModel({
      ...config(encoding),
      path: { type: "linear_vp_sde" },
      energyGuidance: { backbone: backbone(2, 1) },
    });
    await model.fit(table, settings);
    const pull = { function: (_: unknown, x: ReturnType<typeof zeros>) => x.sum(1).mul(2) };
    const [plain, pulled] = await Promise.all([
      model.sampleTable({ batchSize: 200, seed: 1 }),
      model.sampleTable({ batchSize: 200, seed: 1, energy: pull }),
    ]);
    expect(mean(column(pulled, "size"))).toBeGreaterThan(mean(column(plain, "size")));
    const candidates = { x: table, energy: zeros([4, 2]) };
    expect(() => model.fit(candidates as never, { loss: "energy_matching", steps: 1 })).toThrow(
      /^data\.x: expected tensors here, got a table\. Remedy: await model\.encoding\.encode\(table\)/,
    );
  });

  it("say how to make codes of a table where they take tensors alone", async () => {
    const table = (await sizes(20)).select("size");
    const encoding = await fitEncoding(table);
    const [model, between] = [diffusion(encoding), flow(encoding)];
    const remedy = /expected tensors here, got a table\. Remedy: await model\.encoding\.encode\(table\)/;
    const calls: (() => unknown)[] = [
      () => model.flowMatchingLoss(table as never),
      () => model.velocityFunction(0.5, table as never),
      () => model.forwardSample(table as never),
      () => model.sampleWithFixedX(table as never, tensor([[0]])),
      () => between.couple({ x0: table as never, x1: table as never }),
    ];
    for (const call of calls) {
      const done = (async () => call())();
      await expect(done).rejects.toThrow(DataError);
      await expect(done).rejects.toThrow(remedy);
    }
    await expect(model.sample({ x0: table })).rejects.toThrow(/^x0: expected noise as a tensor, .*, got a Table/);
    const tokens = new DiscreteFlowMatchingModel({
      xSize: 1,
      vocabulary: 3,
      model: { type: "data_prediction_function", args: { backbone: backbone(4, 3) } },
    });
    await expect(tokens.fit(table as never, settings)).rejects.toThrow(
      /^data: expected tokens, i64 tensors, got a table/,
    );
  });
});
