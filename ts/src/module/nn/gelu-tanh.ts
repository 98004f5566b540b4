// GELUTanh as a layer, for lists of layers.
// The function is the tensor method geluTanh.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * The tanh approximation of {@link GELU}, as DiT uses it.
 *
 * @example
 * ```ts
 * await new nn.GELUTanh().forward(tensor([0])).toArray(); // [0]
 * ```
 */
export class GELUTanh extends Layer {
  override forward(x: Tensor): Tensor {
    return x.geluTanh();
  }
}
