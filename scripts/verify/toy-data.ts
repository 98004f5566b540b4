// Two toy data sets whose best values are known: the likelihood of make_moons, and the flow-matching loss of the checkerboard.
// What the data's own density and the exact velocity would reach are the floors.
import { adamw, cosine, datasets, IndependentConditionalFlowModel, type Tensor } from "thalweg";
import { atMost, print, quick, type Row, stopwatch } from "./row.js";

const elapsed = stopwatch();
const say = (text: string) => console.error(`toy data, ${elapsed()}: ${text}`);

/** A flow from the standard normal distribution, with a net of these widths. */
function flow(widths: readonly number[], embedDim: number, scale: number) {
  return new IndependentConditionalFlowModel({
    xSize: 2,
    path: { type: "independent", sigma: 0 },
    model: {
      type: "velocity_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim, scale } },
        backbone: {
          type: "ConcatenateMLP",
          args: { hiddenSizes: [embedDim + 2, ...widths], outputSize: 2, activation: "silu" },
        },
      },
    },
    seed: 1,
  });
}

/** log p of moons with noise 0.1: the mean over both arcs of a normal density, by the midpoint rule on the angle. */
function logDensityOfMoons(x: number, y: number): number {
  const [nodes, variance] = [512, 0.01];
  let sum = 0;
  for (let k = 0; k < nodes; k++) {
    const angle = (Math.PI * (k + 0.5)) / nodes;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    for (const [a, b] of [
      [cos, sin],
      [1 - cos, 0.5 - sin],
    ] as const) {
      sum += Math.exp((-0.5 * ((x - a) ** 2 + (y - b) ** 2)) / variance);
    }
  }
  return Math.log(sum / (2 * nodes)) - Math.log(2 * Math.PI * variance);
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
const numbers = async (tensor: Tensor) => Array.from(await tensor.data(), Number);

async function moons(): Promise<Row[]> {
  const steps = quick ? 100 : 15_000;
  const model = flow([128, 128, 128], 16, 1);
  const train = datasets.moons({ count: 100_000, noise: 0.1, seed: 1 });
  const lr = cosine({ peak: 3e-3, steps });
  await model.fit(train, { steps, batchSize: 512, optimizer: adamw({ lr, weightDecay: 0 }), ema: 0.999, seed: 2 });
  say("moons fitted");
  const test = datasets.moons({ count: quick ? 256 : 8_192, noise: 0.1, seed: 9 });
  const solver = { type: "ODESolver" as const, args: { method: "dopri5" as const, rtol: 1e-5, atol: 1e-5 } };
  const { logProb, nfe } = await model.logProb(test, { solver });
  const own = await numbers(logProb);
  const points = await numbers(test);
  const best = own.map((_, row) => logDensityOfMoons(points[2 * row] ?? 0, points[2 * row + 1] ?? 0));
  const [nll, floor] = [-mean(own), -mean(best)];
  say(`moons: NLL ${nll.toFixed(4)}, of the data's own density ${floor.toFixed(4)}, ${nfe} evaluations`);
  const labels = {
    settings: `${steps} steps of AdamW, batch 512, 3 × 128 SiLU, EMA 0.999, dopri5 1e-5, exact divergence, ${own.length} new rows`,
    floor: floor.toFixed(4),
    NLL: nll.toFixed(4),
  };
  const name = "make_moons, noise 0.1: NLL above that of the data's own density on the same rows";
  return [atMost("trained", name, nll - floor, quick ? 10 : 0.03, "Gibbs' inequality: at least 0 on average", labels)];
}

/** ½·E Var(x₁ − x₀ | x_t) summed over both coordinates, for the checkerboard and the straight path. */
const CHECKERBOARD_FLOOR = 3.752;

async function checkerboard(): Promise<Row[]> {
  const steps = quick ? 100 : 15_000;
  const model = flow([192, 192, 192], 32, 1);
  const train = datasets.checkerboard({ count: 200_000, seed: 1 });
  const lr = cosine({ peak: 2e-3, steps });
  await model.fit(train, {
    steps,
    batchSize: 512,
    optimizer: adamw({ lr, weightDecay: 0 }),
    ema: 0.999,
    normalize: false,
    seed: 2,
  });
  say("checkerboard fitted");
  const chunks = quick ? 2 : 100;
  const losses: number[] = [];
  for (let k = 0; k < chunks; k++) {
    const test = datasets.checkerboard({ count: 8_192, seed: 1_000 + k });
    losses.push(await model.flowMatchingLoss(test, { seed: k, weights: "ema" }).item());
    test.dispose();
  }
  const loss = mean(losses);
  say(`checkerboard: loss ${loss.toFixed(4)} above ${CHECKERBOARD_FLOOR}`);
  const labels = {
    settings: `${steps} steps of AdamW, batch 512, 3 × 192 SiLU, EMA 0.999, ${chunks * 8_192} new rows`,
    floor: String(CHECKERBOARD_FLOOR),
  };
  const bound = CHECKERBOARD_FLOOR + (quick ? 10 : 0.05);
  return [
    atMost("trained", "checkerboard: flow-matching loss", loss, bound, "conditional variance of the velocity", labels),
  ];
}

print([...(await moons()), ...(await checkerboard())]);
