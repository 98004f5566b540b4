// Learning-rate schedules as data; the rate of a step is computed inside the training program.
// One maker for each kind that the config knows.
import type { ScheduleConfig } from "../generated/config.js";

type Kind<Type extends ScheduleConfig["type"]> = Omit<Extract<ScheduleConfig, { readonly type: Type }>, "type">;

/**
 * Rises linearly to `peak` over `warmup` steps, then falls along half a cosine to `final` at step `steps`.
 *
 * @example
 * ```ts
 * const optimizer = adamw({ lr: warmupCosine({ peak: 1e-3, steps: 10_000 }) });
 * ```
 */
export function warmupCosine(settings: Kind<"warmupCosine">): ScheduleConfig {
  return { type: "warmupCosine", ...settings };
}

/** The same rate at every step. */
export function constant(settings: Kind<"constant">): ScheduleConfig {
  return { type: "constant", ...settings };
}

/** From one rate to another along a line. */
export function linear(settings: Kind<"linear">): ScheduleConfig {
  return { type: "linear", ...settings };
}

/** Falls along half a cosine. */
export function cosine(settings: Kind<"cosine">): ScheduleConfig {
  return { type: "cosine", ...settings };
}
