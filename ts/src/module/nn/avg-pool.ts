// AvgPool1d and AvgPool2d: the mean of each window.
// The function is the tensor method avgPool.
import { type AvgPoolOptions, avgPoolNames } from "../../tensor/pooling.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Pool } from "./pool.js";

/** A pooling of any number of dimensions. */
abstract class AvgPool extends Pool<AvgPoolOptions> {
  protected override pool(batch: Tensor, size: number | readonly number[], options: AvgPoolOptions): Tensor {
    return batch.avgPool(size, options);
  }
}

/**
 * The mean of each window of a signal: `[B, C, L]` or `[C, L]`.
 *
 * @example
 * ```ts
 * await new nn.AvgPool1d(2).forward(tensor([[1, 3, 2, 0]])).toArray(); // [[2, 1]]
 * ```
 */
export class AvgPool1d extends AvgPool {
  /**
   * @param size - of a window
   * @param options - how the windows lie; by default one after the other
   */
  constructor(size: number | readonly number[], options: AvgPoolOptions = {}) {
    super(1, size, options, avgPoolNames);
  }
}

/**
 * The mean of each window of an image: `[B, C, H, W]` or `[C, H, W]`.
 *
 * @example
 * ```ts
 * new nn.AvgPool2d(3, { stride: 2, padding: 1 }).forward(zeros([4, 8, 32, 32])).shape; // [4, 8, 16, 16]
 * ```
 */
export class AvgPool2d extends AvgPool {
  /**
   * @param size - of a window
   * @param options - how the windows lie; by default one after the other
   */
  constructor(size: number | readonly number[], options: AvgPoolOptions = {}) {
    super(2, size, options, avgPoolNames);
  }
}
