// ConvTranspose1d and ConvTranspose2d: the transposes of convolutions, which make signals and images larger.
// The function is the tensor method convTranspose.
import { namesOf } from "../../config/options.js";
import type { Tensor } from "../../tensor/tensor.js";
import { batched } from "./batched.js";
import { Convolution, type ConvolutionOptions, ofConvolutions } from "./convolution.js";

/** Settings of {@link ConvTranspose1d} and {@link ConvTranspose2d}; one number counts for every spatial dimension. */
export interface ConvTransposeLayerOptions extends ConvolutionOptions {
  /** Elements that are left out at both ends of the output; default 0. */
  readonly padding?: number | readonly number[];
  /** Elements that are added at the far end of the output; default 0. Less than stride or dilation. */
  readonly outputPadding?: number | readonly number[];
}

const names = namesOf<ConvTransposeLayerOptions>({ ...ofConvolutions, padding: true, outputPadding: true });

/** A transposed convolution of any number of dimensions. */
abstract class ConvTranspose extends Convolution {
  readonly #options: ConvTransposeLayerOptions;

  constructor(spatial: number, inputs: number, outputs: number, options: ConvTransposeLayerOptions) {
    super(spatial, { inputs, outputs }, (groups) => [inputs, outputs / groups], options, names);
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    const { kernelSize, weight } = this;
    const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = this.#options;
    const window = { stride, padding, outputPadding, dilation, groups };
    return batched(this.constructor.name, kernelSize.length, weight.shape[0], x, (batch) =>
      this.shifted(batch.convTranspose(weight, window)),
    );
  }
}

/**
 * Transposed convolution of signals: `[B, inputs, L] → [B, outputs, L′]` with
 * L′ = (L − 1)·stride − 2·padding + dilation·(K − 1) + outputPadding + 1; also without the batch's dimension. The weight is
 * `[inputs, outputs / groups, K]`.
 *
 * @example
 * ```ts
 * new nn.ConvTranspose1d(8, 2, { kernelSize: 4, stride: 2, padding: 1 }).forward(zeros([4, 8, 50])).shape; // [4, 2, 100]
 * ```
 */
export class ConvTranspose1d extends ConvTranspose {
  /**
   * @param inputs - channels of the input
   * @param outputs - channels of the output
   * @param options - window, padding, groups and bias
   */
  constructor(inputs: number, outputs: number, options: ConvTransposeLayerOptions) {
    super(1, inputs, outputs, options);
  }
}

/**
 * Transposed convolution of images: `[B, inputs, H, W] → [B, outputs, H′, W′]`, sizes as in {@link ConvTranspose1d}; also without
 * the batch's dimension. The weight is `[inputs, outputs / groups, K, K]`.
 *
 * @example
 * ```ts
 * const up = new nn.ConvTranspose2d(16, 3, { kernelSize: 4, stride: 2, padding: 1 });
 * up.forward(zeros([4, 16, 16, 16])).shape; // [4, 3, 32, 32]
 * ```
 */
export class ConvTranspose2d extends ConvTranspose {
  /**
   * @param inputs - channels of the input
   * @param outputs - channels of the output
   * @param options - window, padding, groups and bias
   */
  constructor(inputs: number, outputs: number, options: ConvTransposeLayerOptions) {
    super(2, inputs, outputs, options);
  }
}
