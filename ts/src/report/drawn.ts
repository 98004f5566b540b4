// What a report looks at: samples, trajectories and rows of data, all drawn by one seed.
// Conditions and starts are handed out row by row, so that each sample has its own.
import { permutation } from "../data/permutation.js";
import { Table } from "../data/table.js";
import type { Size } from "../generated/config.js";
import { isRecordOf } from "../model/state.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkFinite, checkStates } from "./check.js";
import type { ReportSettings } from "./settings.js";
import type { Given, Subject } from "./subject.js";

/** Rows of data, in a random order, with their conditions and starts. */
export interface Rows {
  /** The data, leaf by leaf; none where none were given. */
  readonly data: readonly Tensor[];
  /** The table that they were encoded from, in its own order. */
  readonly table?: Table;
  /** Conditions, leaf by leaf; as many rows as of the data where they belong together. */
  readonly condition: readonly Tensor[];
  /** Starts, leaf by leaf. */
  readonly x0: readonly Tensor[];
}

const countOf = (tensors: readonly Tensor[]) => tensors[0]?.shape[0] ?? 0;

/** Whether conditions belong to the rows of the data. */
export const belongs = ({ data, condition }: Rows): boolean =>
  condition.length > 0 && countOf(condition) === countOf(data);

async function shuffled(tensors: readonly Tensor[], seed: number): Promise<Tensor[]> {
  if (tensors.length === 0) return [];
  const order = tensor(await permutation(countOf(tensors), seed));
  return tensors.map((each) => each.indexSelect(0, order));
}

/**
 * Data, conditions and starts as tensors, in a random order.
 *
 * @throws DataError for parts that the model does not have, and numbers that are none; ShapeError for another width, or parts of different lengths; ConfigError for conditions of a model that
 * takes none
 */
export async function rowsOf<X extends Size, C extends Size>(
  subject: Subject,
  { data, condition, x0, seed = 0 }: ReportSettings<X, C>,
): Promise<Rows> {
  const conditions = condition === undefined ? [] : subject.conditions(condition);
  for (const each of conditions) await checkFinite("condition", each);
  const starts = x0 === undefined ? [] : subject.tensors("x0", x0);
  await checkStates("x0", starts, subject);
  if (data instanceof Table) {
    const { encoding } = subject.model;
    const dtype = subject.config.dtype ?? "f32";
    const isOwn = encoding.conditionWidth > 0 && condition === undefined;
    const given = isOwn ? [await encoding.encodeCondition(data, { dtype })] : conditions;
    return {
      data: await shuffled([await encoding.encode(data, { dtype })], seed),
      table: data,
      condition: await shuffled(given, seed),
      x0: await shuffled(starts, seed),
    };
  }
  const isPairs = isRecordOf(["x0", "x1"], data, subject.config.xSize);
  const pairs = isPairs ? (data as { x0: unknown; x1: unknown }) : undefined;
  const rows = pairs ? pairs.x1 : data;
  const sources = pairs && x0 === undefined ? subject.tensors("data.x0", pairs.x0) : starts;
  if (sources !== starts) await checkStates("data.x0", sources, subject);
  const own = rows === undefined ? [] : subject.tensors("data", rows);
  await checkStates(pairs === undefined ? "data" : "data.x1", own, subject);
  return {
    data: await shuffled(own, seed),
    // The same order, where they are as many.
    condition: await shuffled(conditions, seed),
    x0: await shuffled(sources, seed),
  };
}

/** Starts and conditions of as many samples: starts are taken once, conditions again and again. */
export function givenFor({ x0, condition }: Rows, wanted: number): { readonly given: Given; readonly count: number } {
  const count = x0.length > 0 ? Math.min(wanted, countOf(x0)) : wanted;
  const of = countOf(condition);
  const again = of > 0 ? tensor(Uint32Array.from({ length: count }, (_, row) => row % of)) : undefined;
  return {
    count,
    given: {
      x0: x0.map((each) => each.narrow(0, 0, count)),
      condition: again === undefined ? [] : condition.map((each) => each.indexSelect(0, again)),
    },
  };
}
