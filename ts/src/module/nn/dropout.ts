// Dropout (Srivastava et al. 2014).
// Active while a model is trained; the identity when it samples and on concrete tensors.
import { ConfigError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * Sets a random fraction of the elements to 0 and scales the others up, in training only. Which ones follows from the seed of the fit
 * and the step.
 *
 * @example
 * ```ts
 * const drop = new nn.Dropout(0.5);
 * await drop.forward(ones([4])).toArray(); // [1, 1, 1, 1]
 * compile((x: Tensor) => drop.forward(x), { mode: "train" })(ones([4])); // each 0 or 2
 * ```
 */
export class Dropout extends Layer {
  /** The fraction, in [0, 1). */
  readonly rate: number;

  /** @param rate - the fraction that is dropped, in [0, 1) */
  constructor(rate: number) {
    super();
    if (!(rate >= 0 && rate < 1)) {
      const details = { expected: "a rate in [0, 1)", got: String(rate), where: "Dropout" };
      throw new ConfigError(`Dropout: expected a rate in [0, 1), got ${rate}`, details);
    }
    this.rate = rate;
  }

  override forward(x: Tensor): Tensor {
    return x.dropout(this.rate);
  }
}
