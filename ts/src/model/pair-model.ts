// PairModel: a model between a source at t = 0 and data at t = 1: fitted to pairs, or to data and the standard normal source.
// What flows and bridges share.
import type { ObjectiveKind, Size } from "../generated/config.js";
import { Tensor } from "../tensor/tensor.js";
import { type AnyConfigOf, GenerativeModel, type Lists } from "./generative-model.js";
import type { PairLossSettings, Pairs } from "./options.js";
import type { StateOf } from "./state.js";

/** A model between two distributions. */
export abstract class PairModel<
  const X extends Size,
  const C extends Size,
  Config extends AnyConfigOf<X, C>,
> extends GenerativeModel<X, C, Config, StateOf<X> | Pairs<X>> {
  /** @internal */
  protected override groups(what: string, data: StateOf<X> | Pairs<X>): Lists {
    if (!isPairs(data, this.config.xSize)) return { x: this.leaves(what, data) };
    return { x: this.leaves(`${what}.x1`, data.x1), x0: this.leaves(`${what}.x0`, data.x0) };
  }

  /** @internal */
  protected pairLoss(type: ObjectiveKind, x1: StateOf<X>, settings: PairLossSettings<X, C>): Tensor {
    const { x0, ...rest } = settings;
    return this.loss(type, { x: this.leaves("x1", x1), x0: x0 === undefined ? [] : this.leaves("x0", x0) }, rest);
  }

  /**
   * ½‖v̂ − v‖² with v the velocity between the two ends, summed over all dimensions of a sample, at random times; data `x1 [N, …xSize]` and pairs as
   * they stand (only `fit` couples). A scalar, or `[N]` with `reduction: "none"`. Traced within {@link trainStep} and {@link valueAndGrad}.
   */
  flowMatchingLoss(x1: StateOf<X>, settings: PairLossSettings<X, C> = {}): Tensor {
    return this.pairLoss("flow_matching", x1, settings);
  }
}

/** Whether data are pairs: an object with x0 and x1, unless these are the names of the state's own parts. */
function isPairs<X extends Size>(data: StateOf<X> | Pairs<X>, xSize: X): data is Pairs<X> {
  if (typeof data !== "object" || data === null || data instanceof Tensor) return false;
  const isOwn = typeof xSize === "object" && !Array.isArray(xSize) && "x0" in xSize && "x1" in xSize;
  return "x0" in data && "x1" in data && !isOwn;
}
