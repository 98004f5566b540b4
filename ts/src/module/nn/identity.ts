// Identity as a layer, for lists of layers.
// Where a layer is expected but nothing is to be done.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * x itself, of any shape: for a place that may hold a layer or none.
 *
 * @example
 * ```ts
 * await new nn.Identity().forward(tensor([-1, 2])).toArray(); // [-1, 2]
 * ```
 */
export class Identity extends Layer {
  override forward(x: Tensor): Tensor {
    return x;
  }
}
