// An energy that guides sampling, written by the user as a function, as graphs that the sampler differentiates.
// Traced for each number of rows that sampling will use, before the job is submitted.
import { ShapeError } from "../errors.js";
import type { Size } from "../generated/config.js";
import type { DType, NativeGraph } from "../native/boundary.js";
import { Tensor, traced, valueIn } from "../tensor/tensor.js";
import { Trace } from "../tensor/trace.js";
import { describe } from "../tensor/tree.js";
import { partsOf, type StateOf, stateOf } from "./state.js";

/**
 * The energy of each row, `[B]`, of times `[B]`, a state `[B, …]` and, of a conditional model that is given one, the condition. It is recorded, not run;
 * numbers in it are constants, and concrete tensors are refused.
 */
export type Energy<X extends Size, C extends Size> = (t: Tensor, x: StateOf<X>, condition?: StateOf<C>) => Tensor;

/** What an energy's graph is traced for. */
interface Shapes<X extends Size, C extends Size> {
  readonly rows: number;
  readonly dtype: DType;
  readonly xSize: X;
  /** Undefined where no condition is given. */
  readonly conditionSize: C | undefined;
}

/**
 * The graph of an energy for so many rows.
 *
 * @throws ShapeError where the energy is not one number per row
 */
export function energyGraph<X extends Size, C extends Size>(energy: Energy<X, C>, shapes: Shapes<X, C>): NativeGraph {
  const { rows, dtype, xSize, conditionSize } = shapes;
  const trace = new Trace("energy", "sample");
  const inputs = (prefix: string, size: Size) =>
    partsOf(size).map(({ name, shape }) =>
      traced(trace, trace.native.input(name === "" ? prefix : `${prefix}.${name}`, dtype, [rows, ...shape])),
    );
  return trace.record(() => {
    const t = traced(trace, trace.native.input("t", dtype, [rows]));
    const x = stateOf(xSize, inputs("x", xSize));
    const condition = conditionSize && stateOf(conditionSize, inputs("condition", conditionSize));
    const result: unknown = energy(t, x, condition);
    if (result instanceof Tensor && result.rank === 1 && result.size === rows) return [valueIn(trace, result)];
    const [expected, got] = [`a tensor [${rows}], one number per row`, describe(result)];
    throw new ShapeError(`energy: expected ${expected}, got ${got}`, { expected, got, where: "energy" });
  });
}
