// Sigmoid as a layer, for lists of layers.
// The function is the tensor method sigmoid.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * 1/(1 + e⁻ˣ), in (0, 1), of any shape.
 *
 * @example
 * ```ts
 * await new nn.Sigmoid().forward(tensor([0])).toArray(); // [0.5]
 * ```
 */
export class Sigmoid extends Layer {
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}
