// PairModel: a model between a source at t = 0 and data at t = 1: fitted to pairs, or to data and the standard normal source.
// What flows and bridges share.
import { optionsOf } from "../config/options.js";
import { DataError, InternalError } from "../errors.js";
import type { ObjectiveKind, Size } from "../generated/config.js";
import { handleOf, Tensor } from "../tensor/tensor.js";
import type { AnyConfigOf } from "./fitted-model.js";
import { GenerativeModel } from "./generative-model.js";
import { grouped } from "./groups.js";
import { type Lists, mapped } from "./lists.js";
import type { Coupled, CoupleSettings, PairLossSettings, Pairs, TablePairs } from "./options.js";
import { checkInteger, coupleNames, pairLossNames, pairNames } from "./settings.js";
import { isRecordOf, type StateOf, stateOf, tensorsOf } from "./state.js";
import { networkOf } from "./stored-model.js";

/** A model between two distributions. */
export abstract class PairModel<
  const X extends Size,
  const C extends Size,
  Config extends AnyConfigOf<X, C>,
> extends GenerativeModel<X, C, Config, StateOf<X> | Pairs<X> | TablePairs<X>> {
  /** @internal */
  protected override groups(what: string, data: StateOf<X> | Pairs<X> | TablePairs<X>): Lists {
    return pairGroups(what, data, this.config.xSize);
  }

  /** @internal */
  protected override get startsFromData(): boolean {
    return true;
  }

  /** @internal */
  protected pairLoss(type: ObjectiveKind, x1: StateOf<X>, settings: PairLossSettings<X, C>): Tensor {
    const { x0, ...rest } = optionsOf(type, settings, pairLossNames);
    return this.loss(type, { x: this.leaves("x1", x1), x0: x0 === undefined ? [] : this.leaves("x0", x0) }, rest);
  }

  /**
   * Which source samples meet which data, by the model's own coupling and in the units that the network sees: what each batch of `fit` does, for losses of
   * one's own. The rows of `x0 [N, …]`, `x1 [N, …]` and the condition come back gathered, so that row i of one belongs to row i of the others.
   *
   * @throws ShapeError where the numbers of rows differ; DataError for numbers that are not finite
   *
   * @example
   * ```ts
   * const backbone = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 32], outputSize: 2, activation: "silu" } } as const;
   * const flow = new OptimalTransportConditionalFlowModel({ xSize: 2, model: { type: "velocity_function", args: { backbone } } });
   * const step = trainStep(flow, (pairs: { x0: Tensor; x1: Tensor }) => flow.flowMatchingLoss(pairs.x1, { x0: pairs.x0 }));
   * await step(flow.couple({ x0, x1 }));
   * ```
   */
  couple(settings: CoupleSettings<X, C>): Coupled<X, C> {
    const { seed = 0 } = optionsOf("couple", settings, coupleNames);
    checkInteger("seed", seed);
    const x0 = this.leaves("x0", settings.x0);
    const x1 = this.leaves("x1", settings.x1);
    const condition = this.conditions(settings.condition);
    const lists = grouped(mapped({ x: x1, x0, condition }, handleOf));
    const [sources, data] = networkOf(this).native.couple(seed, ...lists);
    if (sources === undefined || data === undefined) throw new InternalError("a coupling gave no rows");
    const [from, to] = [new Tensor({ handle: sources }), new Tensor({ handle: data })];
    const { xSize, conditionSize } = this.config;
    const rows = (tensors: readonly Tensor[], indices: Tensor) => tensors.map((t) => t.indexSelect(0, indices));
    const pairs = { x0: stateOf(xSize, rows(x0, from)), x1: stateOf(xSize, rows(x1, to)) };
    if (conditionSize === undefined || condition.length === 0) return pairs;
    return { ...pairs, condition: stateOf(conditionSize, rows(condition, to)) };
  }

  /**
   * ½‖v̂ − v‖² with v the velocity between the two ends, summed over all dimensions of a sample, at random times; data `x1 [N, …xSize]` and pairs as
   * they stand (only `fit` couples). A scalar, or `[N]` with `reduction: "none"`. Traced within {@link trainStep} and {@link valueAndGrad}.
   */
  flowMatchingLoss(x1: StateOf<X>, settings: PairLossSettings<X, C> = {}): Tensor {
    return this.pairLoss("flow_matching", x1, settings);
  }
}

/** Data, or pairs, as groups of tensors. */
export function pairGroups<X extends Size>(what: string, data: StateOf<X> | Pairs<X> | TablePairs<X>, xSize: X): Lists {
  if (!isPairs(data, xSize)) {
    refuseHalf(what, data, xSize);
    return { x: tensorsOf(what, data, xSize, " or { x0, x1 }") };
  }
  optionsOf(what, data, pairNames);
  return { x: tensorsOf(`${what}.x1`, data.x1, xSize), x0: tensorsOf(`${what}.x0`, data.x0, xSize) };
}

/** Refuses data that are no pairs, and yet one side of such. */
function refuseHalf(what: string, data: object, xSize: Size): void {
  const [side, ...both] = ["x0", "x1"].filter((name) => isRecordOf([name], data, xSize));
  if (side === undefined || both.length > 0) return;
  const [expected, got] = ["{ x0, x1 }", `{ ${Object.keys(data).join(", ")} } without ${side === "x0" ? "x1" : "x0"}`];
  const remedy = "{ x0, x1 } of as many rows, or the data alone where the source is normal noise";
  throw new DataError(`${what}: expected ${expected}, got ${got}. Remedy: ${remedy}`, { expected, got, where: what });
}

/** Whether data are pairs: an object with x0 and x1, unless these are the names of the state's own parts. */
function isPairs<X extends Size>(data: StateOf<X> | Pairs<X> | TablePairs<X>, xSize: X): data is TablePairs<X> {
  return isRecordOf(["x0", "x1"], data, xSize);
}
