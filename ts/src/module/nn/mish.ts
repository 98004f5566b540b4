// Mish as a layer, for lists of layers.
// The function is the tensor method mish.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * x·tanh(softplus(x)), of any shape (Misra 2019).
 *
 * @example
 * ```ts
 * await new nn.Mish().forward(tensor([0])).toArray(); // [0]
 * ```
 */
export class Mish extends Layer {
  override forward(x: Tensor): Tensor {
    return x.mish();
  }
}
