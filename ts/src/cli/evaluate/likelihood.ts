// The negative log-likelihood of data, where the model has a density.
// Where it has none, what it says of that is the result.
import { type Estimate, nll } from "../../data/metrics.js";
import { ConfigError } from "../../errors.js";
import type { AnyModel } from "../../model/registry.js";
import type { Measured } from "./halves.js";

/** In nats per row, or why there is none. */
export type Likelihood = Estimate | { readonly reason: string };

/** How densities are computed. */
export interface LikelihoodSettings {
  readonly guidance?: number | undefined;
  readonly weights?: "ema" | "raw" | undefined;
  readonly seed?: number | undefined;
  readonly signal: AbortSignal;
  readonly progress: boolean;
}

/** Measures. */
export async function likelihood(model: AnyModel, rows: Measured, settings: LikelihoodSettings): Promise<Likelihood> {
  if (!("logProb" in model)) return { reason: "a flow of tokens has no density" };
  const { guidance, ...rest } = settings;
  const call = {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    ...(guidance !== undefined && { guidance: { scale: guidance } }),
    ...(rows.condition && { condition: rows.condition }),
  };
  try {
    const { logProb } = await model.logProb(rows.x, call);
    return await nll(logProb);
  } catch (error) {
    if (error instanceof ConfigError) return { reason: error.message };
    throw error;
  }
}
