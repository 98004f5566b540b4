// The options of a flow of tokens, as users write them.
// Fit and losses share theirs with the other models; sampling is another algorithm with options of its own.
import type { DiscreteConfig, DiscreteSampleOptions, Size } from "../generated/config.js";
import type { JobSettings } from "./job.js";
import type { PlainSize, Sizes } from "./options.js";
import type { StateOf } from "./state.js";

/** The config of a flow of tokens whose state has size X and whose condition, if it takes one, has size C. */
export interface DiscreteConfigOf<X extends Size, C extends Size>
  extends Omit<DiscreteConfig, "xSize" | "conditionSize">,
    Sizes<X, C> {}

/** Options of {@link DiscreteFlowMatchingModel.sample}. */
export interface DiscreteSampleSettings<X extends Size = PlainSize, C extends Size = never>
  extends Omit<DiscreteSampleOptions, "trajectory">,
    JobSettings {
  /** Tokens to start from, i64 `[N, …]`: instead of masks or random tokens; of a model fitted between two sets, samples of its source. */
  readonly x0?: StateOf<X>;
  /** Conditions `[N, …]`, for conditional models; one with `conditionDropout` can do without. */
  readonly condition?: StateOf<C>;
}
