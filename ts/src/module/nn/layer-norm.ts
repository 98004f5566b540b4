// LayerNorm (Ba, Kiros, Hinton 2016): each row to mean 0 and variance 1, then a learned scale and shift.
// Normalises the last dimension.
import type { Tensor } from "../../tensor/tensor.js";
import { constant } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";

/** Settings of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
}

/** Normalisation over the last dimension, of size `features`, with learned weight (1 at the start) and bias (0). */
export class LayerNorm extends Layer {
  /** `[features]`. */
  readonly weight: Parameter;
  /** `[features]`. */
  readonly bias: Parameter;
  readonly #epsilon: number;

  /**
   * @param features - size of the last dimension
   * @param options - what is added to the variance
   */
  constructor(features: number, options: LayerNormOptions = {}) {
    super();
    this.weight = new Parameter([features], { init: constant(1), decay: false });
    this.bias = new Parameter([features], { decay: false });
    this.#epsilon = options.epsilon ?? 1e-5;
  }

  override forward(x: Tensor): Tensor {
    return x.layerNorm({ epsilon: this.#epsilon }).mul(this.weight).add(this.bias);
  }
}
