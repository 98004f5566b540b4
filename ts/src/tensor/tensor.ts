// Tensor: numbers on a device (concrete) or a value of a graph that is being recorded (traced), with the same methods.
// Reading waits for the device; everything else only enqueues or records.

import { DataError, DisposedError, DTypeError, InternalError, ShapeError, TraceError } from "../errors.js";
import type { DType, NativeTensor, TracedValue } from "../native/boundary.js";
import { withRemedy } from "../native/remedies.js";
import { native } from "../native.js";
import { bytesOf, type TypedArray, typedArray, viewOf } from "./dtype.js";
import type { Operand } from "./elementwise.js";
import { foreign, markOurs } from "./foreign.js";
import { Resized } from "./resizing.js";
import { assertCurrent, currentTrace, type Trace } from "./trace.js";

/** Nested arrays of a tensor's elements; a scalar is its element. */
export type NestedArray = number | boolean | NestedArray[];

interface Concrete {
  readonly handle: NativeTensor;
}

interface Traced {
  readonly trace: Trace;
  readonly value: TracedValue;
}

/** Something whose tensor depends on the moment: a parameter is an input of the trace that declares it, else a value. */
export interface Deferred {
  readonly shape: readonly number[];
  readonly dtype: DType;
  resolve(): Concrete | Traced;
  /** What its value comes from: the same object for as long as graphs that were recorded with it stay right. */
  origin(): object | undefined;
}

/** Concrete tensors made while a scope was open; the innermost scope is last. */
const scopes: Set<Tensor>[] = [];

/** Runs `body` with a scope of its own and gives back its result and the tensors that were made meanwhile. */
export function scoped<T>(body: () => T): { readonly result: T; readonly made: Set<Tensor> } {
  const made = new Set<Tensor>();
  scopes.push(made);
  try {
    return { result: body(), made };
  } catch (thrown) {
    for (const tensor of made) tensor.dispose();
    throw thrown;
  } finally {
    scopes.pop();
  }
}

/** Leaves tensors to the scope that is open now, if any. */
export function keep(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) scopes.at(-1)?.add(tensor);
}

/** What a tensor is at this moment; throws where a traced tensor is used outside of its trace. */
let stateOf: (tensor: Tensor) => Concrete | Traced;

/** What a tensor's state depends on, if it depends on the moment. */
let deferredOf: (tensor: Tensor) => Deferred | undefined;

/**
 * A tensor of any rank. Made by {@link tensor}, {@link zeros}, {@link randn} …; the constructor is internal.
 *
 * Concrete tensors live on a device: ops are checked at once, run in the background, and only {@link Tensor.data},
 * {@link Tensor.toArray} and {@link Tensor.item} wait. Traced tensors exist inside a module's `forward` and inside functions
 * given to {@link compile}, {@link grad} …: they are values of a graph and have no numbers to read.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * await x.matmul(x).add(1).toArray(); // [[8, 11], [16, 23]]
 * ```
 */
export class Tensor extends Resized implements Disposable {
  readonly #state: Concrete | Traced | Deferred;
  #known: { readonly shape: readonly number[]; readonly dtype: DType } | undefined;

  static {
    stateOf = (tensor) => {
      if (!(tensor instanceof Tensor)) throw notATensor(tensor);
      const state = tensor.#state;
      const resolved = "resolve" in state ? state.resolve() : state;
      if ("trace" in resolved) assertCurrent(resolved.trace);
      return resolved;
    };
    deferredOf = (tensor) => ("resolve" in tensor.#state ? tensor.#state : undefined);
    markOurs(Tensor.prototype, "tensor");
  }

  /** @internal */
  constructor(state: Concrete | Traced | Deferred) {
    super();
    this.#state = state;
    if ("handle" in state) scopes.at(-1)?.add(this);
  }

  /**
   * Tensors one after the other along an axis.
   *
   * @example
   * ```ts
   * Tensor.concat([zeros([2, 3]), ones([1, 3])], 0).shape; // [3, 3]
   * ```
   */
  static concat(tensors: readonly Tensor[], axis = 0): Tensor {
    return joined("concat", tensors, axis);
  }

  /** Tensors of one shape along a new axis. */
  static stack(tensors: readonly Tensor[], axis = 0): Tensor {
    return joined("stack", tensors, axis);
  }

  /** Shape and element type; of a concrete tensor they are asked for once. */
  get #type(): { readonly shape: readonly number[]; readonly dtype: DType } {
    const state = this.#state;
    if ("resolve" in state) return state;
    if ("trace" in state) return state.value;
    this.#known ??= { shape: state.handle.shape, dtype: state.handle.dtype };
    return this.#known;
  }

