// PixelShuffle and its inverse (Shi et al. 2016): channels become places, and places channels.
// What sub-pixel convolutions make images larger with.
import { misfit, requireWhole } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";
import { batched } from "./batched.js";
import { Layer } from "./layer.js";

/**
 * `[B, C·r², H, W] → [B, C, H·r, W·r]`.
 *
 * @example
 * ```ts
 * new nn.PixelShuffle(2).forward(zeros([4, 12, 8, 8])).shape; // [4, 3, 16, 16]
 * ```
 */
export class PixelShuffle extends Layer {
  readonly #factor: number;

  /** @param factor - r */
  constructor(factor: number) {
    super();
    requireWhole("PixelShuffle", "the factor", [factor], 1);
    this.#factor = factor;
  }

  override forward(x: Tensor): Tensor {
    const r = this.#factor;
    return batched("PixelShuffle", 2, undefined, x, (image) => {
      const [batch = 0, channels = 0, height = 0, width = 0] = image.shape;
      if (channels % (r * r) !== 0) throw misfit("PixelShuffle", `a multiple of ${r * r} channels`, String(channels));
      const apart = image.reshape([batch, channels / (r * r), r, r, height, width]);
      return apart.permute([0, 1, 4, 2, 5, 3]).reshape([batch, channels / (r * r), height * r, width * r]);
    });
  }
}

/**
 * `[B, C, H·r, W·r] → [B, C·r², H, W]`, the inverse of {@link PixelShuffle}.
 *
 * @example
 * ```ts
 * new nn.PixelUnshuffle(2).forward(zeros([4, 3, 16, 16])).shape; // [4, 12, 8, 8]
 * ```
 */
export class PixelUnshuffle extends Layer {
  readonly #factor: number;

  /** @param factor - r */
  constructor(factor: number) {
    super();
    requireWhole("PixelUnshuffle", "the factor", [factor], 1);
    this.#factor = factor;
  }

  override forward(x: Tensor): Tensor {
    const r = this.#factor;
    return batched("PixelUnshuffle", 2, undefined, x, (image) => {
      const [batch = 0, channels = 0, height = 0, width = 0] = image.shape;
      if (height % r !== 0 || width % r !== 0) {
        throw misfit("PixelUnshuffle", `an image whose sides are multiples of ${r}`, `${height} × ${width}`);
      }
      const apart = image.reshape([batch, channels, height / r, r, width / r, r]);
      return apart.permute([0, 1, 3, 5, 2, 4]).reshape([batch, channels * r * r, height / r, width / r]);
    });
  }
}
