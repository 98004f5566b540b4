// The main job: a diffusion model of a real table and of the swiss roll, from raw data to samples, a picture and a checkpoint.
// Exits with 1 if the samples are further from the data than three times the distance between two halves of the data.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import { DiffusionModel, datasets, metrics, plot, type Tensor, tensor, writeCsv } from "thalweg";

/** The tests run a short form, which learns nothing and so asserts nothing of its samples. */
const SHORT = process.env.THALWEG_SHORT === "1";
const SAMPLES = SHORT ? 200 : 2_000;
const LIMIT = 3;
const out = process.argv[2] ?? "out/demo";

/** Longitude and latitude of the airports of the contiguous United States (vega-datasets). */
function airports(): Tensor {
  const entry = createRequire(import.meta.url).resolve("vega-datasets");
  const file = join(dirname(entry), "..", "data", "airports.csv");
  const rows: Record<string, string>[] = parse(readFileSync(file), { columns: true });
  const points = rows.map((row) => [Number(row.longitude), Number(row.latitude)]);
  return tensor(
    points.filter(([longitude, latitude]) => longitude > -125 && longitude < -66 && latitude > 24 && latitude < 50),
  );
}

interface Task {
  name: string;
  data: Tensor;
  columns: [string, string];
  steps: number;
}

interface Outcome {
  name: string;
  rows: number;
  distance: number;
  floor: number;
  steps: number;
  seconds: number;
  stepsPerSecond: number;
}

async function run({ name, data, columns, ...task }: Task): Promise<Outcome> {
  const steps = SHORT ? 40 : task.steps;
  const rows = data.shape[0];
  console.log(`\n${name}: ${rows.toLocaleString("en")} rows of ${columns.join(", ")}`);
  const model = new DiffusionModel({
    device: "auto",
    xSize: 2,
    seed: 0,
    solver: { type: "ODESolver", args: { method: "dopri5", rtol: 1e-4, atol: 1e-4 } },
    path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
    model: {
      type: "noise_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 1 } },
        backbone: {
          type: "TemporalSpatialResidualNet",
          args: { hiddenSizes: [512, 256, 128], outputDim: 2, tDim: 32 },
        },
      },
    },
  });

  const started = performance.now();
  const report = await model.fit(data, {
    loss: "score_matching",
    batchSize: 128,
    steps,
    optimizer: { type: "adamw", lr: { type: "warmupCosine", peak: 2e-3, steps, warmup: 50 }, clipNorm: 1 },
    ema: 0.99,
  });
  const seconds = (performance.now() - started) / 1000;

  const samples = await model.sample({ batchSize: SAMPLES, seed: 1 });
  const tSpan = Array.from({ length: 41 }, (_, i) => i / 40);
  const trajectories = await model.sampleForwardProcess({ batchSize: 60, seed: 2, tSpan });

  const distance = await metrics.slicedWasserstein(samples, data);
  const floor = await halfToHalf(data);

  const files = {
    checkpoint: join(out, name),
    samples: join(out, `${name}.csv`),
    picture: join(out, `${name}.png`),
  };
  await model.save(files.checkpoint);
  await writeCsv(files.samples, samples, columns);
  await plot
    .panels([
      plot.scatter(data, { title: "data", columns, limit: SAMPLES }),
      plot.scatter(samples, { title: "samples", columns, like: data }),
      plot.trajectories(trajectories, { title: "trajectories", columns, like: data }),
    ])
    .save(files.picture);

  console.log(`  trained ${report.stepsRun} steps in ${seconds.toFixed(1)} s, loss ${report.loss?.toFixed(4)}`);
  console.log(`  sliced Wasserstein distance, samples to data: ${distance.toPrecision(3)}`);
  console.log(`  the same between two halves of the data:      ${floor.toPrecision(3)} (limit: ${LIMIT} times this)`);
  for (const [what, path] of Object.entries(files)) console.log(`  ${what}: ${path}`);
  return { name, rows, steps, distance, floor, seconds, stepsPerSecond: (report.stepsRun ?? 0) / seconds };
}

/** Distance between two random halves of the data, averaged over eight ways to halve it. */
async function halfToHalf(data: Tensor): Promise<number> {
  const half = Math.floor(data.shape[0] / 2);
  const distances: number[] = [];
  for (let seed = 0; seed < 8; seed++) {
    const rows = await datasets.shuffle(data, { seed });
    distances.push(await metrics.slicedWasserstein(rows.narrow(0, 0, half), rows.narrow(0, half, half)));
  }
  return distances.reduce((sum, d) => sum + d, 0) / distances.length;
}

const outcomes: Outcome[] = [];
async function main(): Promise<void> {
  outcomes.push(
    await run({
      name: "swiss-roll",
      data: datasets.swissRoll({ count: 10_000, noise: 0.6, seed: 0 }),
      columns: ["x", "y"],
      steps: 6_000,
    }),
  );
  outcomes.push(await run({ name: "airports", data: airports(), columns: ["longitude", "latitude"], steps: 2_000 }));
  const results = join(out, "results.json");
  writeFileSync(results, `${JSON.stringify({ samples: SAMPLES, limit: LIMIT, outcomes }, null, 2)}\n`);
  console.log(`\nfigures: ${results}`);
  const failed = outcomes.filter(({ distance, floor }) => !(distance <= LIMIT * floor));
  for (const { name, distance, floor } of failed) {
    console.error(
      `\n${name}: the samples are ${(distance / floor).toFixed(2)} times as far from the data as its halves are from each other`,
    );
  }
  process.exitCode = failed.length > 0 && !SHORT ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
});
