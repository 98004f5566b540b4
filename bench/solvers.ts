// How far solvers are from the exact solution of a trained network's equation after so many evaluations, as docs/generated/solvers.md.
// Each starts from the same noise, so that what differs is the error of solving alone. About two minutes on two cores.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type config, DiffusionModel, datasets, type SampleReport, type Tensor, version } from "thalweg";
import { root } from "../scripts/lib/paths.mjs";

type Solver = config.SolverConfig;

const BUDGETS = [5, 10, 20, 50, 100];
const SAMPLES = 1_000;
const STEPS = 4_000;

/** A method of so many evaluations a step. */
const ode = (method: config.Method, stages: number) => (evaluations: number) =>
  ({ type: "ODESolver", args: { method, steps: Math.max(1, Math.floor(evaluations / stages)) } }) as const;

const karras = { type: "karras" } as const;

const solvers: Readonly<Record<string, (evaluations: number) => Solver>> = {
  euler: ode("euler", 1),
  midpoint: ode("midpoint", 2),
  heun2: ode("heun2", 2),
  ab2: ode("ab2", 1),
  rk4: ode("rk4", 4),
  DDIM: (steps) => ({ type: "DDIMSolver", args: { steps } }),
  "DPM-Solver++, order 2": (steps) => ({ type: "DPMSolver", args: { order: 2, steps } }),
  "DPM-Solver++, order 2, karras grid": (steps) => ({ type: "DPMSolver", args: { order: 2, steps, grid: karras } }),
  "DPM-Solver++, order 3": (steps) => ({ type: "DPMSolver", args: { order: 3, steps, thirdOrder: "published" } }),
  "UniPC, order 2": (steps) => ({ type: "UniPCSolver", args: { order: 2, steps } }),
  "UniPC, order 3": (steps) => ({ type: "UniPCSolver", args: { order: 3, steps } }),
  "DEIS, order 2": (steps) => ({ type: "DEISSolver", args: { order: 2, steps } }),
};

/** Those that cannot begin where s is 0, as it is at the noise end of linear. */
const signalled: ReadonlySet<string> = new Set(["DPM-Solver++, order 2, karras grid", "DEIS, order 2"]);

const reference: Solver = { type: "ODESolver", args: { method: "dopri8", rtol: 1e-6, atol: 1e-6 } };

interface Case {
  readonly path: config.Path;
  readonly type: config.Parameterization;
}

const cases: readonly Case[] = [
  { path: { type: "linear" }, type: "velocity_function" },
  { path: { type: "linear_vp_sde" }, type: "noise_function" },
];

async function trained({ path, type }: Case, data: Tensor): Promise<DiffusionModel> {
  const model = new DiffusionModel({
    xSize: 2,
    path,
    model: {
      type,
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 1 } },
        backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [128, 64, 32], outputDim: 2, tDim: 32 } },
      },
    },
  });
  const lr = { type: "warmupCosine", peak: 2e-3, steps: STEPS, warmup: 100 } as const;
  await model.fit(data, { steps: STEPS, batchSize: 256, optimizer: { type: "adamw", lr, clipNorm: 1 } });
  return model;
}

/** Samples, and how often the network was asked for them. */
async function sampled(model: DiffusionModel, solver: Solver): Promise<{ samples: Tensor; evaluations: number }> {
  const reports: SampleReport[] = [];
  const samples = await model.sample({
    batchSize: SAMPLES,
    seed: 1,
    solver,
    onReport: (report) => reports.push(report),
  });
  return { samples, evaluations: reports[0].evaluations };
}

async function study(each: Case): Promise<string[]> {
  const data = datasets.moons({ count: 10_000, seed: 0 });
  const model = await trained(each, data);
  const spread = await data.sub(data.mean(0)).square().mean().sqrt().item();
  const exact = await sampled(model, reference);
  const rows: string[] = [];
  for (const [name, solver] of Object.entries(solvers)) {
    const cells: string[] = [];
    for (const budget of BUDGETS) {
      if (signalled.has(name) && each.path.type === "linear") {
        cells.push("–");
        continue;
      }
      const { samples, evaluations } = await sampled(model, solver(budget));
      const error = await samples.sub(exact.samples).square().mean().sqrt().item();
      cells.push(`${(error / spread).toPrecision(2)}${evaluations === budget ? "" : ` (${evaluations})`}`);
    }
    console.log(each.path.type, name, ...cells);
    rows.push(`| ${name} | ${cells.join(" | ")} |`);
  }
  return [
    `## ${each.path.type}, a network of ${each.type.replace("_function", "")}`,
    "",
    `| solver | ${BUDGETS.join(" | ")} |`,
    `| --- |${" --- |".repeat(BUDGETS.length)}`,
    ...rows,
    "",
    `The exact solution took ${exact.evaluations} evaluations.`,
    "",
  ];
}

const sections: string[] = [];
for (const each of cases) sections.push(...(await study(each)));
const opening = [
  "<!-- Written by bench/solvers.ts. -->",
  "",
  "# Solvers by evaluations",
  "",
  `How far ${SAMPLES.toLocaleString("en")} samples of moons are from those of the exact solution (dopri8 to a tolerance of 1e-6) from the same noise: root mean square over the data's standard deviation, after so many evaluations of the`,
  "network; in brackets where a solver needs another number; a dash where it cannot begin at pure noise. Networks are trained ones, so that their own roughness is part of it: 0.01 is a hundredth of the spread of the data. What a solver does with exact functions is in",
  `[correctness](correctness.md). thalweg ${version()}.`,
  "",
];
writeFileSync(join(root, "docs", "generated", "solvers.md"), [...opening, ...sections].join("\n"));
