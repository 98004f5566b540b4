// SiLU as a layer, for lists of layers.
// The function is the tensor method silu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** x·sigmoid(x). */
export class SiLU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.silu();
  }
}
