// Trains the same network twice: the built-in MultiLayerPerceptron and its twin written in TypeScript.
// The twin is traced once and then runs in the engine, so it must be as fast: exits with 1 where it is more than 10 % slower.
import { type config, DiffusionModel, nn, randn, registerModule } from "thalweg";

const STEPS = Number(process.env.THALWEG_BENCH_STEPS ?? 60);
const ROUNDS = 5;
const LIMIT = 1.1;

const args = { hiddenSizes: [3, 256, 256, 256], outputSize: 2, activation: "silu" } as const;
const twin = registerModule("TwinMultiLayerPerceptron", nn.MultiLayerPerceptron);

const model = (backbone: config.BackboneConfig) =>
  new DiffusionModel({
    xSize: 2,
    path: { type: "linear_vp_sde" },
    model: { type: "velocity_function", args: { backbone } },
  });

/** Milliseconds per step of a fit, after one that compiles. */
async function timed(trained: ReturnType<typeof model>, batchSize: number): Promise<number> {
  const data = randn([4096, 2], { seed: 0 });
  const { seconds, stepsRun } = await trained.fit(data, { steps: STEPS, batchSize, progress: false });
  return (1000 * seconds) / stepsRun;
}

async function main(): Promise<void> {
  for (const batchSize of [128, 512]) {
    const [rust, typescript] = [model({ type: "MultiLayerPerceptron", args }), model(twin(args))];
    const [a, b]: [number[], number[]] = [[], []];
    // In turn, so that a busy machine slows both; the quickest round counts.
    for (let round = 0; round <= ROUNDS; round++) {
      const times = [await timed(rust, batchSize), await timed(typescript, batchSize)];
      if (round > 0) {
        a.push(times[0]);
        b.push(times[1]);
      }
    }
    const [built, traced] = [Math.min(...a), Math.min(...b)];
    const ratio = traced / built;
    console.log(
      `batch ${batchSize}: Rust ${built.toFixed(2)} ms a step, TypeScript ${traced.toFixed(2)} ms a step, ratio ${ratio.toFixed(3)}`,
    );
    if (!(ratio <= LIMIT)) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
