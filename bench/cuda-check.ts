// The check of cuda-bundle: what a user does on a GPU, through the public API, beside the same on the CPU. Prints a line for each claim, and
// ends with an error if one does not hold.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adamw, type config, DeviceError, DiffusionModel, doctor, load, randn, type Tensor } from "thalweg";

const failed: string[] = [];
const claim = (what: string, holds: boolean, detail: unknown) => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}: ${typeof detail === "string" ? detail : JSON.stringify(detail)}`);
  if (!holds) failed.push(what);
};
const numbers = async (tensor: Tensor) => Array.from(await tensor.data(), Number);

const backbone = {
  type: "TemporalSpatialResidualNet",
  args: { hiddenSizes: [128, 64], outputDim: 2, tDim: 32 },
} as const;
const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 30 } } as const;
const on = (device: string) =>
  new DiffusionModel({
    device,
    xSize: 2,
    path: { type: "linear_vp_sde" },
    model: { type: "noise_function", args: { tEncoder, backbone } },
  });
type Model = ReturnType<typeof on>;
const data = randn([4096, 2], { seed: 3 }).mul(2).add(1);
const optimizer = adamw({ lr: 1e-3, clipNorm: 1 });
const fitted = (model: Model, steps: number, more = {}) =>
  model.fit(data, { steps, batchSize: 256, seed: 5, optimizer, ema: 0.99, progress: false, ...more });

/** The loss of every step. */
async function curve(model: Model, steps: number): Promise<number[]> {
  const losses: number[] = [];
  const every = { steps: 1, call: ({ loss }: { loss: number }) => void losses.push(loss) };
  await fitted(model, steps, { every });
  return losses;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const apart = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) / Math.max(...a.map(Math.abs));
const bits = async (model: Model) => Promise.all(Object.values(model.stateDict()).map(numbers));
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const found = await doctor();
claim("doctor finds a GPU", (found.cuda?.devices.length ?? 0) > 0, found);

const automatic = on("auto");
claim("auto is the GPU", (await automatic.info()).device === "cuda:0", (await automatic.info()).device);

const [host, gpu] = [on("cpu"), on("cuda")];
const start = performance.now();
const curves = await Promise.all([curve(host, 400), curve(gpu, 400)]);
claim("a model on the CPU and one on the GPU train at once", true, `${Math.round(performance.now() - start)} ms`);
const [first, last] = [(losses: number[]) => losses.slice(0, 10), (losses: number[]) => losses.slice(-200)];
claim(
  "first losses agree",
  apart(first(curves[0]), first(curves[1])) < 1e-4,
  apart(first(curves[0]), first(curves[1])),
);
const ends = curves.map((losses) => mean(last(losses)));
claim("curves end alike", Math.abs((ends[0] as number) / (ends[1] as number) - 1) < 0.02, ends);

const again = on("cuda:0");
await fitted(again, 400);
claim("the same seed gives the same bits", same(await bits(gpu), await bits(again)), (await bits(gpu)).length);

const folder = mkdtempSync(join(tmpdir(), "thalweg-check-"));
try {
  await gpu.save(join(folder, "gpu"));
  const copy = (await load(join(folder, "gpu"), { device: "cpu" })) as unknown as Model;
  claim("a checkpoint moves to the CPU", same(await bits(copy), await bits(gpu)), (await copy.info()).device);
  const of = (type: "ODESolver" | "SDESolver" | "DPMSolver", args: object) => ({ type, args }) as config.SolverConfig;
  const sampled = async (model: Model, solver: config.SolverConfig, seed = 2) =>
    numbers(await model.sample({ batchSize: 64, seed, solver }));
  const ode = ["euler", "midpoint", "heun2", "ralston", "heun3", "rk4", "rk4_three_eighths", "dopri5", "ab2", "ab4"];
  const solvers = [
    ...ode.map((method) => of("ODESolver", { method, steps: 20 })),
    ...["euler_maruyama", "heun", "sra1", "edm", "ancestral"].map((method) => of("SDESolver", { method, steps: 20 })),
    ...["singlestep", "multistep"].map((method) => of("DPMSolver", { method, steps: 12 })),
  ];
  for (const solver of solvers) {
    const [a, b] = await Promise.all([sampled(copy, solver), sampled(gpu, solver)]);
    claim(`samples of ${JSON.stringify(solver.args)} agree`, apart(a, b) < 1e-4, apart(a, b));
  }
  // Which steps an adaptive method takes hangs on the last bit of an error: what counts is how near both come to the truth.
  const seeds = [2, 3, 4, 5, 6, 7];
  const fine = of("ODESolver", { method: "rk4", steps: 2000 });
  const truths = await Promise.all(seeds.map((seed) => sampled(gpu, fine, seed)));
  for (const method of ["dopri5", "bosh3", "tsit5", "dopri8"]) {
    const solver = of("ODESolver", { method, rtol: 1e-4 });
    const errors = async (model: Model) => {
      const all = await Promise.all(seeds.map((seed) => sampled(model, solver, seed)));
      return all.map((found, i) => apart(truths[i] as number[], found));
    };
    const [a, b] = [await errors(copy), await errors(gpu)];
    claim(`errors of adaptive ${method} are alike`, mean(b) < 2 * mean(a) + 1e-3, [a, b]);
  }
  const counted = async (model: Model) =>
    (
      await model.logProb(randn([16, 2], { seed: 4 }), {
        solver: of("ODESolver", { method: "dopri5", rtol: 1e-5 }) as never,
      })
    ).nfe;
  claim("adaptive methods evaluate as often", true, [await counted(copy), await counted(gpu)]);
  const density = async (model: Model) => numbers((await model.logProb(randn([16, 2], { seed: 4 }))).logProb);
  const densities = [await density(copy), await density(gpu)] as const;
  claim("densities agree", apart(...densities) < 1e-3, apart(...densities));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const [moved, kept] = [on("cuda"), on("cuda")];
for (const device of ["cpu", "cuda"]) {
  await fitted(moved, 50, { resume: true });
  await moved.to(device);
}
await fitted(kept, 50, { resume: true });
await kept.to("cpu");
await fitted(kept, 50, { resume: true });
claim("a model that moves keeps its training", same(await bits(moved), await bits(kept)), (await moved.info()).step);

const two = [on("cuda"), on("cuda")];
await Promise.all(two.map((model) => fitted(model, 100)));
claim("two models on one GPU", same(...((await Promise.all(two.map(bits))) as [unknown, unknown])), 100);

const refusal = await (async () => on("cuda:9").info())().catch((error: unknown) => error);
claim("a GPU that is not there is refused", refusal instanceof DeviceError, String(refusal));

const large = await randn([24_000_000, 1024], { seed: 0 })
  .narrow(0, 0, 1)
  .data()
  .catch((error: unknown) => error);
claim("what does not fit is refused with sizes", large instanceof Error && /bytes/.test(large.message), String(large));
claim("and the process lives on", (await numbers(randn([4], { seed: 0 }))).length === 4, "");

if (failed.length > 0) throw new Error(`${failed.length} claims do not hold: ${failed.join("; ")}`);
