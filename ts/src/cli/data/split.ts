// Rows to train on and rows to validate with, drawn at random by the seed.
// A resumed run splits as its first part did.
import { DataError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Data } from "./kinds.js";

/** Two parts of data. */
export interface Parts {
  readonly train: Data;
  readonly held: Data;
}

/** Number of rows. */
export const rowCountOf = (data: Data): number =>
  data.kind === "table" ? data.table.rowCount : (data.x.shape[0] ?? 0);

/** All tensors of some rows. */
function rowsAt(data: Data & { kind: "tensors" }, indices: Tensor): Data {
  const { kind, ...groups } = data;
  const taken = Object.entries(groups).map(([name, tensor]) => [name, tensor.indexSelect(0, indices)]);
  return { kind, ...Object.fromEntries(taken) };
}

/** The first rows. */
export function firstRows(data: Data, count: number): Data {
  if (rowCountOf(data) <= count) return data;
  if (data.kind === "table") return { kind: "table", table: data.table.slice(0, count) };
  const { kind, ...groups } = data;
  const taken = Object.entries(groups).map(([name, tensor]) => [name, tensor.narrow(0, 0, count)]);
  return { kind, ...Object.fromEntries(taken) } as Data;
}

/**
 * Draws a share of the rows.
 *
 * @throws DataError where there are fewer than two
 */
export async function split(data: Data, share: number, seed: number): Promise<Parts> {
  const count = rowCountOf(data);
  if (count < 2) {
    const [expected, got] = ["at least two rows", String(count)];
    throw new DataError(`split: expected ${expected}, got ${got}`, { expected, got });
  }
  if (data.kind === "table") {
    const { train, validation } = await data.table.split({ validation: share, seed });
    return { train: { kind: "table", table: train }, held: { kind: "table", table: validation } };
  }
  const { randPerm } = await import("../../tensor/integers.js");
  const held = Math.min(count - 1, Math.max(1, Math.round(share * count)));
  const order = randPerm(count, { seed });
  return {
    held: rowsAt(data, order.narrow(0, 0, held)),
    train: rowsAt(data, order.narrow(0, held, count - held)),
  };
}

/** Some rows, drawn at random by the seed, in random order. */
export async function shuffledFirst(data: Data, count: number, seed: number): Promise<Data> {
  const rows = rowCountOf(data);
  const taken = Math.min(count, rows);
  if (data.kind === "tensors") {
    const { randPerm } = await import("../../tensor/integers.js");
    return rowsAt(data, randPerm(rows, { seed }).narrow(0, 0, taken));
  }
  const [{ permutation }, { gathered }, { Table }] = await Promise.all([
    import("../../data/permutation.js"),
    import("../../data/columns.js"),
    import("../../data/table.js"),
  ]);
  const order = (await permutation(rows, seed)).slice(0, taken);
  return { kind: "table", table: new Table(data.table.columns.map((column) => gathered(column, order))) };
}
