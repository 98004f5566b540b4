// Products of tensors: matrices, vectors, attention.
// A base class of Tensor.
import { namesOf, optionsOf } from "../config/options.js";
import { axisOf, misfit, refused } from "./checks.js";
import { Ordered } from "./ordering.js";
import type { Tensor } from "./tensor.js";

/** How {@link Multiplied.attention} weighs. */
export interface AttentionOptions {
  /** What the products of queries and keys are multiplied by; default 1/√d. */
  readonly scale?: number;
  /** Whether query i sees the keys 0 … i only; default false. */
  readonly causal?: boolean;
  /**
   * Of shape `[…, n, m]` or broadcast to it: bool, true where a query sees a key; or numbers that are added to the scaled products.
   * A query must see at least one key.
   */
  readonly mask?: Tensor;
  /** The fraction of weights that are set to 0 while a model is trained (the others are scaled up), in [0, 1); default 0. */
  readonly dropout?: number;
}

const attentionNames = namesOf<AttentionOptions>({ scale: true, causal: true, mask: true, dropout: true });

/** Products, on concrete and traced tensors alike. */
export abstract class Multiplied extends Ordered {
  /**
   * The matrix product `[…, m, k] × […, k, n] → […, m, n]`; leading dimensions are broadcast. A vector `[k]` on the left is a row, on
   * the right a column, and its dimension is removed from the result.
   *
   * @example
   * ```ts
   * await tensor([[1, 2], [3, 4]]).matmul(tensor([1, 1])).toArray(); // [3, 7]
   * ```
   */
  matmul(other: Tensor): Tensor {
    const [isRow, isColumn] = [this.shape.length === 1, other.shape.length === 1];
    const [left, right] = [isRow ? this.unsqueeze(0) : this.self, isColumn ? other.unsqueeze(1) : other];
    const value = this.applied("matmul", [left, right], {});
    const matrix = isColumn ? value.squeeze(-1) : value;
    return isRow ? matrix.squeeze(isColumn ? -1 : -2) : matrix;
  }

  /** Σ xᵢyᵢ of two vectors of one length. */
  dot(other: Tensor): Tensor {
    const [a, b] = [this.shape, other.shape];
    if (a.length === 1 && b.length === 1 && a[0] === b[0]) return this.mul(other).sum();
    throw misfit("dot", "two vectors of one length", `[${a.join(", ")}] and [${b.join(", ")}]`);
  }

  /**
   * The products xᵢyⱼ of two vectors, `[m]` and `[n]`, as a matrix `[m, n]`.
   *
   * @example
   * ```ts
   * await tensor([1, 2]).outer(tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
   * ```
   */
  outer(other: Tensor): Tensor {
    const [a, b] = [this.shape, other.shape];
    if (a.length === 1 && b.length === 1) return this.unsqueeze(1).mul(other);
    throw misfit("outer", "two vectors", `[${a.join(", ")}] and [${b.join(", ")}]`);
  }

  /** The cosine of the angle between this and another tensor along an axis; norms below `epsilon` (default 1e-8) count as that. */
  cosineSimilarity(other: Tensor, axis = -1, options: { readonly epsilon?: number } = {}): Tensor {
    const { epsilon = 1e-8 } = optionsOf("cosineSimilarity", options, ["epsilon"]);
    return this.normalize(axis, { epsilon }).mul(other.normalize(axis, { epsilon })).sum(axis);
  }

  /**
   * Attention of these queries `[…, n, d]` to keys `[…, m, d]` with values `[…, m, e]`: softmax(q·kᵀ·scale)·v, of shape `[…, n, e]`
   * (Vaswani et al. 2017); leading dimensions are broadcast. Long sequences are worked through in blocks of queries, forward and
   * backward, so that memory grows with n + m and not with n·m; with a mask or dropout the weights are held as a whole. `causal` saves
   * no time: what is not seen is computed and left out.
   *
   * @example
   * ```ts
   * const [q, k, v] = [0, 1, 2].map((seed) => randn([2, 4, 10, 8], { seed }));
   * q.attention(k, v).shape; // [2, 4, 10, 8]
   * ```
   */
  attention(keys: Tensor, values: Tensor, options: AttentionOptions = {}): Tensor {
    const { scale, causal = false, mask, dropout = 0 } = optionsOf("attention", options, attentionNames);
    if (scale !== undefined && !Number.isFinite(scale)) throw refused("attention", "scale", "a finite number", scale);
    if (mask === undefined && dropout === 0) {
      return this.apply("attention", [keys, values], { scale: scale ?? null, causal });
    }
    const rank = this.shape.length;
    const [rows, size] = [-2, -1].map((axis) => this.shape[axisOf(axis, rank, "attention")] ?? 1);
    const scores = this.matmul(keys.transpose()).mul(scale ?? 1 / Math.sqrt(size ?? 1));
    const hidden = Number.NEGATIVE_INFINITY;
    const seen = this.counted(rows ?? 1)
      .unsqueeze(1)
      .ge(this.counted(keys.shape.at(-2) ?? 1));
    const past = causal ? seen.where(scores, hidden) : scores;
    const masked = mask === undefined ? past : mask.dtype === "bool" ? mask.where(past, hidden) : past.add(mask);
    return masked.softmax(-1).dropout(dropout).matmul(values);
  }
}
