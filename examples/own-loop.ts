// A training loop of one's own: a weighted loss, traced once, and one native call per step.
import { adamw, DiffusionModel, datasets, rand, type Tensor, trainStep, warmupCosine } from "thalweg";

async function main(): Promise<void> {
  const steps = process.env.THALWEG_SHORT === "1" ? 20 : 2_000;
  const model = new DiffusionModel({
    xSize: 2,
    path: { type: "gvp" },
    model: {
      type: "velocity_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16, scale: 1 } },
        backbone: {
          type: "TemporalSpatialResidualNet",
          args: { hiddenSizes: [64, 32], outputDim: 2, tDim: 16 },
        },
      },
    },
  });
  const step = trainStep(
    model,
    ({ x, weight }: { x: Tensor; weight: Tensor }) =>
      model.flowMatchingLoss(x, { reduction: "none" }).mul(weight).mean(),
    adamw({ lr: warmupCosine({ peak: 1e-3, steps }), weightDecay: 0.01, clipNorm: 1 }),
  );
  const data = datasets.eightGaussians({ count: 4_096, seed: 0 });
  const weight = rand([256], { seed: 1 });
  let last = Number.NaN;
  for (let i = 0; i < steps; i++) {
    const { loss } = await step({ x: data.narrow(0, (i * 256) % 4_096, 256), weight });
    last = loss;
  }
  console.log(`${steps} steps, loss ${last.toFixed(3)}`);
  if (!Number.isFinite(last)) throw new Error("the loss is not finite");
}

await main();
