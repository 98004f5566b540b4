// The negative log-likelihood of data, where the model has a density: of tables in their own units, those of the encoding being nobody's.
// Where it has none, what it says of that is the result.
import { type Estimate, nll } from "../../data/metrics.js";
import { ConfigError, DataError } from "../../errors.js";
import type { AnyModel } from "../../model/registry.js";
import { reasonOf } from "../../report/measures.js";
import type { Data } from "../data/kinds.js";
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
export async function likelihood(
  model: AnyModel,
  data: Data,
  rows: Measured,
  settings: LikelihoodSettings,
): Promise<Likelihood> {
  if (!("logProb" in model)) return { reason: "a flow of tokens has no density" };
  const { guidance, ...rest } = settings;
  const call = {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    ...(guidance !== undefined && { guidance: { scale: guidance } }),
    ...(rows.condition && data.kind === "tensors" && { condition: rows.condition }),
  };
  try {
    const { logProb } = await model.logProb((data.kind === "table" ? data.table : rows.x) as never, call);
    return await nll(logProb);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof DataError) return { reason: reasonOf(error.message) };
    throw error;
  }
}
