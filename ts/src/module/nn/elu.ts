// ELU as a layer, for lists of layers.
// The function is the tensor method elu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** x where x > 0, else eˣ − 1. */
export class ELU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.elu();
  }
}
