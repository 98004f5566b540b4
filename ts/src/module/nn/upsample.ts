// Upsample: signals and images in another size, without parameters.
// The function is the tensor method interpolate.
import { optionsOf } from "../../config/options.js";
import { type InterpolateOptions, interpolateNames } from "../../tensor/resizing.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * `[B, C, L]` or `[B, C, H, W]` in another size; see {@link Resized.interpolate} for what the modes are.
 *
 * @example
 * ```ts
 * new nn.Upsample({ scaleFactor: 2, mode: "bilinear" }).forward(zeros([4, 8, 16, 16])).shape; // [4, 8, 32, 32]
 * ```
 */
export class Upsample extends Layer {
  readonly #options: InterpolateOptions;

  /** @param options - the new size, and how it is filled */
  constructor(options: InterpolateOptions) {
    super();
    this.#options = optionsOf("Upsample", options, interpolateNames);
  }

  override forward(x: Tensor): Tensor {
    return x.interpolate(this.#options);
  }
}
