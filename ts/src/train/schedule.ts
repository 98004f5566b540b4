// Learning-rate schedules as data; the rate of a step is computed inside the training program.
// One maker for each kind that the config knows.
import { plainOf } from "../config/options.js";
import type { ScheduleConfig } from "../generated/config.js";

/** Settings of one kind of learning-rate schedule. */
export type ScheduleSettings<Type extends ScheduleConfig["type"]> = Omit<
  Extract<ScheduleConfig, Record<"type", Type>>,
  "type"
>;

/**
 * Rises linearly to `peak` over `warmup` steps, then falls along half a cosine to `final` at step `steps`.
 *
 * @example
 * ```ts
 * const optimizer = adamw({ lr: warmupCosine({ peak: 1e-3, steps: 10_000 }) });
 * ```
 */
export function warmupCosine(settings: ScheduleSettings<"warmupCosine">): ScheduleConfig {
  return { type: "warmupCosine", ...plainOf("warmupCosine", settings, ["peak", "steps"]) };
}

/** The same rate at every step. */
export function constant(settings: ScheduleSettings<"constant">): ScheduleConfig {
  return { type: "constant", ...plainOf("constant", settings, ["rate"]) };
}

/** From one rate to another along a line. */
export function linear(settings: ScheduleSettings<"linear">): ScheduleConfig {
  return { type: "linear", ...plainOf("linear", settings, ["start", "end", "steps"]) };
}

/** Falls along half a cosine. */
export function cosine(settings: ScheduleSettings<"cosine">): ScheduleConfig {
  return { type: "cosine", ...plainOf("cosine", settings, ["peak", "steps"]) };
}
