// Recording a graph: which trace is being recorded now, and how tensors enter it.
// Inside a traced function every op is recorded; concrete tensors are taken in by reference.
import { TraceError } from "../errors.js";
import type { Mode, NativeGraph, NativeTensor, NativeTrace, TracedValue } from "../native/boundary.js";
import { native } from "../native.js";
import type { Deferred } from "./tensor.js";

/** One recording. It takes ops until it is finished or abandoned. */
export class Trace {
  /** The recording on the other side. */
  readonly native: NativeTrace;
  /** What is recorded, for messages: `MyModule.forward`, `compile(loss)`. */
  readonly name: string;
  /** Whether dropout drops. */
  readonly training: boolean;
  /** Whether {@link Trace.parameters} are the only parameters that may be used. */
  readonly closed: boolean;
  /** Parameters that are inputs of this graph, by identity. */
  readonly parameters = new Map<object, TracedValue>();
  /** Parameters that were taken in, with what their values came from. */
  readonly dependencies = new Map<Deferred, object | undefined>();
  readonly #captured = new Map<NativeTensor, TracedValue>();

  /**
   * @param name - what is recorded
   * @param mode - whether dropout drops
   * @param closed - whether a parameter that is no input is refused, instead of captured
   */
  constructor(name: string, mode: Mode, closed = false) {
    this.name = name;
    this.training = mode === "train";
    this.closed = closed;
    this.native = new native.NativeTrace(mode);
  }

  /** A concrete tensor as an input of the graph, by reference; the same tensor is one input. */
  capture(tensor: NativeTensor): TracedValue {
    let value = this.#captured.get(tensor);
    if (value === undefined) {
      value = this.native.capture(tensor);
      this.#captured.set(tensor, value);
    }
    return value;
  }

  /** Records `body` and ends the recording with the values that it returns. */
  record(body: () => readonly TracedValue[]): NativeGraph {
    recording.push(this);
    try {
      return this.native.finish(body().map(({ id }) => id));
    } finally {
      recording.pop();
    }
  }
}

/** Traces that are being recorded, innermost last; a forward is recorded while a loss is. */
const recording: Trace[] = [];

/** The trace that ops are recorded in now. */
export function currentTrace(): Trace | undefined {
  return recording.at(-1);
}

/** Refuses a traced tensor outside of its own trace. */
export function assertCurrent(trace: Trace): void {
  const current = currentTrace();
  if (trace === current) return;
  const remedy = "Pass it as an argument instead.";
  throw new TraceError(
    recording.includes(trace)
      ? `a tensor of ${trace.name} was used while ${current?.name} is being traced: two traces cannot be mixed. ${remedy}`
      : `a tensor of ${trace.name} was used after its trace ended; it has no value. Return it from the traced function.`,
    {
      expected: current === undefined ? "a concrete tensor" : `a tensor of ${current.name}`,
      got: `a tensor of ${trace.name}`,
    },
  );
}
