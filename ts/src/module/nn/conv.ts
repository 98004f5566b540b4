// Conv1d and Conv2d: cross-correlation with learned kernels.
// The function is the tensor method conv.
import { namesOf } from "../../config/options.js";
import { forEach, refused } from "../../tensor/checks.js";
import { ends } from "../../tensor/convolution.js";
import type { PaddingMode } from "../../tensor/padding.js";
import type { Tensor } from "../../tensor/tensor.js";
import { batched } from "./batched.js";
import { Convolution, type ConvolutionOptions, ofConvolutions } from "./convolution.js";

/** Settings of {@link Conv1d} and {@link Conv2d}; one number counts for every spatial dimension. */
export interface ConvLayerOptions extends ConvolutionOptions {
  /** Elements that are added at both ends; default 0. `"same"`: as many as keep the size, at stride 1. */
  readonly padding?: number | readonly number[] | "same";
  /** What is added: `"zeros"` (the default), or what {@link Padded.pad} says. */
  readonly paddingMode?: "zeros" | Exclude<PaddingMode, "constant">;
}

const names = namesOf<ConvLayerOptions>({ ...ofConvolutions, padding: true, paddingMode: true });

/** A convolution of any number of dimensions. */
abstract class Conv extends Convolution {
  readonly #options: ConvLayerOptions;
  readonly #inputs: number;

  constructor(spatial: number, inputs: number, outputs: number, options: ConvLayerOptions) {
    super(spatial, { inputs, outputs }, (groups) => [outputs, inputs / groups], options, names);
    const modes = ["zeros", "reflect", "replicate", "circular"];
    const { paddingMode = "zeros" } = options;
    if (!modes.includes(paddingMode)) {
      throw refused(this.constructor.name, "paddingMode", modes.join(", "), paddingMode);
    }
    this.#options = options;
    this.#inputs = inputs;
  }

  override forward(x: Tensor): Tensor {
    return batched(this.constructor.name, this.kernelSize.length, this.#inputs, x, (batch) => this.#convolved(batch));
  }

  #convolved(x: Tensor): Tensor {
    const { padding = 0, stride = 1, dilation = 1, groups = 1, paddingMode: mode = "zeros" } = this.#options;
    const window = { stride, dilation, groups };
    if (mode === "zeros") return this.shifted(x.conv(this.weight, { ...window, padding }));
    const { name } = this.constructor;
    const each = (value: number | readonly number[], what: string) =>
      forEach(value, this.kernelSize.length, name, what);
    const { before, after } = ends(name, padding, this.kernelSize, each(stride, "stride"), each(dilation, "dilation"));
    const surrounded = x.pad([0, 0, ...before], [0, 0, ...after], { mode });
    return this.shifted(surrounded.conv(this.weight, window));
  }
}

/**
 * Convolution of signals: `[B, inputs, L] → [B, outputs, L′]` with L′ = ⌊(L + 2·padding − dilation·(K − 1) − 1)/stride⌋ + 1; also
 * without the batch's dimension. The weight is `[outputs, inputs / groups, K]`.
 *
 * @example
 * ```ts
 * new nn.Conv1d(2, 8, { kernelSize: 5, padding: "same" }).forward(zeros([4, 2, 100])).shape; // [4, 8, 100]
 * ```
 */
export class Conv1d extends Conv {
  /**
   * @param inputs - channels of the input
   * @param outputs - channels of the output
   * @param options - window, padding, groups and bias
   */
  constructor(inputs: number, outputs: number, options: ConvLayerOptions) {
    super(1, inputs, outputs, options);
  }
}

/**
 * Convolution of images: `[B, inputs, H, W] → [B, outputs, H′, W′]`, sizes as in {@link Conv1d}; also without the batch's dimension.
 * The weight is `[outputs, inputs / groups, K, K]`.
 *
 * @example
 * ```ts
 * new nn.Conv2d(3, 16, { kernelSize: 3, padding: 1, stride: 2 }).forward(zeros([4, 3, 32, 32])).shape; // [4, 16, 16, 16]
 * ```
 */
export class Conv2d extends Conv {
  /**
   * @param inputs - channels of the input
   * @param outputs - channels of the output
   * @param options - window, padding, groups and bias
   */
  constructor(inputs: number, outputs: number, options: ConvLayerOptions) {
    super(2, inputs, outputs, options);
  }
}
