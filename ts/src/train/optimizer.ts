// Optimisers as data; the update itself is part of the training program.
// One maker for each kind that the config knows.
import type { Optimizer } from "../generated/config.js";

type Kind<Type extends Optimizer["type"]> = Omit<Extract<Optimizer, { readonly type: Type }>, "type">;

/**
 * AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019).
 *
 * @example
 * ```ts
 * adamw({ lr: 1e-3, weightDecay: 0.01, clipNorm: 1 });
 * ```
 */
export function adamw(settings: Kind<"adamw"> = {}): Optimizer {
  return { type: "adamw", ...settings };
}

/** Adam (Kingma & Ba 2015). */
export function adam(settings: Kind<"adam"> = {}): Optimizer {
  return { type: "adam", ...settings };
}

/** Stochastic gradient descent, with momentum if asked for. */
export function sgd(settings: Kind<"sgd"> = {}): Optimizer {
  return { type: "sgd", ...settings };
}