  /** Sizes of the dimensions; empty for a scalar. */
  override get shape(): readonly number[] {
    return this.#type.shape;
  }

  /** Element type. */
  override get dtype(): DType {
    return this.#type.dtype;
  }

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Whether the tensor is a value of a graph that is being recorded. */
  get traced(): boolean {
    const state = this.#state;
    return "trace" in state || ("resolve" in state && "trace" in state.resolve());
  }

  /** Whether {@link Tensor.dispose} was called. */
  get disposed(): boolean {
    return "handle" in this.#state && this.#state.handle.disposed;
  }

  #reading(method: string): NativeTensor {
    const state = stateOf(this);
    if ("handle" in state) return state.handle;
    throw new TraceError(
      `${state.trace.name}: ${method}() was called on a traced tensor ${this.dtype} [${this.shape}]. It has no numbers ` +
        "while the function is recorded; the function runs once, and its graph many times. Use tensor methods " +
        "(for instance where) or read the data outside.",
      { expected: "a concrete tensor", got: "a traced tensor", where: state.trace.name },
    );
  }

  /**
   * The elements, row by row, once everything before has run.
   *
   * @throws TraceError on a traced tensor; DisposedError after {@link Tensor.dispose}
   */
  data(): Promise<TypedArray> {
    const handle = this.#reading("data");
    const { dtype } = this;
    return handle.read().then((bytes) => viewOf(bytes, dtype));
  }

  /** The elements as nested arrays, as {@link tensor} takes them: i64 as numbers, bool as booleans. */
  toArray(): Promise<NestedArray> {
    const { shape, dtype } = this;
    this.#reading("toArray");
    return this.data().then((elements) => {
      const plain = dtype === "bool" ? Array.from(elements, Boolean) : Array.from(elements, Number);
      return nested(plain, shape);
    });
  }

  /**
   * The element of a tensor with exactly one, as a number; a bool is 0 or 1.
   *
   * @throws ShapeError where there are more or none
   */
  item(): Promise<number> {
    this.#reading("item");
    if (this.size !== 1) {
      const details = { expected: "a tensor of one element", got: `[${this.shape}]`, where: "item" };
      throw new ShapeError(`item: expected a tensor of one element, got shape [${this.shape}]`, details);
    }
    return this.data().then((elements) => Number(elements[0]));
  }

  /** `a` where this bool tensor is true, else `b`; of two numbers the result is f32. */
  where(a: Operand, b: Operand): Tensor {
    const like = [a, b].find((value) => value instanceof Tensor);
    const tensor = (value: Operand) => (value instanceof Tensor ? value : filled(value, like?.dtype ?? "f32", []));
    return this.apply("where", [tensor(a), tensor(b)]);
  }

  /** Frees the memory now instead of when the garbage collector finds out. Nothing happens to a traced tensor. */
  dispose(): void {
    if ("handle" in this.#state && !this.#state.handle.disposed) this.#state.handle.dispose();
  }

  /** As {@link Tensor.dispose}, for `using x = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Type and shape in a word, for `console.log`. */
  override toString(): string {
    if (this.disposed) return "Tensor(disposed)";
    const state = this.traced ? "traced " : "";
    return `Tensor(${state}${this.dtype} [${this.shape.join(", ")}])`;
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /**
   * Operators of JavaScript would make NaN of a tensor: refused, apart from texts.
   *
   * @internal
   */
  [Symbol.toPrimitive](hint: "number" | "string" | "default"): string {
    if (hint !== "number") return this.toString();
    const [expected, got] = ["a method of tensors, such as x.mul(2), x.sub(y) or x.gt(0)", "an operator of JavaScript"];
    throw new DTypeError(`Tensor: expected ${expected}, got ${got}, which knows numbers alone`, { expected, got });
  }

  /** @internal */
  protected override applied(op: string, inputs: readonly Tensor[], attrs: object): Tensor {
    return applied(op, inputs, attrs);
  }

  /** @internal */
  protected override get self(): Tensor {
    return this;
  }

  /** @internal */
  protected override scalar(value: number): Tensor {
    return filled(value, this.dtype, []);
  }

  /** @internal */
  protected override counted(length: number): Tensor {
    return applied("arange", [], { length, dtype: "i64" });
  }

  /** @internal */
  protected override numbers(values: readonly number[], shape: readonly number[], dtype: DType): Tensor {
    return fromBytes(bytesOf(typedArray(values, dtype)), dtype, shape);
  }
}

function notATensor(value: unknown): DataError {
  const got = foreign(value)?.says ?? `${typeof value} ${String(value)}`;
  return new DataError(`expected a tensor, got ${got}`, { expected: "a tensor", got });
}

/** Most operands of one op. */
const OPERANDS = 2048;

/** More tensors than an op takes are joined in groups, and then the groups. */
function joined(op: "concat" | "stack", tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length > OPERANDS) {
    const count = Math.ceil(tensors.length / OPERANDS);
    const group = (i: number) => tensors.slice(i * OPERANDS, (i + 1) * OPERANDS);
    const groups = Array.from({ length: count }, (_, i) => joined(op, group(i), axis));
    const all = joined("concat", groups, axis);
    for (const part of groups) part.dispose();
    return all;
  }
  if (tensors.length > 0) return applied(op, tensors, { axis });
  throw new ShapeError(`${op}: expected at least one tensor, got none`, {
    expected: "at least one tensor",
    got: "none",
  });
}

