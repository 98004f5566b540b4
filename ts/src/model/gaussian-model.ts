// GaussianModel: a model whose data become noise along a Gaussian path; its losses are of the noise and of the velocity.
// What diffusion models with and without an energy share.
import type { Size } from "../generated/config.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AnyConfigOf } from "./fitted-model.js";
import { GenerativeModel } from "./generative-model.js";
import type { LossSettings } from "./options.js";
import type { StateOf } from "./state.js";

/** A model along a Gaussian path. */
export abstract class GaussianModel<
  const X extends Size,
  const C extends Size,
  Config extends AnyConfigOf<X, C>,
  Data = StateOf<X>,
> extends GenerativeModel<X, C, Config, Data> {
  /**
   * ½‖ε̂ − ε‖², summed over all dimensions of a sample, at random times and noise; data `[N, …xSize]` as given to `fit`.
   * A scalar, or `[N]` with `reduction: "none"`. Traced within {@link trainStep} and {@link valueAndGrad}.
   *
   * @throws ConfigError for wrong settings; ShapeError for data of another shape
   *
   * @example
   * ```ts
   * model.scoreMatchingLoss(data, { reduction: "none", weighting: "likelihood" }).shape; // [64]
   * ```
   */
  scoreMatchingLoss(x: StateOf<X>, settings: LossSettings<C> = {}): Tensor {
    return this.loss("score_matching", { x: this.leaves("x", x) }, settings);
  }

  /**
   * ½‖v̂ − (ṡx₀ + σ̇ε)‖², otherwise as {@link GaussianModel.scoreMatchingLoss}.
   *
   * @example
   * ```ts
   * model.flowMatchingLoss(data).shape; // []
   * ```
   */
  flowMatchingLoss(x: StateOf<X>, settings: LossSettings<C> = {}): Tensor {
    return this.loss("flow_matching", { x: this.leaves("x", x) }, settings);
  }
}
