// The rows of a run: those that it is trained on, and those that are held out.
// A run that goes on reads and splits them as it did before.
import type { Tensor } from "../../tensor/tensor.js";
import type { Data } from "../data/kinds.js";
import { type Paths, readRows } from "../data/rows.js";
import { split } from "../data/split.js";
import { isEncoded, rowsOf } from "./complete.js";
import type { FitPlan } from "./settings.js";
import type { Task } from "./task.js";

/** Rows to train on, and those to validate with. */
export interface RowParts {
  /** All rows of the data: what their encoding is fitted to, so that it knows the categories of both parts. */
  readonly all: Data;
  readonly trained: Data;
  readonly held: Data | undefined;
}

/** What is fitted to, in the form that the model's `fit` takes. */
export function fitted(data: Data): {
  readonly rows: unknown;
  readonly more: { readonly condition?: Tensor; readonly sampleWeight?: Tensor };
} {
  if (data.kind === "table") return { rows: data.table, more: {} };
  const { x, x0, energy, condition, sampleWeight } = data;
  const rows = energy ? { x, energy } : x0 ? { x0, x1: x } : x;
  return { rows, more: { ...(condition && { condition }), ...(sampleWeight && { sampleWeight }) } };
}

/** Reads the data of a task. */
export async function readParts({ file, paths }: Task, plan: FitPlan): Promise<RowParts> {
  const rows = rowsOf(file.className, file.model);
  const read = (from: Paths) => readRows(from, file.read, rows, isEncoded(file.className));
  const all = await read(paths);
  const { held } = plan;
  if (held?.data !== undefined) return { all, trained: all, held: await read({ data: held.data }) };
  if (held?.share === undefined) return { all, trained: all, held: undefined };
  const parts = await split(all, held.share, plan.fit.seed ?? 0);
  return { all, trained: parts.train, held: parts.held };
}
