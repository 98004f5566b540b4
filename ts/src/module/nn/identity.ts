// Identity as a layer, for lists of layers.
// Where a layer is expected but nothing is to be done.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** x itself. */
export class Identity extends Layer {
  override forward(x: Tensor): Tensor {
    return x;
  }
}
