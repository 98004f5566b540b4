// Flatten and Unflatten as layers, for lists of layers.
// The functions are the tensor methods flatten and unflatten.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * Dimensions as one; by default all but the first.
 *
 * @example
 * ```ts
 * new nn.Flatten().forward(zeros([4, 3, 8, 8])).shape; // [4, 192]
 * ```
 */
export class Flatten extends Layer {
  readonly #start: number;
  readonly #end: number;

  /**
   * @param start - the first of the dimensions; default 1
   * @param end - the last of them; default −1
   */
  constructor(start = 1, end = -1) {
    super();
    this.#start = start;
    this.#end = end;
  }

  override forward(x: Tensor): Tensor {
    return x.flatten(this.#start, this.#end);
  }
}

/**
 * One dimension as several.
 *
 * @example
 * ```ts
 * new nn.Unflatten(1, [3, 8, 8]).forward(zeros([4, 192])).shape; // [4, 3, 8, 8]
 * ```
 */
export class Unflatten extends Layer {
  readonly #axis: number;
  readonly #sizes: readonly number[];

  /**
   * @param axis - the dimension
   * @param sizes - what it becomes; one of them may be −1
   */
  constructor(axis: number, sizes: readonly number[]) {
    super();
    this.#axis = axis;
    this.#sizes = sizes;
  }

  override forward(x: Tensor): Tensor {
    return x.unflatten(this.#axis, this.#sizes);
  }
}
