// Solvers by a short name, and how many steps they take.
// ODE and SDE solvers are named by their step rule, the others by their kind.
import type { Method, SdeMethod, SolverConfig } from "../../generated/config.js";

const ode: readonly Method[] = [
  "dopri5",
  "euler",
  "midpoint",
  "heun2",
  "ralston",
  "heun3",
  "rk4",
  "rk4_three_eighths",
  "bosh3",
  "tsit5",
  "dopri8",
  "ab2",
  "ab4",
];

const sde: readonly SdeMethod[] = ["euler_maruyama", "heun", "sra1", "edm", "ancestral"];

const kinds = { dpm: "DPMSolver", unipc: "UniPCSolver", deis: "DEISSolver", ddim: "DDIMSolver" } as const;

/** The names of all solvers. */
export const solverNames: readonly string[] = [...ode, ...sde, ...Object.keys(kinds)];

/** What a command is told of a solver. */
export interface SolverFlags {
  readonly solver?: string;
  readonly steps?: number;
}

function named(name: string, args: { readonly steps?: number }): SolverConfig {
  if ((ode as readonly string[]).includes(name))
    return { type: "ODESolver", args: { method: name as Method, ...args } };
  if ((sde as readonly string[]).includes(name)) {
    return { type: "SDESolver", args: { method: name as SdeMethod, ...args } };
  }
  return { type: kinds[name as keyof typeof kinds], args };
}

/** The solver that the flags mean; undefined where it is the model's own. */
export function solverOf({ solver, steps }: SolverFlags, own: SolverConfig | undefined): SolverConfig | undefined {
  const args = steps === undefined ? {} : { steps };
  if (solver !== undefined) return named(solver, args);
  if (steps === undefined) return undefined;
  const known = own ?? { type: "ODESolver", args: {} };
  return { ...known, args: { ...known.args, steps } } as SolverConfig;
}
