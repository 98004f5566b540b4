// GenerativeRL's solvers in our words: three kinds, whose arguments have other names and defaults.
// Steps of its ODE solvers are those of the times that sampling asks for; ours are said by the solver.
import type { Notes } from "./notes.js";
import type { JsonObject } from "./plain.js";

/** A key of a solver's arguments that is looked at, with what becomes of it. */
type Take = (key: string) => JsonObject[string] | undefined;

const odeMethods: Readonly<Record<string, string>> = {
  euler: "euler",
  midpoint: "midpoint",
  rk4: "rk4",
  rk_4: "rk4",
  heun2: "heun2",
  heun3: "heun3",
  bosh3: "bosh3",
  dopri5: "dopri5",
  tsit5: "tsit5",
  dopri8: "dopri8",
};

const sdeMethods: Readonly<Record<string, string>> = {
  euler: "euler_maruyama",
  heun: "heun",
  srk: "sra1",
};

const grids: Readonly<Record<string, string>> = {
  time_uniform: "uniform",
  time_quadratic: "quadratic",
  logSNR: "logSnr",
};

/** The method of a name; the default where there is none of ours. */
function method(name: string, known: Readonly<Record<string, string>>, key: string, say: Say): string | undefined {
  const ours = known[name];
  if (ours === undefined) say(key, `no counterpart of ${JSON.stringify(name)}; our default is taken`);
  return ours;
}

type Say = (key: string, message: string) => void;

function ode(take: Take, say: Say): JsonObject {
  const library = take("library");
  const name = String(take("odeSolver") ?? "euler");
  take("dt");
  // torchdiffeq calls the 3/8 rule rk4.
  const rule = name === "rk4" && String(library).startsWith("torchdiffeq") ? "rk4_three_eighths" : undefined;
  const ours = rule ?? method(name, odeMethods, "odeSolver", say);
  const [atol, rtol] = [take("atol"), take("rtol")];
  return { ...(ours && { method: ours }), ...(atol !== undefined && { atol }), ...(rtol !== undefined && { rtol }) };
}

function sde(take: Take, say: Say): JsonObject {
  for (const key of ["library", "sdeNoiseType", "sdeType", "atol", "rtol"]) take(key);
  const ours = method(String(take("sdeSolver") ?? "euler"), sdeMethods, "sdeSolver", say);
  const dt = take("dt") ?? 0.001;
  return { ...(ours && { method: ours }), ...(typeof dt === "number" && dt > 0 && { steps: Math.round(1 / dt) }) };
}

function dpm(take: Take, say: Say): JsonObject {
  for (const key of ["device", "atol", "rtol"]) take(key);
  const name = String(take("method") ?? "singlestep");
  const isMultistep = name === "multistep";
  if (!isMultistep && name !== "singlestep")
    say("method", `no counterpart of ${JSON.stringify(name)}; singlestep is taken`);
  const [order, steps, denoise] = [take("order"), take("steps"), take("denoise")];
  const grid = grids[String(take("skipType") ?? "time_uniform")];
  const algorithm = String(take("type") ?? "dpm_solver").replace("_", "");
  const expansion = String(take("solverType") ?? "dpm_solver").replace("_", "");
  return {
    algorithm,
    method: isMultistep ? "multistep" : "singlestep",
    expansion,
    ...(order !== undefined && { order }),
    ...(steps !== undefined && { steps }),
    ...(grid && { grid: { type: grid } }),
    ...(denoise === true && { denoiseFinal: true }),
    // Its singlestep evaluates at the times of the grid, its multistep of order 3 is the published one.
    ...(isMultistep ? { thirdOrder: "published" } : { stages: "grid", lowerOrderFinal: true }),
  };
}

const kinds: Readonly<Record<string, { type: string; convert: (take: Take, say: Say) => JsonObject }>> = {
  ODESolver: { type: "ODESolver", convert: ode },
  DictTensorODESolver: { type: "ODESolver", convert: ode },
  SDESolver: { type: "SDESolver", convert: sde },
  DPMSolver: { type: "DPMSolver", convert: dpm },
};

/** A solver; undefined where there is no counterpart, so that the model has our default. */
export function solverOf(solver: JsonObject, notes: Notes): JsonObject | undefined {
  const kind = kinds[String(solver.type)];
  const args = (solver.args ?? {}) as JsonObject;
  if (kind === undefined) {
    const known = Object.keys(kinds).join(", ");
    notes.about(solver, "type", `no counterpart; known are ${known}. Our default is taken`);
    return undefined;
  }
  const left = new Set(Object.keys(args));
  const say: Say = (key, message) => notes.about(args, key, message);
  const take: Take = (key) => {
    left.delete(key);
    return args[key];
  };
  const converted = kind.convert(take, say);
  for (const key of left) say(key, "left out: no counterpart");
  return { type: kind.type, args: converted };
}
