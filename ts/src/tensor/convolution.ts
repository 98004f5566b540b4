// Convolutions over one or two spatial dimensions, and their transposes.
// A base class of Tensor.
import { namesOf, optionsOf } from "../config/options.js";
import { forEach, misfit, refused, requireWhole } from "./checks.js";
import { Multiplied } from "./product.js";
import type { Tensor } from "./tensor.js";

/** How a window moves over the input of {@link Convolved.conv}; one number counts for every spatial dimension. */
export interface ConvOptions {
  /** Distance of neighbouring windows; default 1. */
  readonly stride?: number | readonly number[];
  /** Zeros at both ends; default 0. `"same"`: as many as keep the size, at stride 1. */
  readonly padding?: number | readonly number[] | "same";
  /** Distance of neighbouring elements in a window; default 1. */
  readonly dilation?: number | readonly number[];
  /** Blocks of channels that are convolved apart; default 1. */
  readonly groups?: number;
}

/** How the windows of {@link Convolved.convTranspose} lie; one number counts for every spatial dimension. */
export interface ConvTransposeOptions {
  /** Distance of neighbouring windows in the output; default 1. */
  readonly stride?: number | readonly number[];
  /** Elements that are left out at both ends of the output; default 0. */
  readonly padding?: number | readonly number[];
  /** Elements that are added at the far end of the output; default 0. Less than stride or dilation. */
  readonly outputPadding?: number | readonly number[];
  /** Distance of neighbouring elements in a window; default 1. */
  readonly dilation?: number | readonly number[];
  /** Blocks of channels that are convolved apart; default 1. */
  readonly groups?: number;
}

const ofWindows = { stride: true, padding: true, dilation: true, groups: true } as const;
const convNames = namesOf<ConvOptions>(ofWindows);
const convTransposeNames = namesOf<ConvTransposeOptions>({ ...ofWindows, outputPadding: true });

/**
 * How many elements are added at both ends of each spatial dimension.
 *
 * @param op - the method or layer, for messages
 * @param kernel - size of the window in each dimension
 */
export function ends(
  op: string,
  padding: number | readonly number[] | "same",
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): { readonly before: readonly number[]; readonly after: readonly number[] } {
  if (padding !== "same") {
    if (typeof padding === "string") throw refused(op, "padding", 'numbers or "same"', padding);
    const both = forEach(padding, stride.length, op, "padding");
    requireWhole(op, "padding", both, 0);
    return { before: both, after: both };
  }
  if (stride.some((step) => step !== 1)) throw misfit(op, 'stride 1 with padding "same"', `stride ${stride}`);
  const totals = dilation.map((distance, i) => distance * Math.max(0, (kernel[i] ?? 1) - 1));
  const before = totals.map((total) => Math.floor(total / 2));
  return { before, after: totals.map((total, i) => total - (before[i] ?? 0)) };
}

/** Convolutions, on concrete and traced tensors alike. */
export abstract class Convolved extends Multiplied {
  /**
   * Cross-correlation: x `[B, C, L]` with weight `[O, C/groups, K]`, or x `[B, C, H, W]` with `[O, C/groups, K, K]`.
   *
   * @example
   * ```ts
   * ones([1, 3, 8, 8]).conv(ones([5, 3, 3, 3]), { padding: "same" }).shape; // [1, 5, 8, 8]
   * ```
   */
  conv(weight: Tensor, options: ConvOptions = {}): Tensor {
    const { stride, dilation, groups } = this.#window("conv", optionsOf("conv", options, convNames));
    const { before, after } = ends("conv", options.padding ?? 0, weight.shape.slice(2), stride, dilation);
    return this.apply("conv", [weight], { stride, before, after, dilation, groups });
  }

  /**
   * The transpose of {@link Convolved.conv}, which goes from its output to its input: x `[B, I, L]` with weight `[I, O/groups, K]`, or
   * x `[B, I, H, W]` with `[I, O/groups, K, K]`, to `[B, O, …]` of size (n − 1)·stride − 2·padding + dilation·(K − 1) + outputPadding + 1.
   *
   * @example
   * ```ts
   * ones([1, 3, 8, 8]).convTranspose(ones([3, 5, 4, 4]), { stride: 2, padding: 1 }).shape; // [1, 5, 16, 16]
   * ```
   */
  convTranspose(weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
    const { stride, dilation, groups } = this.#window(
      "convTranspose",
      optionsOf("convTranspose", options, convTransposeNames),
    );
    const each = (value: number | readonly number[] | undefined, name: string) =>
      forEach(value ?? 0, stride.length, "convTranspose", name);
    const [padding, outputPadding] = [each(options.padding, "padding"), each(options.outputPadding, "outputPadding")];
    requireWhole("convTranspose", "padding", padding, 0);
    requireWhole("convTranspose", "outputPadding", outputPadding, 0);
    const most = stride.map((step, i) => Math.max(step, dilation[i] ?? 1) - 1);
    if (outputPadding.some((size, i) => size > (most[i] ?? 0))) {
      throw refused("convTranspose", "outputPadding", `less than stride or dilation, at most ${most}`, outputPadding);
    }
    return this.apply("convTranspose", [weight], { stride, padding, outputPadding, dilation, groups });
  }

  #window(op: string, options: Omit<ConvOptions, "padding">) {
    const count = Math.max(1, this.shape.length - 2);
    const window = {
      stride: forEach(options.stride ?? 1, count, op, "stride"),
      dilation: forEach(options.dilation ?? 1, count, op, "dilation"),
      groups: options.groups ?? 1,
    };
    requireWhole(op, "stride", window.stride, 1);
    requireWhole(op, "dilation", window.dilation, 1);
    requireWhole(op, "groups", [window.groups], 1);
    return window;
  }
}
