// Tanh as a layer, for lists of layers.
// The function is the tensor method tanh.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * tanh x, in (−1, 1), of any shape.
 *
 * @example
 * ```ts
 * await new nn.Tanh().forward(tensor([0])).toArray(); // [0]
 * ```
 */
export class Tanh extends Layer {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}
