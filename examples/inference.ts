// Simulation-based inference: from simulations alone, a flow learns the posterior of a simulator's parameters for any observation.
// Both simulators have posteriors that are known. In full about 1 minute on 2 cores; exits with 1 beyond the stated limits.
import { adamw, cosine, DiffusionModel, eye, metrics, plot, rand, randn, type Tensor, tensor } from "thalweg";
import { outFile, run, SHORT } from "./lib/example.ts";

const SIMULATIONS = SHORT ? 1_000 : 50_000;
const STEPS = SHORT ? 20 : 8_000;
/** Observations for which posteriors are compared, and samples of each. */
const [OBSERVATIONS, SAMPLES] = SHORT ? [2, 100] : [8, 2_000];
/** Parameters whose ranks among so many samples of their own posterior are counted. */
const [RANKED, AMONG] = SHORT ? [20, 9] : [500, 99];
/** The largest distance to the exact posterior, in those of two exact samples; and the largest error of coverage. */
const LIMITS = { distance: 2, coverage: 0.05 };

interface Simulator {
  readonly name: string;
  /** Numbers in the parameters θ and in an observation x. */
  readonly sizes: { readonly theta: number; readonly x: number };
  /** Observations of parameters [N, D]. The prior of all parameters is N(0, I). */
  readonly simulate: (theta: Tensor, seed: number) => Tensor;
  /** Samples of the exact posterior. */
  readonly posterior: (x: Tensor, count: number, seed: number) => Promise<Tensor>;
}

/**
 * x = A R θ + 0.5 ε, whose posterior is normal. The columns of A are orthogonal and R is a reflection, so that R θ has a diagonal
 * covariance, (I + 4 AᵀA)⁻¹, and θ a full one.
 */
const linear: Simulator = (() => {
  const a = tensor([
    [1, 0.5, 0.1],
    [1, -0.5, 0.1],
    [1, 0.5, -0.1],
    [1, -0.5, -0.1],
  ]);
  const reflection = eye(3).sub(2 / 3);
  const variance = a.square().sum(0).mul(4).add(1).recip();
  return {
    name: "linear",
    sizes: { theta: 3, x: 4 },
    simulate: (theta, seed) => {
      const x = theta.matmul(reflection).matmul(a.transpose(0, 1));
      return x.add(randn(x.shape, { seed }).mul(0.5));
    },
    posterior: async (x, count, seed) => {
      const mean = x.matmul(a).mul(4).mul(variance);
      return randn([count, 3], { seed }).mul(variance.sqrt()).add(mean).matmul(reflection);
    },
  };
})();

/** x = θ₁ θ₂ + 0.3 ε, whose posterior lies on two branches of a hyperbola. Sampled from its density on a grid of cells of 0.02. */
const product: Simulator = {
  name: "product",
  sizes: { theta: 2, x: 1 },
  simulate: (theta, seed) => theta.prod(1, { keepDims: true }).add(randn([theta.shape[0], 1], { seed }).mul(0.3)),
  posterior: async (observation, count, seed) => {
    const [side, cell] = [500, 0.02];
    const place = (i: number) => (i + 0.5 - side / 2) * cell;
    const x = await observation.item();
    let sum = 0;
    const cumulative = Float64Array.from({ length: side ** 2 }, (_, i) => {
      const [first, second] = [place(Math.floor(i / side)), place(i % side)];
      sum += Math.exp(-(first ** 2 + second ** 2) / 2 - (x - first * second) ** 2 / (2 * 0.3 ** 2));
      return sum;
    });
    const uniform = await rand([count, 3], { seed, dtype: "f64" }).toArray();
    const points = (uniform as number[][]).map(([u, first, second]) => {
      const i = lowerBound(cumulative, u * sum);
      return [place(Math.floor(i / side)) + (first - 0.5) * cell, place(i % side) + (second - 0.5) * cell];
    });
    return tensor(points);
  },
};

/** The first place of an ascending list whose number is not below the value. */
function lowerBound(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const flowFor = ({ sizes: { theta, x } }: Simulator) =>
  new DiffusionModel({
    xSize: theta,
    conditionSize: x,
    seed: 0,
    path: { type: "linear" },
    solver: { type: "ODESolver", args: { method: "heun2", steps: 20 } },
    model: {
      type: "velocity_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16, scale: 1 } },
        backbone: {
          type: "MultiLayerPerceptron",
          args: { hiddenSizes: [theta + x + 16, 128, 128, 128], outputSize: theta, activation: "silu" },
        },
      },
    },
  });

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

/** Each row as often as said, one after the other. */
const repeated = (rows: Tensor, times: number) => rows.repeatInterleave(times, 0);

