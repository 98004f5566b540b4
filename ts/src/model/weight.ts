// A weight of times, written by the user as a function of t, as a graph that losses multiply by.
// Traced for a batch's number of rows.
import { ShapeError } from "../errors.js";
import type { DType, NativeGraph } from "../native/boundary.js";
import { Tensor, traced, valueIn } from "../tensor/tensor.js";
import { Trace } from "../tensor/trace.js";
import { describe } from "../tensor/tree.js";

/** The factor of each row's loss, `[B]`, as a function of its time, `[B]`. */
export type Weight = (t: Tensor) => Tensor;

/**
 * The graph of a weight for so many rows.
 *
 * @throws ShapeError where the weight is not one number per row
 */
export function weightGraph(weight: Weight, rows: number, dtype: DType): NativeGraph {
  const trace = new Trace("weight", "train");
  return trace.record(() => {
    const result: unknown = weight(traced(trace, trace.native.input("t", dtype, [rows])));
    if (result instanceof Tensor && result.rank === 1 && result.size === rows) return [valueIn(trace, result)];
    const [expected, got] = [`a tensor [${rows}], one number per row`, describe(result)];
    throw new ShapeError(`weight: expected ${expected}, got ${got}`, { expected, got, where: "weight" });
  });
}
