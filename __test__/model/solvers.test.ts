// Solvers at their defaults, on a network that is exact for normal data: the distribution comes out whatever else a call asks for.
import {
  AbortError,
  type config,
  DiffusionModel,
  Module,
  ones,
  registerModule,
  type SampleReport,
  SolverError,
  type Tensor,
  zeros,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { small } from "./support.ts";

/** Data: N(MEAN, DEVIATION²). */
const [MEAN, DEVIATION] = [2, 0.5];
const paths: Record<string, { path: config.Path; scale: (t: Tensor) => Tensor; std: (t: Tensor) => Tensor }> = {
  linear_vp_sde: {
    path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
    scale: (t) => t.square().mul(-4.975).sub(t.mul(0.05)).exp(),
    std: (t) => t.square().mul(-9.95).sub(t.mul(0.1)).expm1().neg().sqrt(),
  },
  linear: { path: { type: "linear" }, scale: (t) => t.rsub(1), std: (t) => t },
  edm: { path: { type: "edm" }, scale: (t) => t.mul(0).add(1), std: (t) => t },
};

/** E[x₀ | x_t = x] on each path. */
function exactly(name: string) {
  const { path, scale, std } = paths[name]!;
  class Expected extends Module {
    override forward(t: Tensor, x: Tensor): Tensor {
      const [s, noise] = [scale(t).unsqueeze(1), std(t).unsqueeze(1).square()];
      return noise
        .mul(MEAN)
        .add(s.mul(DEVIATION ** 2).mul(x))
        .div(
          s
            .square()
            .mul(DEVIATION ** 2)
            .add(noise),
        );
    }
  }
  const backbone = registerModule(`Expected_${name}`, Expected)({});
  return new DiffusionModel({
    xSize: 1,
    dtype: "f64",
    path,
    model: { type: "data_prediction_function", args: { backbone } },
  });
}
const models = Object.fromEntries(Object.keys(paths).map((name) => [name, exactly(name)]));

const solvers: config.SolverConfig[] = [
  { type: "DPMSolver", args: { steps: 40 } },
  { type: "DPMSolver", args: { steps: 40, order: 3 } },
  { type: "DPMSolver", args: { steps: 40, method: "singlestep" } },
  { type: "DPMSolver", args: { steps: 40, algorithm: "sde-dpmsolver++" } },
  { type: "UniPCSolver", args: { steps: 40 } },
  { type: "DEISSolver", args: { steps: 40 } },
  { type: "DDIMSolver", args: { steps: 100 } },
  { type: "SDESolver", args: { method: "heun", steps: 100 } },
  { type: "ODESolver", args: { method: "heun2", steps: 60 } },
];

describe("a solver at its defaults", () => {
  const cases = Object.keys(paths).flatMap((name) => solvers.map((solver) => [name, solver] as const));
  const free = { energy: { function: (_t: Tensor, x: Tensor) => x.sum(1).mul(0) } };

  it.each(cases)(
    "on %s, %j: samples, and those that an energy of 0 or known coordinates that are none leave",
    async (name, solver) => {
      const model = models[name]!;
      // DEIS, and no other, needs a start where some of the datum is left.
      const settings = { batchSize: 4_000, seed: 2, solver, ...(name === "linear" && { tSpan: [0.001, 1] }) };
      const all = zeros([1, 1], { dtype: "f64" });
      const samples = {
        plain: await model.sample(settings),
        "an energy of 0": await model.sample({ ...settings, ...free }),
        "nothing known": await model.sampleWithFixedX(all, ones([1, 1], { dtype: "f64" }), settings),
      };
      for (const [what, x] of Object.entries(samples)) {
        // 4000 samples leave 0.008 in a mean and 0.006 in a deviation; the rest is what the steps miss.
        expect(Math.abs((await x.mean().item()) - MEAN), what).toBeLessThan(0.06);
        expect(Math.abs(Math.sqrt(await x.sub(MEAN).square().mean().item()) - DEVIATION), what).toBeLessThan(0.06);
      }
    },
  );
});

describe("what a call tells", () => {
  const model = models.linear_vp_sde!;

  it("of its steps: accepted, rejected, evaluations", async () => {
    const reports: SampleReport[] = [];
    const onReport = (report: SampleReport) => reports.push(report);
    const fixed = { type: "ODESolver", args: { method: "rk4", steps: 10 } } as const;
    await model.sample({ batchSize: 8, solver: fixed, onReport });
    expect(reports[0]).toMatchObject({ accepted: 10, rejected: 0, evaluations: 40 });
    const adaptive = { type: "ODESolver", args: { method: "dopri5", rtol: 1e-8, atol: 1e-8 } } as const;
    await model.sample({ batchSize: 8, solver: adaptive, onReport });
    const { accepted, rejected, evaluations, seconds } = reports[1]!;
    expect(accepted).toBeGreaterThan(10);
    expect(rejected).toBeGreaterThan(0);
    // Six evaluations a step, the first of which is the last of the step before; two more for the first step and its length.
    expect(evaluations - 6 * (accepted + rejected)).toBeGreaterThanOrEqual(1);
    expect(evaluations - 6 * (accepted + rejected)).toBeLessThanOrEqual(3);
    expect(seconds).toBeGreaterThan(0);
    await model.logProb(zeros([4, 1], { dtype: "f64" }), { onReport });
    await model.sampleWithLogProb({ batchSize: 4, onReport });
    expect(reports).toHaveLength(4);
  });

  it("where the step limit ends it: time, step and error", async () => {
    const solver = { type: "ODESolver", args: { method: "dopri5", rtol: 1e-8, atol: 1e-8, maxSteps: 3 } } as const;
    const stopped = model.sample({ batchSize: 8, solver });
    await expect(stopped).rejects.toThrow(SolverError);
    await expect(stopped).rejects.toThrow(
      /maxSteps steps were not enough at t = [\d.e-]+: expected t = .* within 3 steps, got 3 steps, the last of length [\d.e-]+ with an error of [\d.]+ times the tolerance/,
    );
  });

  it("where a signal ends it: the signal's reason", async () => {
    const controller = new AbortController();
    const solver = { type: "ODESolver", args: { method: "euler", steps: 1_000_000 } } as const;
    const run = small().sample({ batchSize: 100, solver, signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    const error = await run.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AbortError);
    expect((error as Error).cause).toBe(reason);
  });
});
