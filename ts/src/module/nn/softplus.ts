// Softplus as a layer, for lists of layers.
// The function is the tensor method softplus.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * log(1 + eˣ), > 0, of any shape; accurate where eˣ is not finite.
 *
 * @example
 * ```ts
 * const y = new nn.Softplus().forward(tensor([0])); // log 2
 * ```
 */
export class Softplus extends Layer {
  override forward(x: Tensor): Tensor {
    return x.softplus();
  }
}
