// Softplus as a layer, for lists of layers.
// The function is the tensor method softplus.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** log(1 + eˣ). */
export class Softplus extends Layer {
  override forward(x: Tensor): Tensor {
    return x.softplus();
  }
}
