// ELU as a layer, for lists of layers.
// The function is the tensor method elu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * x where x > 0, else eˣ − 1, of any shape (Clevert et al. 2016).
 *
 * @example
 * ```ts
 * await new nn.ELU().forward(tensor([0, 2])).toArray(); // [0, 2]
 * ```
 */
export class ELU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.elu();
  }
}
