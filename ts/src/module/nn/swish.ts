// Swish (Ramachandran, Zoph, Le 2017): SiLU with a learned slope.
// One β for each use of the layer.
import type { Tensor } from "../../tensor/tensor.js";
import { constant } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";

/**
 * x·sigmoid(βx) with a learned scalar β, 1 at the start, of any shape (Ramachandran et al. 2017).
 *
 * @example
 * ```ts
 * await new nn.Swish().forward(tensor([0])).toArray(); // [0]
 * new nn.Swish().parameters().length; // 1
 * ```
 */
export class Swish extends Layer {
  /** β, a scalar. */
  readonly beta = new Parameter([], { init: constant(1), decay: false });

  override forward(x: Tensor): Tensor {
    return x.mul(x.mul(this.beta).sigmoid());
  }
}
