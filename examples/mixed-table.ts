// A mixed table: days of weather, with numbers and categories, in half of which a diffusion model learns to write days that were not.
// Marginals, correlations and a classifier compare its rows with the other half, beside real rows (the floor) and columns drawn independently (the baseline). About a minute of processor time.
import {
  DiffusionModel,
  fitEncoding,
  fromColumns,
  plot,
  type Row,
  randPerm,
  readTable,
  Table,
  type Tensor,
} from "thalweg";
import { type Accuracy, classifierTest } from "./lib/classifier.js";
import { quantile } from "./lib/ensemble.js";
import { outFile, printTable, run, SHORT, vegaFile } from "./lib/example.js";

const steps = SHORT ? 20 : 1_500;

/** Days of Seattle and New York, with the day of the year instead of the date. */
async function days(): Promise<Table> {
  const table = await readTable(vegaFile("weather.csv"), { columns: { date: "date" }, missing: "error" });
  const rows = table.toRows().map(({ date, ...rest }) => {
    const time = date as Date;
    return { ...rest, day: (time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / 86_400_000 + 1 };
  });
  return Table.fromRows(SHORT ? rows.filter((_, i) => i % 10 === 0) : rows);
}

/** Rows with each column in an order of its own: the marginals of a table, and nothing else of it. */
async function independent(table: Table): Promise<Table> {
  const shuffled: Record<string, Row[string][]> = {};
  for (const [seed, { name }] of table.columns.entries()) {
    const order = Array.from(await randPerm(table.rowCount, { seed }).data(), Number);
    shuffled[name] = order.map((row) => table.row(row)[name]);
  }
  return Table.fromColumns(shuffled);
}

/** Numbers to a tenth, as the table has them. */
function rounded(table: Table): Table {
  const tenth = (value: Row[string]) => (typeof value === "number" ? Math.round(value * 10) / 10 : value);
  return Table.fromRows(
    table.toRows().map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, tenth(value)]))),
  );
}

async function sampled(
  train: Table,
  count: number,
): Promise<{ table: Table; encode: (table: Table) => Promise<Tensor> }> {
  const encoding = await fitEncoding(train, { numbers: "quantile" });
  const size = encoding.width;
  const model = new DiffusionModel({
    xSize: size,
    data: encoding,
    path: { type: "linear" },
    solver: { type: "ODESolver", args: { method: "midpoint", steps: 50 } },
    model: {
      type: "velocity_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 1 } },
        backbone: {
          type: "MLPResNet",
          args: {
            inputDim: size + 32,
            outputDim: size,
            numBlocks: 3,
            hiddenDim: 256,
            activations: "silu",
            useLayerNorm: true,
            dropoutRate: 0.1,
          },
        },
      },
    },
  });
  const report = await model.fit(train, {
    steps,
    batchSize: 256,
    lastBatch: "drop",
    optimizer: { type: "adamw", lr: { type: "warmupCosine", peak: 1e-3, steps, warmup: 100 }, clipNorm: 1 },
  });
  console.log(`trained ${report.stepsRun} steps in ${report.seconds.toFixed(0)} s, loss ${report.loss?.toFixed(3)}`);
  const table = rounded(await model.sampleTable({ batchSize: count, seed: 1 }));
  return { table, encode: (rows) => encoding.encode(rows) };
}

/**
 * How far a column is from the same one of another table: of numbers the 1-Wasserstein distance in standard deviations, of categories the
 * total variation.
 */
function marginal(name: string, table: Table, reference: Table): number {
  const values = [table, reference].map((each) => each.toRows().map((row) => row[name]));
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  if (reference.column(name).type === "category") {
    const kinds = [...new Set(values.flat())];
    const shares = values.map((list) =>
      kinds.map((kind) => list.filter((value) => value === kind).length / list.length),
    );
    return kinds.reduce<number>((sum, _, i) => sum + Math.abs(shares[0][i] - shares[1][i]) / 2, 0);
  }
  const [a, b] = values.map((list) => list.map(Number).sort((x, y) => x - y));
  const centre = mean(b);
  const places = Array.from({ length: 1_000 }, (_, i) => (i + 0.5) / 1_000);
  const apart = mean(places.map((q) => Math.abs(quantile(a, q) - quantile(b, q))));
  return apart / Math.sqrt(mean(b.map((value) => (value - centre) ** 2)));
}

