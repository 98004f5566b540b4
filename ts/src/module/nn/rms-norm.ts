// RMSNorm (Zhang and Sennrich 2019): each row to mean square 1, then a learned scale.
// A row is the last dimension, or the last ones.
import { namesOf, optionsOf } from "../../config/options.js";
import type { Tensor } from "../../tensor/tensor.js";
import { constant } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";
import { overLast, sizesOf } from "./normalised.js";

/** Settings of {@link RMSNorm}. */
export interface RMSNormOptions {
  /** Added to the mean square; default the distance from 1 to the next number of the element type (2⁻²³, of f64 2⁻⁵²). */
  readonly epsilon?: number;
  /** Whether there is a scale; default true. */
  readonly affine?: boolean;
}

const names = namesOf<RMSNormOptions>({ epsilon: true, affine: true });

/**
 * x/√(mean x² + epsilon) over the last dimension, of size `features`, or over the last ones; with learned weight (1 at the start).
 *
 * @example
 * ```ts
 * await new nn.RMSNorm(2, { epsilon: 1 }).forward(tensor([[4, 2]])).mul(tensor(11).sqrt()).round().toArray(); // [[4, 2]]
 * ```
 */
export class RMSNorm extends Layer {
  /** Of the sizes of `features`; undefined where it is not affine. */
  readonly weight: Parameter | undefined;
  readonly #sizes: readonly number[];
  readonly #epsilon: number | undefined;

  /**
   * @param features - size of the last dimension, or sizes of the last ones
   * @param options - what is added to the mean square, and whether there is a scale
   */
  constructor(features: number | readonly number[], options: RMSNormOptions = {}) {
    super();
    this.#sizes = sizesOf("RMSNorm", features);
    const { affine = true, epsilon } = optionsOf("RMSNorm", options, names);
    this.#epsilon = epsilon;
    this.weight = affine ? new Parameter(this.#sizes, { init: constant(1), decay: false }) : undefined;
  }

  override forward(x: Tensor): Tensor {
    const epsilon = this.#epsilon ?? 2 ** (x.dtype === "f64" ? -52 : -23);
    const normed = overLast("RMSNorm", this.#sizes, x, (rows) =>
      rows.mul(rows.square().mean(-1, { keepDims: true }).add(epsilon).rsqrt()),
    );
    return this.weight === undefined ? normed : normed.mul(this.weight);
  }
}
