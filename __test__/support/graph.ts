// The graph that a function of tensors records, in words, for tests of what is recorded.
// What is computed is tested through compile.
import type { Tensor } from "thalweg";
import { traced, valueIn } from "../../ts/src/tensor/tensor.ts";
import { Trace } from "../../ts/src/tensor/trace.ts";

/** The recorded graph of a function of f32 tensors of these shapes. */
export function graphOf(body: (...operands: Tensor[]) => Tensor, shapes: readonly number[][]): string {
  const trace = new Trace("graphOf", "sample");
  const graph = trace.record(() => {
    const inputs = shapes.map((shape, i) => traced(trace, trace.native.input(`x${i}`, "f32", shape)));
    return [valueIn(trace, body(...inputs))];
  });
  return graph.show();
}
