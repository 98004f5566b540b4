// MaxPool1d and MaxPool2d: the largest element of each window.
// The function is the tensor method maxPool.
import { type MaxPoolOptions, maxPoolNames } from "../../tensor/pooling.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Pool } from "./pool.js";

/** A pooling of any number of dimensions. */
abstract class MaxPool extends Pool<MaxPoolOptions> {
  protected override pool(batch: Tensor, size: number | readonly number[], options: MaxPoolOptions): Tensor {
    return batch.maxPool(size, options);
  }
}

/**
 * The largest element of each window of a signal: `[B, C, L]` or `[C, L]`.
 *
 * @example
 * ```ts
 * await new nn.MaxPool1d(2).forward(tensor([[1, 3, 2, 0]])).toArray(); // [[3, 2]]
 * ```
 */
export class MaxPool1d extends MaxPool {
  /**
   * @param size - of a window
   * @param options - how the windows lie; by default one after the other
   */
  constructor(size: number | readonly number[], options: MaxPoolOptions = {}) {
    super(1, size, options, maxPoolNames);
  }
}

/**
 * The largest element of each window of an image: `[B, C, H, W]` or `[C, H, W]`.
 *
 * @example
 * ```ts
 * new nn.MaxPool2d(3, { stride: 2, padding: 1 }).forward(zeros([4, 8, 32, 32])).shape; // [4, 8, 16, 16]
 * ```
 */
export class MaxPool2d extends MaxPool {
  /**
   * @param size - of a window
   * @param options - how the windows lie; by default one after the other
   */
  constructor(size: number | readonly number[], options: MaxPoolOptions = {}) {
    super(2, size, options, maxPoolNames);
  }
}