/**
 * Simulation-based calibration (Talts et al. 2018): the ranks of parameters among samples of their own posterior are uniform if the
 * posterior is right. The share of ranks in the central half and nine tenths, over all coordinates.
 */
async function coverage(model: ReturnType<typeof flowFor>, simulator: Simulator): Promise<[number, number]> {
  const theta = randn([RANKED, simulator.sizes.theta], { seed: 20 });
  const condition = repeated(simulator.simulate(theta, 21), AMONG);
  const samples = (await model.sample({ condition, seed: 22 })).unflatten(0, [RANKED, AMONG]);
  const ranks = samples
    .lt(theta.unsqueeze(1))
    .cast("f32")
    .sum(1)
    .add(0.5)
    .div(AMONG + 1);
  const off = ranks.sub(0.5).abs();
  const within = (share: number) =>
    off
      .lt(share / 2)
      .cast("f32")
      .mean()
      .item();
  return [await within(0.5), await within(0.9)];
}

/** Distances and errors of moments, of one observation. */
type Comparison = Record<
  "distance" | "floor" | "prior" | "mean" | "meanFloor" | "covariance" | "covarianceFloor",
  number
>;

async function study(simulator: Simulator): Promise<boolean> {
  const { name, sizes } = simulator;
  const theta = randn([SIMULATIONS, sizes.theta], { seed: 10 });
  const model = flowFor(simulator);
  const started = performance.now();
  await model.fit(theta, {
    condition: simulator.simulate(theta, 11),
    steps: STEPS,
    batchSize: 256,
    optimizer: adamw({ lr: cosine({ peak: 2e-3, steps: STEPS }), clipNorm: 1 }),
    ema: 0.999,
  });
  const seconds = (performance.now() - started) / 1000;

  const observed = simulator.simulate(randn([OBSERVATIONS, sizes.theta], { seed: 12 }), 13);
  const comparisons: Comparison[] = [];
  const pictures: plot.Plot[] = [];
  for (let i = 0; i < OBSERVATIONS; i++) {
    const x = observed.narrow(0, i, 1);
    const samples = await model.sample({ condition: repeated(x, SAMPLES), seed: 100 + i });
    const [exact, again] = [
      await simulator.posterior(x, SAMPLES, 200 + i),
      await simulator.posterior(x, SAMPLES, 300 + i),
    ];
    const moments = await metrics.momentErrors(samples, exact);
    const floor = await metrics.momentErrors(again, exact);
    comparisons.push({
      distance: await metrics.slicedWasserstein(samples, exact),
      floor: await metrics.slicedWasserstein(again, exact),
      prior: await metrics.slicedWasserstein(randn(exact.shape, { seed: 400 + i }), exact),
      mean: moments.mean,
      meanFloor: floor.mean,
      covariance: moments.relativeCovariance,
      covarianceFloor: floor.relativeCovariance,
    });
    const title = `${name}, x = ${Array.from(await x.data(), Number)
      .map((n) => n.toFixed(2))
      .join(", ")}`;
    const names = ["flow", "exact posterior"] as const;
    if (i < 3) pictures.push(plot.scatter(samples, { against: exact, names, title, columns: ["θ₁", "θ₂"] }));
  }
  const average = (key: keyof Comparison) => mean(comparisons.map((each) => each[key]));
  const [half, most] = await coverage(model, simulator);
  const picture = outFile("inference", `${name}.png`);
  await plot.panels(pictures).save(picture);

  const table = {
    "to the exact posterior": average("distance").toFixed(4),
    "between two exact samples (floor)": average("floor").toFixed(4),
    "from the prior (baseline)": average("prior").toFixed(4),
    "error of the mean (floor)": `${average("mean").toFixed(4)} (${average("meanFloor").toFixed(4)})`,
    "error of the covariance (floor)": `${percent(average("covariance"))} (${percent(average("covarianceFloor"))})`,
    "coverage of central 50 %, 90 %": `${percent(half)}, ${percent(most)}`,
  };
  console.log(
    `\n${name}: ${STEPS} steps in ${seconds.toFixed(0)} s; sliced Wasserstein distances, mean of ${OBSERVATIONS} observations`,
  );
  for (const [what, value] of Object.entries(table)) console.log(`  ${what.padEnd(36)}${value}`);
  console.log(`  picture: ${picture}`);
  const errors = [half - 0.5, most - 0.9].map(Math.abs);
  return average("distance") <= LIMITS.distance * average("floor") && Math.max(...errors) <= LIMITS.coverage;
}

async function main(): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const simulator of [linear, product]) {
    if (await study(simulator)) continue;
    missed.push(`${simulator.name}: at most ${LIMITS.distance} times the floor, coverage within ${LIMITS.coverage}`);
  }
  return missed;
}

run(main);
