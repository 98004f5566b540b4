// SELU as a layer, for lists of layers.
// The function is the tensor method selu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * The self-normalising ELU, of any shape (Klambauer et al. 2017).
 *
 * @example
 * ```ts
 * await new nn.SELU().forward(tensor([0])).toArray(); // [0]
 * ```
 */
export class SELU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.selu();
  }
}
