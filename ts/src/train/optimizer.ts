// Optimisers as data; the update itself is part of the training program.
// One maker for each kind that the config knows.
import { plainOf } from "../config/options.js";
import type { Optimizer } from "../generated/config.js";

/** Settings of one kind of optimiser. */
export type OptimizerSettings<Type extends Optimizer["type"]> = Omit<Extract<Optimizer, Record<"type", Type>>, "type">;

/**
 * AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019).
 *
 * @example
 * ```ts
 * adamw({ lr: 1e-3, weightDecay: 0.01, clipNorm: 1 });
 * ```
 */
export function adamw(settings: OptimizerSettings<"adamw"> = {}): Optimizer {
  return { type: "adamw", ...plainOf("adamw", settings, ["lr"]) };
}

/** Adam (Kingma & Ba 2015). */
export function adam(settings: OptimizerSettings<"adam"> = {}): Optimizer {
  return { type: "adam", ...plainOf("adam", settings, ["lr"]) };
}

/** Stochastic gradient descent, with momentum if asked for. */
export function sgd(settings: OptimizerSettings<"sgd"> = {}): Optimizer {
  return { type: "sgd", ...plainOf("sgd", settings, ["lr"]) };
}
