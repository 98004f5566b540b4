// LayerNorm (Ba, Kiros, Hinton 2016): each row to mean 0 and variance 1, then a learned scale and shift.
// A row is the last dimension, or the last ones.
import { namesOf, optionsOf } from "../../config/options.js";
import type { Tensor } from "../../tensor/tensor.js";
import { constant } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";
import { overLast, sizesOf } from "./normalised.js";

/** Settings of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
  /** Whether there is a scale, and a shift if `bias` is not false; default true. */
  readonly affine?: boolean;
  /** Whether there is a shift; default true. */
  readonly bias?: boolean;
}

const names = namesOf<LayerNormOptions>({ epsilon: true, affine: true, bias: true });

/**
 * Normalisation over the last dimension, of size `features`, or over the last ones, of these sizes; with learned weight (1 at the
 * start) and bias (0).
 *
 * @example
 * ```ts
 * await new nn.LayerNorm(2, { epsilon: 0 }).forward(tensor([[1, 3]])).toArray(); // [[-1, 1]]
 * ```
 */
export class LayerNorm extends Layer {
  /** Of the sizes of `features`; undefined where it is not affine. */
  readonly weight: Parameter | undefined;
  /** Of the sizes of `features`; undefined where it is not affine, or without bias. */
  readonly bias: Parameter | undefined;
  readonly #sizes: readonly number[];
  readonly #epsilon: number;

  /**
   * @param features - size of the last dimension, or sizes of the last ones
   * @param options - what is added to the variance, and which parameters there are
   */
  constructor(features: number | readonly number[], options: LayerNormOptions = {}) {
    super();
    const { affine = true, bias = true, epsilon = 1e-5 } = optionsOf("LayerNorm", options, names);
    this.#sizes = sizesOf("LayerNorm", features);
    this.#epsilon = epsilon;
    this.weight = affine ? new Parameter(this.#sizes, { init: constant(1), decay: false }) : undefined;
    this.bias = affine && bias ? new Parameter(this.#sizes, { decay: false }) : undefined;
  }

  override forward(x: Tensor): Tensor {
    const epsilon = this.#epsilon;
    const normed = overLast("LayerNorm", this.#sizes, x, (rows) => rows.layerNorm({ epsilon }));
    const scaled = this.weight === undefined ? normed : normed.mul(this.weight);
    return this.bias === undefined ? scaled : scaled.add(this.bias);
  }
}
