// Linear: the affine map of the last dimension.
// Weights are stored [out, in] and started U(±1/√in), as in PyTorch, so that checkpoints are interchangeable.
import { ShapeError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { fanIn, type Init } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";

/** Settings of {@link Linear}. */
export interface LinearOptions {
  /** Whether something is added; default true. */
  readonly bias?: boolean;
  /** How weight and bias start; default U(±1/√in), both. */
  readonly init?: { readonly weight?: Init; readonly bias?: Init };
}

/**
 * y = x Wᵀ + b, from `[…, in]` to `[…, out]`.
 *
 * @example
 * ```ts
 * new nn.Linear(3, 2).forward(zeros([5, 3])).shape; // [5, 2]
 * ```
 */
export class Linear extends Layer {
  /** `[out, in]`. */
  readonly weight: Parameter;
  /** `[out]`; undefined without bias. */
  readonly bias: Parameter | undefined;

  /**
   * @param inFeatures - size of the input's last dimension
   * @param outFeatures - size of the output's
   * @param options - whether there is a bias, and how it all starts
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const start = fanIn(inFeatures);
    const { weight = start, bias = start } = options.init ?? {};
    this.weight = new Parameter([outFeatures, inFeatures], { init: weight });
    this.bias = options.bias === false ? undefined : new Parameter([outFeatures], { init: bias, decay: false });
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias } = this;
    const [outFeatures, inFeatures] = weight.shape;
    if (x.shape.at(-1) !== inFeatures) {
      const [expected, got] = [`[…, ${inFeatures}]`, `[${x.shape.join(", ")}]`];
      throw new ShapeError(`Linear: expected an input ${expected}, got ${got}`, { expected, got, where: "Linear" });
    }
    // One product of two matrices, whatever the leading dimensions are.
    const rows = x.rank === 2 ? x : x.reshape([-1, x.shape.at(-1) ?? 1]);
    const product = rows.matmul(weight.transpose());
    const y = bias === undefined ? product : product.add(bias);
    return x.rank === 2 ? y : y.reshape([...x.shape.slice(0, -1), outFeatures ?? 1]);
  }
}
