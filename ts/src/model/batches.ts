// What the batches of a stream have to have in common: the same parts, of the same shapes, with a row of each for every row of data.
// Checked as each arrives, so that an error names the batch rather than the chunk that it became part of.
import { totalmem } from "node:os";
import { hint } from "../config/nearest.js";
import { ConfigError, MemoryError, ShapeError } from "../errors.js";
import type { Size } from "../generated/config.js";
import { partsOf } from "./state.js";

/** What a batch may have beside its data. */
const BESIDE = ["condition", "sampleWeight"];

/** Refuses what a batch `{ data, … }` does not have. */
export function checkBatchKeys(batch: object, number: number): void {
  const known = ["data", ...BESIDE];
  const got = Object.keys(batch).find((key) => !known.includes(key));
  if (got === undefined) return;
  const expected = `only ${known.join(", ")}`;
  throw new ConfigError(`batch ${number}: expected ${expected}, got ${JSON.stringify(got)}${hint(got, known)}`, {
    expected,
    got,
    path: got,
  });
}

/** The shapes of tensors by the name of their group. */
export type Shapes = Readonly<Record<string, readonly { readonly shape: readonly number[] }[]>>;

const shown = (shape: readonly number[] | undefined) => (shape === undefined ? "none" : `[${shape.join(", ")}]`);

/**
 * Refuses a batch that does not go together with the first one, or whose parts do not go together.
 *
 * @throws ShapeError with the number of the batch, the part, what was expected and what came
 */
export function checkBatch(lists: Shapes, first: Shapes, number: number): void {
  const rows = lists.x?.[0]?.shape[0] ?? 0;
  const refuse = (name: string, expected: string, got: string) => {
    const where = `batch ${number}, ${name === "x" ? "data" : name}`;
    return new ShapeError(`${where}: expected ${expected}, got ${got}`, { expected, got, where });
  };
  for (const name of new Set([...Object.keys(first), ...Object.keys(lists)])) {
    const [before, now] = [first[name] ?? [], lists[name] ?? []];
    for (let k = 0; k < Math.max(before.length, now.length); k++) {
      const [own, common] = [now[k]?.shape, before[k]?.shape];
      if (common === undefined) throw refuse(name, "none, as in the first batch", shown(own));
      const expected = [rows, ...common.slice(1)];
      if (own?.length === expected.length && expected.every((size, i) => size === own[i])) continue;
      throw refuse(name, `shape ${shown(expected)} for ${rows} rows of data`, shown(own));
    }
  }
}

/**
 * Refuses steps whose rows do not fit into this machine's memory.
 *
 * @throws MemoryError with their number and size
 */
export function checkFits(rows: number, xSize: Size, dtype: "f32" | "f64"): void {
  const width = partsOf(xSize).reduce((sum, { shape }) => sum + shape.reduce((all, size) => all * size, 1), 0);
  const bytes = rows * width * (dtype === "f64" ? 8 : 4);
  const most = totalmem();
  if (bytes <= most) return;
  const gigabytes = (count: number) => `${(count / 1e9).toPrecision(3)} GB`;
  const [expected, got] = [`at most ${gigabytes(most)}`, `${rows} rows of ${gigabytes(bytes)}`];
  throw new MemoryError(`batchSize · accumulate: expected a step's rows within ${expected}, got ${got}`, {
    expected,
    got,
    path: "batchSize",
  });
}
