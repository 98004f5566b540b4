// Tanh as a layer, for lists of layers.
// The function is the tensor method tanh.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** tanh x. */
export class Tanh extends Layer {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}
