// Functions of t as data: a path, a weight or a diffusion of one's own, written as a plain function.
// Traced with t one f64 number into a list of operations, which a config holds and a checkpoint keeps.
import { plainOf } from "../config/options.js";
import { ShapeError } from "../errors.js";
import type { Diffusion, Expression, Path, Weight } from "../generated/config.js";
import { native } from "../native.js";
import { filled, Tensor, traced, valueIn } from "../tensor/tensor.js";
import { Trace } from "../tensor/trace.js";
import { describe } from "../tensor/tree.js";
import { functionOf, settingsOf } from "./settings.js";

/** A function of the time t, a tensor of one number: elementwise arithmetic, or a plain number. */
export type FunctionOfTime = (t: Tensor) => Tensor | number;

/** A kind of a config's union. */
type KindOf<Union, Type> = Extract<Union, { readonly type: Type }>;

/** A path of one's own, by logarithms: accurate however small s or σ become, and infinite nowhere inside of the interval. */
export interface LogSchedule {
  /** log s(t), of the factor of the data. */
  readonly logScale: FunctionOfTime;
  /** log σ(t), of the standard deviation of the noise. */
  readonly logStd: FunctionOfTime;
}

/** A path of one's own, by the functions themselves, which may reach 0 at the ends. */
export interface PlainSchedule {
  /** s(t), the factor of the data. */
  readonly scale: FunctionOfTime;
  /** σ(t), the standard deviation of the noise. */
  readonly std: FunctionOfTime;
}

/** The interval of a path of one's own. */
export interface Interval {
  /** The data end; at least 0. Default 0. */
  readonly tMin?: number;
  /** The noise end; more than tMin. Default 1. */
  readonly tMax?: number;
}

function expressionOf(name: string, of: FunctionOfTime): Expression {
  functionOf(name, of);
  const trace = new Trace(name, "sample");
  const graph = trace.record(() => {
    const result: unknown = of(traced(trace, trace.native.input("t", "f64", [])));
    const value = typeof result === "number" ? filled(result, "f64", []) : result;
    if (value instanceof Tensor && value.size === 1) return [valueIn(trace, value)];
    const [expected, got] = ["a number for one time t", describe(result)];
    throw new ShapeError(`${name}: expected ${expected}, got ${got}`, { expected, got, where: name });
  });
  return JSON.parse(native.graphExpression(graph));
}

/**
 * The config of a path x_t = s(t) x₀ + σ(t) ε of one's own, from data at `tMin` to noise at `tMax`, where σ/s must rise strictly. Its derivatives,
 * and everything else that follows from s and σ, are found by differentiating the functions.
 *
 * @throws TraceError where a function does something else than elementwise arithmetic of t; the error names it
 *
 * @example
 * ```ts
 * customPath({ scale: (t) => t.neg().add(1), std: (t) => t }); // the path { type: "linear" } once more
 * ```
 */
export function customPath(schedule: LogSchedule | PlainSchedule, interval: Interval = {}): KindOf<Path, "custom"> {
  settingsOf("customPath", schedule);
  plainOf("customPath", interval, ["tMin", "tMax"]);
  const functions = Object.entries(schedule).map(([name, of]) => [name, expressionOf(`customPath.${name}`, of)]);
  return { type: "custom", ...interval, ...Object.fromEntries(functions) };
}

/**
 * A factor of the loss as a function of t of one's own, for `loss: { type, weight }`.
 *
 * @throws TraceError as {@link customPath}
 *
 * @example
 * ```ts
 * await model.fit(data, { steps: 1_000, loss: { type: "score_matching", weight: weightFunction((t) => t.neg().add(2)) } });
 * ```
 */
export function weightFunction(weight: FunctionOfTime): KindOf<Weight, "function"> {
  return { type: "function", weight: expressionOf("weightFunction", weight) };
}

/**
 * The diffusion h(t) ≥ 0 of an SDE solver as a function of t of one's own, for `sample({ diffusion })`.
 *
 * @throws TraceError as {@link customPath}
 *
 * @example
 * ```ts
 * await model.sample({ solver: { type: "SDESolver", args: { steps: 100 } }, diffusion: diffusionFunction((t) => t.mul(0.5)) });
 * ```
 */
export function diffusionFunction(h: FunctionOfTime): KindOf<Diffusion, "function"> {
  return { type: "function", h: expressionOf("diffusionFunction", h) };
}
