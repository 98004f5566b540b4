// GELU as a layer, for lists of layers.
// The function is the tensor method gelu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** x·Φ(x), with the normal distribution function. */
export class GELU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.gelu();
  }
}
