// compile, grad, valueAndGrad, jvp: functions of tensors as graphs, traced once per structure, shapes and element types.
// Inside a traced function they only record, so that derivatives of derivatives are ordinary graphs.
import { namesOf, optionsOf } from "../config/options.js";
import { DataError, ShapeError } from "../errors.js";
import type { Mode, NativeGraph, TracedValue } from "../native/boundary.js";
import { native } from "../native.js";
import { Cache } from "./cache.js";
import { handleOf, isFresh, placeholder, Tensor, traced, valueIn } from "./tensor.js";
import { currentTrace, Trace } from "./trace.js";
import { describe, type Leaf, leavesOf, rebuilt, signatureOf, type Tree } from "./tree.js";

/** How a function is traced. */
export interface CompileOptions {
  /** Whether dropout drops (`"train"`) or does nothing (`"sample"`, the default). */
  readonly mode?: Mode;
  /** How many graphs are kept, for as many combinations of shapes; the one unused for longest goes. Default 64. */
  readonly cacheSize?: number;
}

const compileNames = namesOf<CompileOptions>({ mode: true, cacheSize: true });

/** A value and how it changes with the first argument. */
export interface ValueAndGrad<Value, Gradient> {
  /** What the function returned: a tensor of one element. */
  readonly value: Value;
  /** Derivatives of the value, in the structure of the first argument. */
  readonly grad: Gradient;
}

/** A value and its directional derivative. */
export interface ValueAndTangent<Value> {
  /** What the function returned. */
  readonly value: Value;
  /** How it changes along the tangents, in the same structure. */
  readonly tangent: Value;
}

interface Recorded {
  readonly graph: NativeGraph;
  /** The structure of what the function returned. */
  readonly result: unknown;
  readonly dependencies: Trace["dependencies"];
}

function record(name: string, mode: Mode, args: unknown, call: (args: unknown) => unknown): Recorded {
  const trace = new Trace(name, mode);
  let result: unknown;
  const graph = trace.record(() => {
    const inputs = leavesOf(args, name).map(({ path, tensor }) =>
      traced(trace, trace.native.input(`arg.${path}`, tensor.dtype, [...tensor.shape])),
    );
    const returned = call(rebuilt(args, inputs));
    const leaves = leavesOf(returned, name);
    result = rebuilt(
      returned,
      leaves.map(() => placeholder),
    );
    return leaves.map(({ tensor }) => valueIn(trace, tensor));
  });
  return { graph, result, dependencies: trace.dependencies };
}

/** A function of one tree of arguments that runs as a graph. */
function compiled(name: string, call: (args: unknown) => unknown, options: CompileOptions): (args: unknown) => unknown {
  const { mode = "sample", cacheSize = 64 } = optionsOf(name, options, compileNames);
  const cache = new Cache<Recorded>(cacheSize);
  return (args) => {
    if (currentTrace() !== undefined) return call(args);
    const leaves = leavesOf(args, name);
    const { graph, result } = cache.get(
      signatureOf(leaves),
      () => record(name, mode, args, call),
      ({ dependencies }) => isFresh(dependencies),
    );
    const outputs = graph.run(leaves.map(({ tensor }) => handleOf(tensor)));
    return rebuilt(
      result,
      outputs.map((handle) => new Tensor({ handle })),
    );
  };
}

const named = (what: string, fn: { readonly name: string }) => `${what}(${fn.name || "function"})`;

/**
 * The same function as one program: traced once for each structure, shape and element type of its arguments, then run
 * without JavaScript. Arguments and result are tensors, or arrays and plain objects of tensors. Concrete tensors that the
 * function uses beside its arguments are taken in by reference; numbers become constants of the graph.
 *
 * @throws TraceError where the function reads data; DataError where it returns something else than tensors
 *
 * @example
 * ```ts
 * const distance = compile((a: Tensor, b: Tensor) => a.sub(b).norm());
 * await distance(tensor([3, 0]), tensor([0, 4])).item(); // 5
 * ```
 */
export function compile<Args extends readonly Tree[], Result extends Tree>(
  fn: (...args: Args) => Result,
  options?: CompileOptions,
): (...args: Args) => Result;
export function compile(fn: (...args: readonly unknown[]) => unknown, options: CompileOptions = {}): unknown {
  const call = compiled(named("compile", fn), (args) => fn(...(args as unknown[])), options);
  return (...args: unknown[]) => call(args);
}

/**
 * Another name for each tensor of a tree: itself plus a zero of its own, by which the value is differentiated. So only
 * the way through the argument counts, also where the function uses the same tensor in another way.
 */
function perturbed(trace: Trace, leaves: readonly Leaf[]): { readonly tensor: Tensor; readonly zero: TracedValue }[] {
  return leaves.map(({ tensor }) => {
    const none = trace.native.capture(native.tensorFull(0, tensor.dtype, []));
    const zero = traced(trace, none).broadcastTo(tensor.shape);
    return { tensor: tensor.add(zero), zero: valueIn(trace, zero) };
  });
}

function theTrace(): Trace {
  const trace = currentTrace();
  if (trace === undefined) throw new DataError("derivatives are recorded only while a function is traced");
  return trace;
}

