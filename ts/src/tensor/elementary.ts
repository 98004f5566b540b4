// Elementwise functions that are made of those of Elementwise, so that they need no op and no derivative of their own.
// A base class of Tensor.
import { Elementwise, type Operand } from "./elementwise.js";
import type { Tensor } from "./tensor.js";

/** Elementwise functions made of others, on concrete and traced tensors alike. */
export abstract class Elementary extends Elementwise {
  /** The smallest integer ≥ x; its gradient is 0. */
  ceil(): Tensor {
    return this.neg().floor().neg();
  }

  /**
   * The nearest integer, the even one where two are as near; its gradient is 0.
   *
   * @example
   * ```ts
   * await tensor([0.5, 1.5, 2.6]).round().toArray(); // [0, 2, 3]
   * ```
   */
  round(): Tensor {
    const below = this.floor();
    const rest = this.sub(below);
    const isOdd = below.mul(0.5).floor().mul(2).ne(below);
    const up = rest.gt(0.5).or(rest.eq(0.5).and(isOdd));
    return up.where(below.add(1), below);
  }

  /** x without its fraction, nearer to 0; its gradient is 0. */
  trunc(): Tensor {
    return this.sign().mul(this.abs().floor());
  }

  /** 1/√x. */
  rsqrt(): Tensor {
    return this.sqrt().recip();
  }

  /** The logarithm to the base 2. */
  log2(): Tensor {
    return this.log().mul(Math.LOG2E);
  }

  /** The logarithm to the base 10. */
  log10(): Tensor {
    return this.log().mul(Math.LOG10E);
  }

  /** The logarithm of {@link Elementwise.sigmoid}, accurate where that is 0. */
  logSigmoid(): Tensor {
    return this.neg().softplus().neg();
  }

  /** x where x > 0, else slope·x (Maas, Hannun, Ng 2013). */
  leakyRelu(slope = 0.01): Tensor {
    return this.gt(0).where(this.self, this.mul(slope));
  }

  /**
   * The angle of the point (other, x) from the first axis, in [−π, π]: the arctangent of x/other in its quadrant, radians.
   *
   * @example
   * ```ts
   * await tensor([1, 0]).atan2(tensor([0, 1])).div(Math.PI).toArray(); // [0.5, 0]
   * ```
   */
  atan2(other: Tensor): Tensor {
    // The smaller over the larger, so that neither quotient nor derivative overflows.
    const isSteep = this.abs().gt(other.abs());
    const larger = isSteep.where(this.self, other);
    const smaller = isSteep.where(other, this.self);
    const quotient = smaller.div(larger.eq(0).where(1, larger)).atan();
    const side = this.lt(0).where(this.scalar(-1), 1);
    const flat = quotient.add(other.lt(0).where(side.mul(Math.PI), 0));
    return isSteep.where(side.mul(Math.PI / 2).sub(quotient), flat);
  }

  /** arcsin x, in [−π/2, π/2]; NaN where |x| > 1. */
  asin(): Tensor {
    return this.atan2(this.#otherLeg());
  }

  /** arccos x, in [0, π]; NaN where |x| > 1. */
  acos(): Tensor {
    return this.#otherLeg().atan2(this.self);
  }

  /** √(1 − x²), accurate near ±1. */
  #otherLeg(): Tensor {
    return this.rsub(1).mul(this.add(1)).sqrt();
  }

  /**
   * What remains of x after division by `other`, with the sign of `other`.
   *
   * @example
   * ```ts
   * await tensor([-1, 7]).remainder(3).toArray(); // [2, 1]
   * ```
   */
  remainder(other: Operand): Tensor {
    if (this.dtype !== "i64") return this.sub(this.div(other).floor().mul(other));
    // Quotients of integers are such that what remains is never negative.
    const divisor = typeof other === "number" ? this.scalar(other) : other;
    const rest = this.sub(this.div(divisor).mul(divisor));
    return divisor.lt(0).and(rest.ne(0)).where(rest.add(divisor), rest);
  }

  /** x + weight·(end − x): x at weight 0, `end` at weight 1. */
  lerp(end: Tensor, weight: Operand): Tensor {
    return this.add(end.sub(this.self).mul(weight));
  }

  /** `value` where the bool tensor `mask` is true, else x. */
  maskedFill(mask: Tensor, value: Operand): Tensor {
    return mask.where(value, this.self);
  }

  /** Whether each element is NaN, as bool. */
  isNaN(): Tensor {
    return this.ne(this.self);
  }

  /** Whether each element is infinite, as bool. */
  isInf(): Tensor {
    return this.abs().eq(Number.POSITIVE_INFINITY);
  }
}
