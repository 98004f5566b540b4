// GELU as a layer, for lists of layers.
// The function is the tensor method gelu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * x·Φ(x), with the normal distribution function Φ, of any shape (Hendrycks & Gimpel 2016).
 *
 * @example
 * ```ts
 * await new nn.GELU().forward(tensor([0])).toArray(); // [0]
 * ```
 */
export class GELU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.gelu();
  }
}