/** Records value and gradient of a function within the current trace. */
function recordGradient(
  name: string,
  fn: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
): ValueAndGrad<Tensor, unknown> {
  const trace = theTrace();
  const [first, ...others] = args;
  const inputs = perturbed(trace, leavesOf(first, name));
  const value = fn(
    rebuilt(
      first,
      inputs.map(({ tensor }) => tensor),
    ),
    ...others,
  );
  if (!(value instanceof Tensor) || value.size !== 1) {
    const [expected, got] = ["a tensor of one element", describe(value)];
    throw new ShapeError(`${name}: the function must return ${expected}, got ${got}`, { expected, got, where: name });
  }
  const grads = trace.native.grad(
    valueIn(trace, value.reshape([])).id,
    inputs.map(({ zero }) => zero.id),
  );
  return {
    value,
    grad: rebuilt(
      first,
      grads.map((each) => traced(trace, each)),
    ),
  };
}

/**
 * The value of a function and its gradient by the *first* argument (a tensor or a structure of tensors); the others are
 * constants. May be applied to its own result: third derivatives work.
 *
 * @throws ShapeError where the function does not return a tensor of one element
 *
 * @example
 * ```ts
 * const { value, grad } = valueAndGrad((x: Tensor) => x.square().sum())(tensor([1, 2]));
 * await grad.toArray(); // [2, 4]
 * ```
 */
export function valueAndGrad<First extends Tree, Rest extends readonly Tree[]>(
  fn: (first: First, ...rest: Rest) => Tensor,
  options?: CompileOptions,
): (first: First, ...rest: Rest) => ValueAndGrad<Tensor, First>;
export function valueAndGrad(fn: (...args: readonly unknown[]) => unknown, options: CompileOptions = {}): unknown {
  const name = named("valueAndGrad", fn);
  const call = compiled(name, (args) => recordGradient(name, fn, args as unknown[]), options);
  return (...args: unknown[]) => call(args);
}

/**
 * The gradient of a function by its *first* argument; see {@link valueAndGrad}.
 *
 * @example
 * ```ts
 * const cube = (x: Tensor) => x.mul(x).mul(x).sum();
 * await grad(grad(cube))(tensor(2)).item(); // 12
 * ```
 */
export function grad<First extends Tree, Rest extends readonly Tree[]>(
  fn: (first: First, ...rest: Rest) => Tensor,
  options?: CompileOptions,
): (first: First, ...rest: Rest) => First;
export function grad(fn: (...args: readonly unknown[]) => unknown, options: CompileOptions = {}): unknown {
  const name = named("grad", fn);
  const call = compiled(name, (args) => recordGradient(name, fn, args as unknown[]).grad, options);
  return (...args: unknown[]) => call(args);
}

/** Records value and tangent of a function within the current trace. */
function recordTangent(
  name: string,
  fn: (...args: readonly unknown[]) => unknown,
  primals: readonly unknown[],
  tangents: unknown,
): ValueAndTangent<unknown> {
  const trace = theTrace();
  const inputs = perturbed(trace, leavesOf(primals, name));
  const directions = leavesOf(tangents, name);
  const [expected, got] = [inputs.map((each) => each.tensor.shape), directions.map((each) => each.tensor.shape)];
  if (JSON.stringify(expected) !== JSON.stringify(got)) {
    const details = { expected: JSON.stringify(expected), got: JSON.stringify(got), where: name };
    throw new ShapeError(
      `${name}: tangents must have the shapes of the arguments, ${details.expected}, got ${details.got}`,
      details,
    );
  }
  const value = fn(
    ...rebuilt(
      primals,
      inputs.map(({ tensor }) => tensor),
    ),
  );
  const outputs = leavesOf(value, name).map(({ tensor }) => valueIn(trace, tensor).id);
  const along = directions.map(({ tensor }) => valueIn(trace, tensor).id);
  const rates = trace.native.jvp(
    outputs,
    inputs.map(({ zero }) => zero.id),
    along,
  );
  return {
    value,
    tangent: rebuilt(
      value,
      rates.map((each) => traced(trace, each)),
    ),
  };
}

/**
 * A function's value and its derivative along a direction (a Jacobian–vector product), for the cost of about two
 * evaluations. Takes all arguments as an array, and as many tangents of the same structure.
 *
 * @example
 * ```ts
 * const { tangent } = jvp((x: Tensor) => x.square())([tensor([1, 2])], [tensor([1, 0])]);
 * await tangent.toArray(); // [2, 0]
 * ```
 */
export function jvp<Args extends readonly Tree[], Result extends Tree>(
  fn: (...args: Args) => Result,
  options?: CompileOptions,
): (primals: Args, tangents: Args) => ValueAndTangent<Result>;
export function jvp(fn: (...args: readonly unknown[]) => unknown, options: CompileOptions = {}): unknown {
  const name = named("jvp", fn);
  const call = compiled(
    name,
    (args) => {
      const [primals, tangents] = args as [unknown[], unknown[]];
      return recordTangent(name, fn, primals, tangents);
    },
    options,
  );
  return (primals: unknown[], tangents: unknown[]) => call([primals, tangents]);
}

/**
 * The same values, constant for differentiation.
 *
 * @example
 * ```ts
 * // As if the second factor were a number.
 * await grad((x: Tensor) => x.mul(stopGradient(x)).sum())(tensor([3])).toArray(); // [3]
 * ```
 */
export function stopGradient(x: Tensor): Tensor {
  return x.stopGradient();
}
