// The rows that a model is measured on, as tensors, in two halves.
// Tables are measured in the units of their encoding, in which columns can be compared.
import type { AnyModel } from "../../model/registry.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Data } from "../data/kinds.js";

/** Rows, and what goes with them. */
export interface Measured {
  readonly x: Tensor;
  readonly x0?: Tensor;
  readonly condition?: Tensor;
}

/** Data as the model sees them. */
export async function encodedRows(model: AnyModel, data: Data): Promise<Measured> {
  if (data.kind === "tensors") {
    const { x, x0, condition } = data;
    return { x, ...(x0 && { x0 }), ...(condition && { condition }) };
  }
  const { encoding } = model;
  const dtype = model.config.dtype ?? "f32";
  const x = await encoding.encode(data.table, { dtype });
  if (encoding.conditionWidth === 0) return { x };
  return { x, condition: await encoding.encodeCondition(data.table, { dtype }) };
}

/** The first half of some rows, or the second one. */
export function half({ x, x0, condition }: Measured, which: 0 | 1): Measured {
  const count = Math.floor((x.shape[0] ?? 0) / 2);
  const of = (tensor: Tensor) => tensor.narrow(0, which * count, count);
  return { x: of(x), ...(x0 && { x0: of(x0) }), ...(condition && { condition: of(condition) }) };
}
