// Unpaired translation: a Schrödinger bridge carries one set of points to another, with no pairs of points to learn from.
// Moons to eight Gaussians, and Adélie penguins to Gentoo. In full about 2 minutes on 2 cores; exits with 1 beyond the stated limit.
import { readFileSync } from "node:fs";
import { adamw, cosine, datasets, metrics, plot, SchrodingerBridgeConditionalFlowModel, Tensor, tensor } from "thalweg";
import { outFile, run, SHORT, vegaFile } from "./lib/example.ts";

const TIMES = 41;
/** The largest distance of carried points to the target, in those of two samples of the target. */
const LIMIT = 2;

interface Task {
  readonly name: string;
  /** What the bridge is fitted to, and what it is judged by. */
  readonly fit: Pair;
  readonly test: Pair;
  readonly columns: readonly [string, string];
  readonly steps: number;
}

interface Pair {
  readonly x0: Tensor;
  readonly x1: Tensor;
}

const toy = (seed: number, count: number): Pair => ({
  x0: datasets.moons({ count, seed }),
  x1: datasets.eightGaussians({ count, seed: seed + 1 }),
});

const MEASURED = ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"] as const;

/** Four measurements of every penguin of a species, in units of about their spread: mm, mm, cm, 500 g (vega-datasets; Gorman et al. 2014). */
function penguins(species: string): Tensor {
  const rows: Record<string, string | number | null>[] = JSON.parse(readFileSync(vegaFile("penguins.json"), "utf8"));
  const ofSpecies = rows.filter((row) => row.Species === species && MEASURED.every((name) => row[name] !== null));
  const units = [3, 1.2, 6.5, 460];
  return tensor(ofSpecies.map((row) => MEASURED.map((name, i) => Number(row[name]) / units[i])));
}

/** Every second row for fitting, the others for judging. */
async function penguinPairs(): Promise<{ fit: Pair; test: Pair }> {
  const [x0, x1] = await Promise.all(
    ["Adelie", "Gentoo"].map((species) => datasets.shuffle(penguins(species), { seed: 0 })),
  );
  const half = (all: Tensor, first: boolean) => {
    const middle = Math.floor(all.shape[0] / 2);
    return first ? all.narrow(0, 0, middle) : all.narrow(0, middle, all.shape[0] - middle);
  };
  return { fit: { x0: half(x0, true), x1: half(x1, true) }, test: { x0: half(x0, false), x1: half(x1, false) } };
}

async function translate({ name, fit, test, columns, steps }: Task): Promise<boolean> {
  const size = fit.x0.shape[1];
  const backbone = {
    type: "MultiLayerPerceptron",
    args: { hiddenSizes: [size + 16, 128, 128, 128], outputSize: size, activation: "silu" },
  } as const;
  const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16, scale: 1 } } as const;
  const model = new SchrodingerBridgeConditionalFlowModel({
    xSize: size,
    seed: 0,
    path: { sigma: 0.2 },
    solver: { type: "SDESolver", args: { method: "euler_maruyama", steps: 200 } },
    velocityModel: { type: "velocity_function", args: { tEncoder, backbone } },
    scoreModel: { type: "score_function", args: { tEncoder, backbone } },
  });
  const started = performance.now();
  const { stepsRun } = await model.fit(fit, {
    steps: SHORT ? 20 : steps,
    batchSize: 256,
    optimizer: adamw({ lr: cosine({ peak: 2e-3, steps }), clipNorm: 1 }),
    ema: 0.999,
  });
  const seconds = (performance.now() - started) / 1000;

  const tSpan = Array.from({ length: TIMES }, (_, i) => i / (TIMES - 1));
  const paths = await model.sampleForwardProcess({ x0: test.x0, tSpan, seed: 1 });
  const carried = paths.select(0, TIMES - 1);
  const moved = await carried.sub(test.x0).square().sum(1).mean().sqrt().item();
  // As many as are judged, or a larger set would lie nearer.
  const other = fit.x1.narrow(0, 0, Math.min(fit.x1.shape[0], test.x1.shape[0]));
  const distances = {
    "carried points to the target": (await metrics.wasserstein(carried, test.x1)).distance,
    "two samples of the target (floor)": (await metrics.wasserstein(other, test.x1)).distance,
    "source to the target (baseline)": (await metrics.wasserstein(test.x0, test.x1)).distance,
    "the points were carried (root mean square)": moved,
    "the best plan carries them": (await metrics.wasserstein(test.x0, carried)).distance,
  };
  const picture = outFile("translation", `${name}.png`);
  const like = Tensor.concat([test.x0, test.x1, carried]);
  await plot
    .panels([
      plot.scatter(test.x0, { against: test.x1, names: ["source", "target"], title: "two sets", columns, like }),
      plot.trajectories(paths, { title: "the bridge", columns, limit: 60 }),
      plot.scatter(carried, { against: test.x1, names: ["carried", "target"], title: "carried", columns, like }),
    ])
    .save(picture);

  console.log(`\n${name}: ${stepsRun} steps in ${seconds.toFixed(0)} s; W2 distances`);
  for (const [what, distance] of Object.entries(distances)) console.log(`  ${what.padEnd(46)}${distance.toFixed(3)}`);
  console.log(`  picture: ${picture}`);
  const [distance, floor] = Object.values(distances);
  return distance <= LIMIT * floor;
}

async function main(): Promise<readonly string[]> {
  const count = SHORT ? 100 : 1_000;
  const tasks: Task[] = [
    { name: "moons", fit: toy(0, 5 * count), test: toy(10, count), columns: ["x", "y"], steps: 8_000 },
    {
      name: "penguins",
      ...(await penguinPairs()),
      columns: ["beak length / 3 mm", "beak depth / 1.2 mm"],
      steps: 3_000,
    },
  ];
  const missed: string[] = [];
  for (const task of tasks) {
    if (!(await translate(task))) missed.push(`${task.name}: at most ${LIMIT} times the floor from the target`);
  }
  return missed;
}

run(main);
