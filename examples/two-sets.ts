// A flow between two sets, by optimal transport: fitted, sampled, measured, saved and loaded as what it was.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { datasets, load, metrics, OptimalTransportConditionalFlowModel } from "thalweg";

const short = process.env.THALWEG_SHORT === "1";

const model = new OptimalTransportConditionalFlowModel({
  xSize: 2,
  solver: { type: "ODESolver", args: { method: "midpoint", steps: 20 } },
  model: {
    type: "velocity_function",
    args: {
      tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16, scale: 1 } },
      backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [64, 32], outputDim: 2, tDim: 16 } },
    },
  },
});
const x0 = datasets.eightGaussians({ count: 1_024, seed: 0 });
const x1 = datasets.moons({ count: 1_024, seed: 0 });

async function main(): Promise<void> {
  const { stepsRun } = await model.fit({ x0, x1 }, { steps: short ? 30 : 3_000, batchSize: 128 });
  const tSpan = Array.from({ length: 21 }, (_, i) => i / 20);
  const trajectories = await model.sampleForwardProcess({ x0, tSpan });
  const carried = trajectories.narrow(0, 20, 1).reshape([1_024, 2]);
  const { distance } = await metrics.wasserstein(carried, x1);
  const { normalized } = await metrics.normalizedPathEnergy(trajectories);
  console.log(
    `${stepsRun} steps, W2 to the data ${distance.toFixed(3)}, path energy beyond W2² ${normalized.toFixed(3)}`,
  );

  const folder = mkdtempSync(join(tmpdir(), "thalweg-"));
  await model.save(join(folder, "flow"));
  const again = await load(join(folder, "flow"));
  rmSync(folder, { recursive: true });
  if (!(again instanceof OptimalTransportConditionalFlowModel)) throw new Error("another class came back");
  if (!Number.isFinite(distance)) throw new Error("a sample is not finite");
}

await main();
