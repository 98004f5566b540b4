// Methods that work element by element: functions of one tensor, and of two with broadcasting.
// A base class of Tensor, apart from it so that each file is one table.
import type { DType } from "../native/boundary.js";
import type { Tensor } from "./tensor.js";

/** A tensor, or a number that stands for a tensor filled with it. */
export type Operand = Tensor | number;

/**
 * Elementwise methods, on concrete and traced tensors alike. Shapes of two operands are broadcast (aligned at the last
 * dimension; a size of 1 stretches). Element types must be equal; a number takes the tensor's. A mismatch throws a
 * {@link ShapeError} or {@link DTypeError} at once.
 */
export abstract class Elementwise {
  /** Element type. */
  abstract get dtype(): DType;

  /**
   * This tensor, under the type that it always has.
   *
   * @internal
   */
  protected abstract get self(): Tensor;

  /**
   * Applies an op of the native table to tensors.
   *
   * @internal
   */
  protected abstract applied(op: string, inputs: readonly Tensor[], attrs: object): Tensor;

  /**
   * Applies an op of the native table to this tensor and others.
   *
   * @internal
   */
  protected apply(op: string, others: readonly Tensor[] = [], attrs: object = {}): Tensor {
    return this.applied(op, [this.self, ...others], attrs);
  }

  /**
   * A number as a scalar tensor of this tensor's element type.
   *
   * @internal
   */
  protected abstract scalar(value: number): Tensor;

  #with(op: string, other: Operand): Tensor {
    if (typeof other !== "number") return this.apply(op, [other]);
    // JSON, which attributes are sent as, has no infinities.
    return Number.isFinite(other) ? this.apply(op, [], { scalar: other }) : this.apply(op, [this.scalar(other)]);
  }

  /** −x. */
  neg(): Tensor {
    return this.apply("neg");
  }

  /** |x|. */
  abs(): Tensor {
    return this.apply("abs");
  }

  /** −1, 0 or 1; its gradient is 0. */
  sign(): Tensor {
    return this.apply("sign");
  }

  /** The largest integer ≤ x; its gradient is 0. */
  floor(): Tensor {
    return this.apply("floor");
  }

  /** eˣ. */
  exp(): Tensor {
    return this.apply("exp");
  }

  /** eˣ − 1, accurate near 0. */
  expm1(): Tensor {
    return this.apply("expm1");
  }

  /** The natural logarithm. */
  log(): Tensor {
    return this.apply("log");
  }

  /** log(1 + x), accurate near 0. */
  log1p(): Tensor {
    return this.apply("log1p");
  }

  /** √x. */
  sqrt(): Tensor {
    return this.apply("sqrt");
  }

  /** 1/x. */
  recip(): Tensor {
    return this.apply("recip");
  }

  /** x². */
  square(): Tensor {
    return this.apply("square");
  }

  /** sin x, x in radians. */
  sin(): Tensor {
    return this.apply("sin");
  }

  /** cos x, x in radians. */
  cos(): Tensor {
    return this.apply("cos");
  }

  /** tan x, x in radians. */
  tan(): Tensor {
    return this.apply("tan");
  }

  /** arctan x, in (−π/2, π/2). */
  atan(): Tensor {
    return this.apply("atan");
  }

  /** tanh x. */
  tanh(): Tensor {
    return this.apply("tanh");
  }

  /** 1/(1 + e⁻ˣ). */
  sigmoid(): Tensor {
    return this.apply("sigmoid");
  }

  /** The error function. */
  erf(): Tensor {
    return this.apply("erf");
  }

  /** max(x, 0). */
  relu(): Tensor {
    return this.apply("relu");
  }

  /** x·sigmoid(x) (Elfwing et al. 2017). */
  silu(): Tensor {
    return this.apply("silu");
  }

  /** x·Φ(x) with the normal distribution function Φ (Hendrycks & Gimpel 2016). */
  gelu(): Tensor {
    return this.apply("gelu");
  }

  /** The tanh approximation of {@link Elementwise.gelu}, as DiT uses it. */
  geluTanh(): Tensor {
    return this.apply("geluTanh");
  }

  /** log(1 + eˣ). */
  softplus(): Tensor {
    return this.apply("softplus");
  }

  /** x where x > 0, else eˣ − 1. */
  elu(): Tensor {
    return this.apply("elu");
  }

  /** The self-normalising ELU (Klambauer et al. 2017). */
  selu(): Tensor {
    return this.apply("selu");
  }

  /** x·tanh(softplus(x)) (Misra 2019). */
  mish(): Tensor {
    return this.apply("mish");
  }

  /** Whether each element is neither infinite nor NaN, as bool. */
  isFinite(): Tensor {
    return this.apply("isFinite");
  }

  /** Logical not of a bool tensor. */
  not(): Tensor {
    return this.apply("not");
  }

  /** The same values, constant for differentiation. */
  stopGradient(): Tensor {
    return this.apply("stopGradient");
  }

  /** x + other. */
  add(other: Operand): Tensor {
    return this.#with("add", other);
  }

  /** x − other. */
  sub(other: Operand): Tensor {
    return this.#with("sub", other);
  }

  /** x · other. */
  mul(other: Operand): Tensor {
    return this.#with("mul", other);
  }

  /** x / other. */
  div(other: Operand): Tensor {
    return this.#with("div", other);
  }

  /** x to the power of other. */
  pow(other: Operand): Tensor {
    return this.#with("pow", other);
  }

  /** The larger of x and other. */
  maximum(other: Operand): Tensor {
    return this.#with("maximum", other);
  }

  /** The smaller of x and other. */
  minimum(other: Operand): Tensor {
    return this.#with("minimum", other);
  }

  /** x = other, as bool. */
  eq(other: Operand): Tensor {
    return this.#with("eq", other);
  }

  /** x ≠ other, as bool. */
  ne(other: Operand): Tensor {
    return this.#with("ne", other);
  }

  /** x < other, as bool. */
  lt(other: Operand): Tensor {
    return this.#with("lt", other);
  }

  /** x ≤ other, as bool. */
  le(other: Operand): Tensor {
    return this.#with("le", other);
  }

  /** x > other, as bool. */
  gt(other: Operand): Tensor {
    return this.#with("gt", other);
  }

  /** x ≥ other, as bool. */
  ge(other: Operand): Tensor {
    return this.#with("ge", other);
  }

  /** Logical and of two bool tensors. */
  and(other: Tensor): Tensor {
    return this.apply("and", [other]);
  }

  /** Logical or of two bool tensors. */
  or(other: Tensor): Tensor {
    return this.apply("or", [other]);
  }

  /** value − x. */
  rsub(value: number): Tensor {
    return this.neg().add(value);
  }

  /** value / x. */
  rdiv(value: number): Tensor {
    return Number.isFinite(value) ? this.apply("div", [], { scalar: value, side: "left" }) : this.recip().mul(value);
  }

  /** x limited to [low, high]; an end that is not given does not limit. */
  clamp(low: Operand | undefined, high?: Operand): Tensor {
    const above = low === undefined ? this.self : this.maximum(low);
    return high === undefined ? above : above.minimum(high);
  }

  /** The same values as elements of another type; floats become integers towards 0, and bool where they are not 0. */
  cast(dtype: DType): Tensor {
    return this.apply("cast", [], { dtype });
  }

  /**
   * Sets a random fraction `rate` of the elements to 0 and scales the others by 1/(1 − rate), while a model is trained;
   * the identity otherwise.
   *
   * @param rate - in [0, 1)
   */
  dropout(rate: number): Tensor {
    return this.apply("dropout", [], { rate });
  }
}
