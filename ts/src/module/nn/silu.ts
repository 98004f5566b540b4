// SiLU as a layer, for lists of layers.
// The function is the tensor method silu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * x·sigmoid(x), of any shape (Elfwing et al. 2017).
 *
 * @example
 * ```ts
 * await new nn.SiLU().forward(tensor([0])).toArray(); // [0]
 * ```
 */
export class SiLU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.silu();
  }
}
