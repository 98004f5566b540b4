// Records the forward of a user's module as a graph, and refuses results that a model cannot use.
// Called once per input shapes and mode, when a job that needs it is submitted.
import { DTypeError, relabelled, ShapeError, ThalwegError, TraceError } from "../errors.js";
import type { DType, Mode, NativeGraph } from "../native/boundary.js";
import { Tensor, traced, valueIn } from "../tensor/tensor.js";
import { Trace } from "../tensor/trace.js";
import { describe, leavesOf, type Tree } from "../tensor/tree.js";
import type { Module } from "./module.js";

/** A forward that the native side asks for. */
export interface Need {
  /** Names the forward when its graph is handed over. */
  readonly key: string;
  /** The place of its network in the config: `model.args`. */
  readonly module: string;
  /** Whether it is for training. */
  readonly mode: Mode;
  /** `t`, `x` or `x.<leaf>`, `condition` or `condition.<leaf>`, in this order. */
  readonly inputs: readonly { readonly name: string; readonly dtype: DType; readonly shape: number[] }[];
}

/** The tensors named `prefix` or `prefix.<dotted path>` as a tensor or nested objects; undefined where there are none. */
function gathered(prefix: string, tensors: ReadonlyMap<string, Tensor>): Tree | undefined {
  const whole = tensors.get(prefix);
  if (whole !== undefined) return whole;
  const inside = [...tensors].filter(([name]) => name.startsWith(`${prefix}.`));
  return inside.length > 0
    ? nested(inside.map(([name, tensor]) => [name.slice(prefix.length + 1).split("."), tensor]))
    : undefined;
}

/** Tensors by their paths, as nested objects in the order of the paths. Names such as `__proto__` are names like others. */
function nested(entries: readonly (readonly [path: readonly string[], tensor: Tensor])[]): Tree {
  const keys = [...new Set(entries.map(([path]) => path[0] ?? ""))];
  const branch = (key: string): Tree => {
    const below = entries.filter(([path]) => path[0] === key);
    const [first] = below;
    if (first?.[0].length === 1) return first[1];
    return nested(below.map(([path, tensor]) => [path.slice(1), tensor]));
  };
  return Object.fromEntries(keys.map((key) => [key, branch(key)]));
}

/** A leaf that is expected, or one that is there. */
interface Described {
  readonly path: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What a forward gives: a state like x, one number per row, or of tokens so many logits at each position. */
export type Gives = "state" | "number" | { readonly logits: number };

/** What a forward must give for this x. */
function wantedFor(x: Tree, name: string, dtype: DType, gives: Gives): Described[] {
  const leaves = leavesOf(x, name);
  if (gives === "number") return [{ path: "", dtype, shape: [leaves[0]?.tensor.shape[0] ?? 0, 1] }];
  return leaves.map(({ path, tensor }) =>
    gives === "state"
      ? { path, dtype: tensor.dtype, shape: tensor.shape }
      : { path, dtype, shape: [...tensor.shape, gives.logits] },
  );
}

/** What {@link wantedFor} is, in words. */
const inWords = (gives: Gives) =>
  gives === "state" ? "like x" : gives === "number" ? "of one number per row" : "of logits";

/** The result's leaves in the order of those wanted, or an error that says what was expected. */
function checked(name: string, result: unknown, wanted: readonly Described[], like: string): Tensor[] {
  const show = (all: readonly Described[]) =>
    all.map(({ path, dtype, shape }) => `${path === "" ? "" : `${path}: `}${dtype} [${shape.join(", ")}]`).join(", ");
  const expected = show(wanted);
  if (!(result instanceof Tensor) && (typeof result !== "object" || result === null || result instanceof Promise)) {
    const got = describe(result);
    throw new TraceError(`${name}: expected a tensor ${like}, ${expected}, got ${got}`, { expected, got, where: name });
  }
  const found = leavesOf(result, name);
  const leaves = new Map(found.map(({ path, tensor }) => [path, tensor]));
  const ordered = wanted.map(({ path }) => leaves.get(path));
  const fits = (same: (a: Described, b: Tensor) => boolean) =>
    leaves.size === wanted.length && wanted.every((leaf, i) => ordered[i] !== undefined && same(leaf, ordered[i]));
  const got = show(found.map(({ path, tensor: { dtype, shape } }) => ({ path, dtype, shape })));
  if (!fits((a, b) => `${a.shape}` === `${b.shape}`)) {
    throw new ShapeError(`${name}: expected a result ${like}, ${expected}, got ${got}`, { expected, got, where: name });
  }
  if (!fits((a, b) => a.dtype === b.dtype)) {
    throw new DTypeError(`${name}: expected a result ${like}, ${expected}, got ${got}`, { expected, got, where: name });
  }
  return ordered.filter((tensor) => tensor !== undefined);
}

/**
 * Runs a module's forward once, traced.
 *
 * @param type - the registered name, for messages
 * @param gives - what the model takes from it
 * @throws ShapeError, DTypeError or TraceError with the module's name; TraceError with its cause where forward throws
 */
export function traceForward(
  type: string,
  module: Module<never, unknown>,
  need: Need,
  gives: Gives = "state",
): NativeGraph {
  const name = `${type}.forward`;
  const trace = new Trace(name, need.mode, true);
  return trace.record(() => {
    const inputs = new Map<string, Tensor>();
    for (const input of need.inputs) {
      inputs.set(input.name, traced(trace, trace.native.input(input.name, input.dtype, input.shape)));
    }
    const [t, x, condition] = ["t", "x", "condition"].map((prefix) => gathered(prefix, inputs));
    if (t === undefined || x === undefined)
      throw new TraceError(`${name}: expected inputs t and x, got ${[...inputs.keys()]}`);
    const dtype = need.inputs[0]?.dtype ?? "f32";
    for (const {
      name: parameter,
      parameter: { slot, shape },
    } of module.parameters()) {
      trace.parameters.set(slot, trace.native.input(`param:${parameter}`, dtype, [...shape]));
    }
    const result = called(name, module, condition === undefined ? [t, x] : [t, x, condition]);
    if (result instanceof Promise) result.catch(() => undefined);
    // One number per row may come without a dimension of its own.
    const given = gives === "number" && result instanceof Tensor && result.rank === 1 ? result.unsqueeze(1) : result;
    const wanted = wantedFor(x, name, dtype, gives);
    return checked(name, given, wanted, inWords(gives)).map((tensor) => valueIn(trace, tensor));
  });
}

/** Calls forward; what it throws that is no error of thalweg becomes the cause of one. */
function called(name: string, module: Module<never, unknown>, inputs: readonly Tree[]): unknown {
  try {
    return module.forward(...(inputs as never[]));
  } catch (thrown) {
    if (thrown instanceof ThalwegError) {
      return thrown.message.startsWith(name) ? raise(thrown) : raise(relabelled(thrown, `${name}: ${thrown.message}`));
    }
    throw new TraceError(`${name} threw ${String(thrown)}`, { cause: thrown, where: name });
  }
}

function raise(error: ThalwegError): never {
  throw error;
}