function nested(elements: readonly (number | boolean)[], shape: readonly number[]): NestedArray {
  const [size, ...inner] = shape;
  if (size === undefined) return elements[0] ?? 0;
  const step = inner.reduce((product, each) => product * each, 1);
  return Array.from({ length: size }, (_, i) => nested(elements.slice(i * step, (i + 1) * step), inner));
}

/** The value of a tensor in the trace that is being recorded; concrete ones are captured. */
export function valueIn(trace: Trace, tensor: Tensor): TracedValue {
  const state = stateOf(tensor);
  if ("trace" in state) return state.value;
  const handle = live(state.handle);
  const deferred = deferredOf(tensor);
  if (deferred !== undefined) trace.dependencies.set(deferred, deferred.origin());
  return trace.capture(handle);
}

/** Whether the value of every parameter that a trace took in still comes from where it came from. */
export function isFresh(dependencies: Trace["dependencies"]): boolean {
  return [...dependencies].every(([deferred, origin]) => deferred.origin() === origin);
}

/** A tensor that stands for any other in a structure to be rebuilt. */
export const placeholder = new Tensor({
  shape: [],
  dtype: "f32",
  resolve() {
    throw new InternalError("a placeholder was used as a tensor");
  },
  origin: () => undefined,
});

/** The storage of a concrete tensor. */
export function handleOf(tensor: Tensor): NativeTensor {
  const state = stateOf(tensor);
  if ("handle" in state) return live(state.handle);
  throw new TraceError(`${state.trace.name}: a traced tensor was used where a concrete one is needed`, {
    expected: "a concrete tensor",
    got: "a traced tensor",
  });
}

function live(handle: NativeTensor): NativeTensor {
  if (!handle.disposed) return handle;
  const details = { expected: "a live tensor", got: "a disposed one" };
  throw withRemedy(new DisposedError("the tensor was disposed of; it has no data any more", details));
}

/** A value of a trace as a tensor. */
export function traced(trace: Trace, value: TracedValue): Tensor {
  return new Tensor({ trace, value });
}

/** Applies an op of the native table: recorded while a function is traced, else enqueued. */
export function applied(op: string, inputs: readonly Tensor[], attrs: object): Tensor {
  const trace = currentTrace();
  const json = JSON.stringify(attrs);
  if (trace === undefined) {
    const [handle] = native.eager(op, json, inputs.map(handleOf));
    return new Tensor({ handle: handle as NativeTensor });
  }
  const ids = inputs.map((input) => valueIn(trace, input).id);
  const [value] = trace.native.op(op, json, ids);
  return traced(trace, value as TracedValue);
}

/** A tensor of these elements, which are copied; a constant of the graph while a function is traced. */
export function fromBytes(bytes: Uint8Array, dtype: DType, shape: readonly number[]): Tensor {
  const trace = currentTrace();
  if (trace === undefined) return new Tensor({ handle: native.tensorFrom(bytes, dtype, [...shape]) });
  return traced(trace, trace.native.literal(bytes, dtype, [...shape]));
}

/** A tensor of one number; a constant of the graph while a function is traced. */
export function filled(value: number, dtype: DType, shape: readonly number[]): Tensor {
  const trace = currentTrace();
  if (trace === undefined) return new Tensor({ handle: native.tensorFull(value, dtype, [...shape]) });
  return traced(trace, trace.native.constant(value, dtype, [...shape]));
}
