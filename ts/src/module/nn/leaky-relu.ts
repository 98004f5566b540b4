// LeakyReLU as a layer, for lists of layers.
// The function is the tensor method leakyRelu.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * x where x > 0, else slope·x, of any shape (Maas, Hannun & Ng 2013).
 *
 * @example
 * ```ts
 * await new nn.LeakyReLU(0.5).forward(tensor([-2, 3])).toArray(); // [-1, 3]
 * ```
 */
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
