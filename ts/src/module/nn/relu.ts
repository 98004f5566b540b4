// ReLU as a layer, for lists of layers.
// The function is the tensor method relu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** max(x, 0). */
export class ReLU extends Layer {
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}
