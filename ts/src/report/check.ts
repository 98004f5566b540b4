// Looks at data before anything is drawn: shapes, numbers of rows, and whether all numbers are some.
// A page with a hole in it would say nothing of why; the words are those of a fit that is given the same.
import { numbersOf } from "../data/rows.js";
import { inSlices } from "../data/slices.js";
import { DataError, DTypeError, ShapeError } from "../errors.js";
import { withRemedy } from "../native/remedies.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Leaf, Subject } from "./subject.js";

/** Numbers that are looked at in one step. */
const STEP = 1024;

const nameOf = (what: string, { name }: Leaf) => (name === "" ? what : `${what}.${name}`);

function checkShape(what: string, { shape, rank }: Tensor, leaf: Leaf): void {
  const isFit = rank === leaf.shape.length + 1 && leaf.shape.every((size, i) => shape[i + 1] === size);
  if (isFit) return;
  const [expected, got] = [`[N, ${leaf.shape.join(", ")}]`, `[${shape.join(", ")}]`];
  throw withRemedy(
    new ShapeError(`${what}: wrong shape: expected ${expected}, got ${got}`, { expected, got, where: what }),
  );
}

function checkRows(what: string, rows: number, wanted: number): void {
  if (rows === 0) {
    const [expected, got] = ["at least one row", "0 rows"];
    throw new DataError(`${what}: no data: expected ${expected}, got ${got}`, { expected, got, where: what });
  }
  if (rows === wanted) return;
  const [expected, got] = [String(wanted), String(rows)];
  throw new ShapeError(`${what}: wrong number of rows: expected ${expected}, got ${got}`, {
    expected,
    got,
    where: what,
  });
}

function checkType(what: string, { dtype }: Tensor, { config, vocabulary }: Subject): void {
  const expected = vocabulary === undefined ? (config.dtype ?? "f32") : "i64";
  if ((dtype === "i64") === (expected === "i64")) return;
  throw withRemedy(
    new DTypeError(`${what}: expected ${expected}, got ${dtype}`, { expected, got: dtype, where: what }),
  );
}

/** The first element of which something is not so; undefined where there is none. */
async function firstNot(tensor: Tensor, isSo: (value: number) => boolean) {
  const values = await numbersOf(tensor);
  let found: number | undefined;
  await inSlices(Math.ceil(values.length / STEP), (step) => {
    const end = Math.min(values.length, (step + 1) * STEP);
    for (let i = step * STEP; i < end && found === undefined; i++) if (!isSo(values[i] as number)) found = i;
  });
  if (found === undefined) return undefined;
  const width = values.length / (tensor.shape[0] ?? 1);
  return { row: Math.floor(found / width), column: found % width, value: values[found] as number };
}

/**
 * Refuses numbers that are none.
 *
 * @throws DataError that names the first one's row and column, from 0
 */
export async function checkFinite(what: string, tensor: Tensor): Promise<void> {
  const found = await firstNot(tensor, Number.isFinite);
  if (found === undefined) return;
  const [expected, got] = ["finite numbers", String(found.value)];
  const where = `row ${found.row}, column ${found.column}`;
  const message = `${what}: ${where} is not a finite number: expected ${expected}, got ${got}`;
  throw withRemedy(new DataError(message, { expected, got, where: what }));
}

async function checkTokens(what: string, tensor: Tensor, vocabulary: number): Promise<void> {
  const found = await firstNot(tensor, (value) => value >= 0 && value < vocabulary);
  if (found === undefined) return;
  const [expected, got] = [`tokens from 0 to ${vocabulary - 1}`, String(found.value)];
  const where = `row ${found.row}, position ${found.column}`;
  throw new DataError(`${what}: ${where} is no token: expected ${expected}, got ${got}`, {
    expected,
    got,
    where: what,
  });
}

/**
 * Refuses states that a model cannot have.
 *
 * @param tensors - leaf by leaf
 * @throws ShapeError, DTypeError or DataError for the first thing that is wrong
 */
export async function checkStates(what: string, tensors: readonly Tensor[], subject: Subject): Promise<void> {
  const wanted = tensors[0]?.shape[0] ?? 0;
  for (const [i, tensor] of tensors.entries()) {
    const leaf = subject.leaves[i] as Leaf;
    const name = nameOf(what, leaf);
    checkShape(name, tensor, leaf);
    checkRows(name, tensor.shape[0] ?? 0, wanted);
    checkType(name, tensor, subject);
    if (subject.vocabulary === undefined) await checkFinite(name, tensor);
    else await checkTokens(name, tensor, subject.vocabulary);
  }
}