/** The largest difference of a correlation between two columns of encoded rows. */
async function correlations(a: Tensor, b: Tensor): Promise<number> {
  const [one, two] = [a, b].map((rows) => {
    const scaled = rows.sub(rows.mean(0)).div(rows.std(0));
    return scaled.transpose().matmul(scaled).div(rows.shape[0]);
  });
  return one.sub(two).abs().max().item();
}

/** The share of rows that are closer to a training row than to any held-out one: ½ where nothing was learnt by heart, as there are as many of both. */
async function byHeart(rows: Tensor, train: Tensor, held: Tensor): Promise<number> {
  const nearest = (others: Tensor) => rows.unsqueeze(1).sub(others).square().sum(2).min(1);
  return nearest(train).lt(nearest(held)).cast("f32").mean().item();
}

interface Figures {
  readonly name: string;
  readonly marginals: readonly number[];
  readonly correlation: number;
  readonly classifier: Accuracy;
}

run(async () => {
  const { train, validation: held } = await (await days()).split({ validation: 0.5, seed: 0 });
  console.log(`${train.rowCount} rows to train on, ${held.rowCount} held out: ${train}`);
  const { table: synthetic, encode } = await sampled(train, held.rowCount);
  const real = await encode(held);

  const tables = {
    "synthetic rows": synthetic,
    "real rows": train,
    "columns drawn independently": await independent(train),
  };
  const names = held.columns.map(({ name }) => name);
  const figures: Figures[] = [];
  for (const [name, table] of Object.entries(tables)) {
    const rows = await encode(table);
    figures.push({
      name,
      marginals: names.map((column) => marginal(column, table, held)),
      correlation: await correlations(rows, real),
      classifier: await classifierTest(real, rows, { steps: SHORT ? 5 : 300, folds: 5 }),
    });
  }

  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  console.log("\ncompared with rows that training did not see:");
  printTable(
    ["", ...names, "correlations", "told apart"],
    figures.map(({ name, marginals, correlation, classifier }) => [
      name,
      ...[...marginals, correlation].map((value) => value.toFixed(3)),
      percent(classifier.accuracy),
    ]),
  );
  console.log(
    "  columns: 1-Wasserstein distance in standard deviations, total variation of categories; correlations: largest difference;",
  );
  console.log(
    `  told apart: share that a classifier tells right, 50 % ± ${percent(figures[0].classifier.standardError)} where it cannot`,
  );
  const share = await byHeart(await encode(synthetic), await encode(train), real);
  console.log(
    `\n${percent(share)} of the synthetic rows are closer to the training rows than to those held out (50 % where none is learnt by heart)`,
  );

  const points = (table: Table) =>
    fromColumns(["day", "temp_max"].map((name) => table.toRows().map((row) => Number(row[name]))));
  const shown = { columns: ["day of the year", "highest temperature, °C"] as const, like: points(held) };
  const file = outFile("mixed-table", "mixed-table.png");
  await plot
    .panels([
      plot.scatter(points(held), { ...shown, title: "real rows that training did not see" }),
      plot.scatter(points(synthetic), { ...shown, title: "synthetic rows" }),
      plot.bars(
        figures.slice(0, 2).map(({ name, marginals }) => ({ name, values: marginals })),
        { labels: names, title: "distance of the columns", unit: "standard deviations, or share" },
      ),
      plot.bars([{ name: "accuracy", values: figures.map(({ classifier }) => 100 * classifier.accuracy) }], {
        labels: figures.map(({ name }) => name),
        title: "told apart from real rows",
        unit: "% right, 50 where they cannot be told apart",
      }),
    ])
    .save(file);
  await synthetic.write(outFile("mixed-table", "synthetic.csv"));
  console.log(`\npicture: ${file}`);
  const [ours, , baseline] = figures.map(({ classifier }) => classifier.accuracy);
  return [
    ...(ours <= 0.58 ? [] : [`a classifier tells ${percent(ours)} right, more than 58 %`]),
    ...(baseline >= 0.8
      ? []
      : [`it tells the baseline from real rows in ${percent(baseline)}, less than 80 %: the test has no power`]),
    ...(figures[0].correlation <= 0.15
      ? []
      : [`a correlation is off by ${figures[0].correlation.toFixed(3)}, more than 0.15`]),
  ];
});
