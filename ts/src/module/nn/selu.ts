// SELU as a layer, for lists of layers.
// The function is the tensor method selu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** The self-normalising ELU. */
export class SELU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.selu();
  }
}
