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

/**
 * Adam (Kingma & Ba 2015). `weightDecay` is added to the gradient; {@link adamw} is what keeps it apart.
 *
 * @example
 * ```ts
 * adam({ lr: 1e-3, betas: [0.9, 0.99] });
 * ```
 */
export function adam(settings: OptimizerSettings<"adam"> = {}): Optimizer {
  return { type: "adam", ...plainOf("adam", settings, ["lr"]) };
}

/**
 * Stochastic gradient descent, with momentum (Polyak 1964) and a look ahead (Nesterov 1983; Sutskever et al. 2013) if asked for.
 *
 * @example
 * ```ts
 * sgd({ lr: linear({ start: 0.1, end: 0.01, steps: 1_000 }), momentum: 0.9, nesterov: true });
 * ```
 */
export function sgd(settings: OptimizerSettings<"sgd"> = {}): Optimizer {
  return { type: "sgd", ...plainOf("sgd", settings, ["lr"]) };
}
