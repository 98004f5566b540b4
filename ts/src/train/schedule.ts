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

/**
 * The same rate at every step.
 *
 * @example
 * ```ts
 * adamw({ lr: constant({ rate: 1e-3 }) }); // as lr: 1e-3
 * ```
 */
export function constant(settings: ScheduleSettings<"constant">): ScheduleConfig {
  return { type: "constant", ...plainOf("constant", settings, ["rate"]) };
}

/**
 * From one rate to another along a line, over `steps` steps; the last one from then on.
 *
 * @example
 * ```ts
 * adamw({ lr: linear({ start: 1e-3, end: 1e-5, steps: 10_000 }) });
 * ```
 */
export function linear(settings: ScheduleSettings<"linear">): ScheduleConfig {
  return { type: "linear", ...plainOf("linear", settings, ["start", "end", "steps"]) };
}

/**
 * Falls from `peak` to `final` along half a cosine, over `steps` steps (Loshchilov & Hutter 2017, without restarts); `final` from then on.
 *
 * @example
 * ```ts
 * adamw({ lr: cosine({ peak: 1e-3, steps: 10_000 }) });
 * ```
 */
export function cosine(settings: ScheduleSettings<"cosine">): ScheduleConfig {
  return { type: "cosine", ...plainOf("cosine", settings, ["peak", "steps"]) };
}
