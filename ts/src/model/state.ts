// States and conditions: a tensor, or nested objects of tensors, as the sizes in a config say.
// Below TypeScript they are an ordered list of leaves; the order is that of the config.
import { Table } from "../data/table.js";
import { DataError } from "../errors.js";
import type { Size } from "../generated/config.js";
import { Tensor } from "../tensor/tensor.js";
import { describe, leavesOf, type Tree } from "../tensor/tree.js";

/** The tensors that belong to a size of a config: one for a number or a shape, an object of such for named parts. */
export type StateOf<S> = S extends number | readonly number[]
  ? Tensor
  : S extends { readonly [key: string]: Size }
    ? { readonly [Part in keyof S]: StateOf<S[Part]> }
    : never;

/** A leaf of a state: its dotted name and the shape of one sample. */
interface Part {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Whether a state is a table, or has one among its parts. */
function hasTable(state: unknown): boolean {
  if (state instanceof Table) return true;
  const isRecord = typeof state === "object" && state !== null && !(state instanceof Tensor);
  return isRecord && Object.values(state).some((part) => part instanceof Table);
}

/** The leaves of a size, in its order. */
export function partsOf(size: Size, name = ""): Part[] {
  if (typeof size === "number") return [{ name, shape: [size] }];
  if (isShape(size)) return [{ name, shape: size }];
  return Object.entries(size).flatMap(([key, part]) => partsOf(part, name === "" ? key : `${name}.${key}`));
}

const isShape = (size: Size): size is readonly number[] => Array.isArray(size);

/**
 * The tensors of a state in the order of its parts. Their shapes are checked where they are used.
 *
 * @param others - what else there may be in its place, for messages
 * @throws DataError where a part is missing or unknown
 */
export function tensorsOf(what: string, state: unknown, size: Size, others = ""): Tensor[] {
  if (hasTable(state)) {
    const [expected, got] = ["tensors here", "a table"];
    const remedy = "await model.encoding.encode(table), or encodeCondition(table), gives one";
    throw new DataError(`${what}: expected ${expected}, got ${got}. Remedy: ${remedy}`, { expected, got, where: what });
  }
  const parts = partsOf(size);
  const leaves = new Map(leavesOf(state, what).map(({ path, tensor }) => [path, tensor]));
  const tensors = parts.flatMap(({ name }) => leaves.get(name) ?? []);
  if (tensors.length === parts.length && leaves.size === parts.length) return tensors;
  const isPlain = parts.length === 1 && parts[0]?.name === "";
  const expected = `${isPlain ? "a tensor" : `parts ${parts.map(({ name }) => name).join(", ")}`}${others}`;
  const got = state instanceof Tensor ? describe(state) : `parts ${[...leaves.keys()].join(", ")}`;
  throw new DataError(`${what}: expected ${expected}, got ${got}`, { expected, got, where: what });
}

/** Tensors in the order of a size's parts, as the state that has this size. */
export function stateOf<S extends Size>(size: S, tensors: readonly Tensor[]): StateOf<S>;
export function stateOf(size: Size, tensors: readonly Tensor[]): Tree | undefined {
  const rest = tensors[Symbol.iterator]();
  const build = (part: Size): Tree | undefined => {
    if (typeof part === "number" || isShape(part)) return rest.next().value;
    return Object.fromEntries(
      Object.entries(part).flatMap(([key, inner]) => {
        const value = build(inner);
        return value === undefined ? [] : [[key, value]];
      }),
    );
  };
  return build(size);
}

/** Whether data is an object with all of these names, unless they are the names of the state's own parts. */
export function isRecordOf(names: readonly string[], data: unknown, xSize: Size): boolean {
  if (typeof data !== "object" || data === null || data instanceof Tensor) return false;
  const isOwn = typeof xSize === "object" && !isShape(xSize) && names.every((name) => name in xSize);
  return names.every((name) => name in data) && !isOwn;
}
