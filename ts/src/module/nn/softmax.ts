// Softmax as a layer, for lists of layers.
// The function is the tensor method softmax.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * eˣ, scaled to sum 1 along an axis, of any shape.
 *
 * @example
 * ```ts
 * await new nn.Softmax().forward(tensor([[1, 1], [2, 2]])).toArray(); // [[0.5, 0.5], [0.5, 0.5]]
 * ```
 */
export class Softmax extends Layer {
  readonly #axis: number;

  /** @param axis - along which the sum is 1; default the last one */
  constructor(axis = -1) {
    super();
    this.#axis = axis;
  }

  override forward(x: Tensor): Tensor {
    return x.softmax(this.#axis);
  }
}
