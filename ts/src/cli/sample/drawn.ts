// Samples of any model: a table of a model of tables, otherwise a tensor, or several by their names.
// Samples of several conditions come one batch after the other.
import type { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";
import type { AnyModel } from "../../model/registry.js";
import type { Tensor } from "../../tensor/tensor.js";
import { leavesOf } from "../../tensor/tree.js";
import type { Given } from "./condition.js";
import { type SolverFlags, solverOf } from "./solver.js";

/** Samples. */
export type Drawn =
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "tensor"; readonly tensor: Tensor }
  | { readonly kind: "parts"; readonly parts: Readonly<Record<string, Tensor>> };

/** What is asked of them. */
export interface DrawSettings extends SolverFlags {
  /** How many, of each condition. */
  readonly count: number;
  readonly seed?: number;
  readonly guidance?: number;
  readonly weights?: "ema" | "raw";
  readonly given?: Given | undefined;
  /** Where to start. */
  readonly x0?: Tensor | undefined;
  readonly signal?: AbortSignal;
  readonly progress?: boolean;
}

/** Whether samples are tables. */
export const isOfTables = (model: AnyModel): boolean => "data" in model.config && model.config.data !== undefined;

/** How a call to `sample` is told. */
export function callOf(model: AnyModel, settings: DrawSettings): object {
  const { count, guidance, solver, steps, given, x0, ...rest } = settings;
  const common = {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    ...(guidance !== undefined && { guidance: { scale: guidance } }),
    ...(given && { condition: given.kind === "table" ? given.table : given.tensor }),
    ...(x0 && { x0 }),
    // Starts say how many there are by themselves.
    ...(x0 === undefined && { batchSize: count }),
  };
  const { config } = model;
  if (!("vocabulary" in config)) {
    const chosen = solverOf({ solver, steps }, config.solver);
    return { ...common, ...(chosen && { solver: chosen }) };
  }
  if (solver !== undefined) {
    const expected = "none, since tokens are drawn by steps of a Markov chain (--steps)";
    throw new ConfigError(`--solver: expected ${expected}, got ${solver}`, { expected, got: solver, path: "--solver" });
  }
  return { ...common, ...(steps !== undefined && { sampler: { ...config.sampler, steps } }) };
}

/** Rows of batches: `[B, N, …]` as `[B·N, …]`. */
function asRows(samples: Tensor, settings: DrawSettings): Tensor {
  const isBatched = settings.given !== undefined && settings.x0 === undefined;
  if (!isBatched) return samples;
  const [batches = 1, rows = 1, ...rest] = samples.shape;
  return samples.reshape([batches * rows, ...rest]);
}

/** Draws. */
export async function drawn(model: AnyModel, settings: DrawSettings): Promise<Drawn> {
  const call = callOf(model, settings);
  if (isOfTables(model)) {
    const { sampleTable } = model as { sampleTable?: (settings: object) => Promise<Table> };
    if (sampleTable !== undefined) return { kind: "table", table: await sampleTable.call(model, call) };
  }
  const samples = await (model as { sample(settings: object): Promise<unknown> }).sample(call);
  const leaves = leavesOf(samples, "samples");
  const [first] = leaves;
  if (first?.path === "") return { kind: "tensor", tensor: asRows(first.tensor, settings) };
  return {
    kind: "parts",
    parts: Object.fromEntries(leaves.map(({ path, tensor }) => [path, asRows(tensor, settings)])),
  };
}
