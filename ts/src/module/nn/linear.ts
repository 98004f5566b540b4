// Linear: the affine map of the last dimension.
// Weights are stored [out, in] and started U(±1/√in), as in PyTorch, so that checkpoints are interchangeable.
import { namesOf, optionsOf } from "../../config/options.js";
import { misfit, requireWhole } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";
import { fanIn, type Init } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";

/** Settings of {@link Linear}. */
export interface LinearOptions {
  /** Whether something is added; default true. */
  readonly bias?: boolean;
  /** How the weight starts; default U(±1/√in). */
  readonly weightInit?: Init;
  /** How the bias starts; default U(±1/√in). */
  readonly biasInit?: Init;
}

const names = namesOf<LinearOptions>({ bias: true, weightInit: true, biasInit: true });

/** x Wᵀ + b of the last dimension. */
export function affine(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  // One product of two matrices, whatever the leading dimensions are.
  const rows = x.rank === 2 ? x : x.reshape([-1, x.shape.at(-1) ?? 1]);
  const product = rows.matmul(weight.transpose());
  const y = bias === undefined ? product : product.add(bias);
  return x.rank === 2 ? y : y.reshape([...x.shape.slice(0, -1), weight.shape[0] ?? 1]);
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
    requireWhole("Linear", "inFeatures and outFeatures", [inFeatures, outFeatures], 1);
    const init = fanIn(inFeatures);
    const { bias = true, weightInit = init, biasInit = init } = optionsOf("Linear", options, names);
    this.weight = new Parameter([outFeatures, inFeatures], { init: weightInit });
    this.bias = bias ? new Parameter([outFeatures], { init: biasInit, decay: false }) : undefined;
  }

  override forward(x: Tensor): Tensor {
    const inFeatures = this.weight.shape[1];
    if (x.shape.at(-1) !== inFeatures) throw misfit("Linear", `an input […, ${inFeatures}]`, `[${x.shape.join(", ")}]`);
    return affine(x, this.weight, this.bias);
  }
}
