// Nested objects and arrays of tensors: taken apart into named leaves, and put together again.
// A function, a state or a condition may use any such structure; below TypeScript there are only leaves.
import { described } from "../config/options.js";
import { DataError } from "../errors.js";
import { foreign } from "./foreign.js";
import { Tensor } from "./tensor.js";

/** A tensor, or arrays and plain objects of such. */
export type Tree = Tensor | readonly Tree[] | { readonly [key: string]: Tree };

/** A tensor and its dotted path in a tree; the path of a tree that is a tensor is empty. */
export interface Leaf {
  /** `"images.left"`, `"0"`; empty for a plain tensor. */
  readonly path: string;
  /** The tensor there. */
  readonly tensor: Tensor;
}

/** Describes any value for a message. */
export function describe(value: unknown): string {
  if (value instanceof Tensor) return `a tensor ${value.dtype} [${value.shape.join(", ")}]`;
  if (value instanceof Promise) return "a promise (is await missing, or the function async?)";
  return foreign(value)?.says ?? described(value);
}

/** Arrays and objects within each other, at most. */
const DEEPEST = 100;

const isBranch = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

/**
 * The leaves of a tree in the order in which they were written.
 *
 * @param where - the function whose argument or result it is, for messages
 * @throws DataError where there is something else than tensors, arrays and plain objects, or one of these contains itself
 */
export function leavesOf(tree: unknown, where: string): Leaf[] {
  return leavesBelow(tree, where, "", []);
}

/** The leaves of a part of a tree, which lies within these others. */
function leavesBelow(part: unknown, where: string, path: string, around: readonly object[]): Leaf[] {
  if (part instanceof Tensor) return [{ path, tensor: part }];
  const isCircle = isBranch(part) && around.includes(part);
  const isDeep = around.length > DEEPEST;
  if (isBranch(part) && !isCircle && !isDeep) {
    const within = [...around, part];
    return Object.entries(part).flatMap(([key, inner]) =>
      leavesBelow(inner, where, path === "" ? key : `${path}.${key}`, within),
    );
  }
  // A promise will never be looked at: its own error must not end the process.
  if (part instanceof Promise) part.catch(() => undefined);
  const what = `an ${Array.isArray(part) ? "array" : "object"}`;
  const got = isCircle
    ? `${what} that contains itself`
    : isDeep && isBranch(part)
      ? `${what} more than ${DEEPEST} deep`
      : describe(part);
  const remedy = typeof part === "number" ? ": wrap numbers in tensor(…)" : "";
  const expected = `tensors, or arrays and objects of tensors${remedy}`;
  const place = path === "" ? "" : ` at ${path}`;
  throw new DataError(`${where}: expected ${expected}, got ${got}${place}`, { expected, got, where, path });
}

/** The tensors anywhere in a value, whatever else there is. */
export function leavesWithin(value: unknown): Tensor[] {
  const [parts, found] = [new Set([value]), [] as Tensor[]];
  // What is added to a set while it is gone through is gone through, too, and once.
  for (const part of parts) {
    if (part instanceof Tensor) found.push(part);
    else if (isBranch(part)) for (const inner of Object.values(part)) parts.add(inner);
  }
  return found;
}

/** The same structure with other tensors, given in the order of {@link leavesOf}. */
export function rebuilt<T>(tree: T, tensors: Iterable<Tensor>): T;
export function rebuilt(tree: unknown, tensors: Iterable<Tensor>): unknown {
  const rest = tensors[Symbol.iterator]();
  const build = (part: unknown): unknown => {
    if (part instanceof Tensor) return rest.next().value;
    if (Array.isArray(part)) return part.map(build);
    if (isBranch(part)) return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, build(inner)]));
    return part;
  };
  return build(tree);
}

/** What a cached program depends on: the structure, shapes and element types of a tree. */
export function signatureOf(leaves: readonly Leaf[]): string {
  return leaves.map(({ path, tensor }) => `${path}:${tensor.dtype}[${tensor.shape}]`).join(";");
}
