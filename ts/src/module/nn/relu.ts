// ReLU as a layer, for lists of layers.
// The function is the tensor method relu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * max(x, 0), of any shape.
 *
 * @example
 * ```ts
 * await new nn.ReLU().forward(tensor([-2, 3])).toArray(); // [0, 3]
 * ```
 */
export class ReLU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}
