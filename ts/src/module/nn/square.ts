// Square as a layer, for lists of layers.
// The function is the tensor method square.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * x², of any shape.
 *
 * @example
 * ```ts
 * await new nn.Square().forward(tensor([-3])).toArray(); // [9]
 * ```
 */
export class Square extends Layer {
  override forward(x: Tensor): Tensor {
    return x.square();
  }
}
