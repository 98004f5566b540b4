// Tensors of another one's shape and element type.
// Inside traced functions they follow the shapes that the function is traced for.
import { type FillOptions, full, type RandomOptions, rand, randn } from "./create.js";
import type { Tensor } from "./tensor.js";

/**
 * A tensor of another one's shape, and element type unless another is given, filled with one number.
 *
 * @example
 * ```ts
 * await fullLike(tensor([1, 2]), 5).toArray(); // [5, 5]
 * ```
 */
export function fullLike(like: Tensor, value: number, options: FillOptions = {}): Tensor {
  return full(like.shape, value, { ...options, dtype: options?.dtype ?? like.dtype });
}

/**
 * Zeros of another tensor's shape and element type.
 *
 * @example
 * ```ts
 * zerosLike(tensor([[1n, 2n]])).dtype; // "i64"
 * ```
 */
export function zerosLike(like: Tensor, options?: FillOptions): Tensor {
  return fullLike(like, 0, options);
}

/**
 * Ones of another tensor's shape and element type.
 *
 * @example
 * ```ts
 * await onesLike(tensor([3, 4])).toArray(); // [1, 1]
 * ```
 */
export function onesLike(like: Tensor, options?: FillOptions): Tensor {
  return fullLike(like, 1, options);
}

/**
 * Independent standard normal numbers in another tensor's shape and element type.
 *
 * @example
 * ```ts
 * const noisy = x.add(randnLike(x, { seed: 1 }).mul(0.1));
 * ```
 */
export function randnLike(like: Tensor, options: RandomOptions = {}): Tensor {
  return randn(like.shape, { ...options, dtype: options.dtype ?? like.dtype });
}

/**
 * Independent numbers, uniform in (0, 1), in another tensor's shape and element type.
 *
 * @example
 * ```ts
 * randLike(zeros([2, 3]), { seed: 1 }).shape; // [2, 3]
 * ```
 */
export function randLike(like: Tensor, options: RandomOptions = {}): Tensor {
  return rand(like.shape, { ...options, dtype: options.dtype ?? like.dtype });
}
