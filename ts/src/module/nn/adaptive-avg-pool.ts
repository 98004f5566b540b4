// AdaptiveAvgPool1d and AdaptiveAvgPool2d: means of so many parts, whatever the input's size is.
// The function is the tensor method adaptiveAvgPool.
import type { Tensor } from "../../tensor/tensor.js";
import { batched } from "./batched.js";
import { Layer } from "./layer.js";

/**
 * Means of `size` parts of a signal, `[B, C, L]` or `[C, L]`, that are as equal as can be.
 *
 * @example
 * ```ts
 * await new nn.AdaptiveAvgPool1d(1).forward(tensor([[1, 2, 3]])).toArray(); // [[2]]
 * ```
 */
export class AdaptiveAvgPool1d extends Layer {
  readonly #size: number | readonly number[];

  /** @param size - of the output */
  constructor(size: number | readonly number[]) {
    super();
    this.#size = size;
  }

  override forward(x: Tensor): Tensor {
    return batched("AdaptiveAvgPool1d", 1, undefined, x, (batch) => batch.adaptiveAvgPool(this.#size));
  }
}

/**
 * Means of `size` parts of an image in each direction, `[B, C, H, W]` or `[C, H, W]`, that are as equal as can be. Of size 1
 * it is the mean of each channel.
 *
 * @example
 * ```ts
 * new nn.AdaptiveAvgPool2d([1, 2]).forward(zeros([4, 8, 7, 5])).shape; // [4, 8, 1, 2]
 * ```
 */
export class AdaptiveAvgPool2d extends Layer {
  readonly #size: number | readonly number[];

  /** @param size - of the output */
  constructor(size: number | readonly number[]) {
    super();
    this.#size = size;
  }

  override forward(x: Tensor): Tensor {
    return batched("AdaptiveAvgPool2d", 2, undefined, x, (batch) => batch.adaptiveAvgPool(this.#size));
  }
}
