// LeakyReLU as a layer, for lists of layers.
// The function is the tensor method leakyRelu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/** x where x > 0, else slope·x. */
export class LeakyReLU extends Layer {
  readonly #slope: number;

  /** @param slope - of negative numbers; default 0.01 */
  constructor(slope = 0.01) {
    super();
    this.#slope = slope;
  }

  override forward(x: Tensor): Tensor {
    return x.leakyRelu(this.#slope);
  }
}
