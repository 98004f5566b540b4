// DiscreteFlowMatchingModel: a flow whose states are tokens: texts, labels, quantised images.
// Gat et al. 2024, "Discrete flow matching"; Campbell et al. 2024, "Generative flows on discrete state-spaces".
import { optionsOf } from "../config/options.js";
import { validate } from "../config/validate.js";
import type { Size } from "../generated/config.js";
import { handleOf, type Tensor } from "../tensor/tensor.js";
import type { DiscreteConfigOf, DiscreteSampleSettings } from "./discrete-options.js";
import { FittedModel } from "./fitted-model.js";
import { grouped } from "./groups.js";
import { checkJob, finished } from "./job.js";
import { type Lists, mapped, rowsOf } from "./lists.js";
import type { Kind } from "./network.js";
import type { CallSettings, PairLossSettings, Pairs, PlainSize } from "./options.js";
import { pairGroups } from "./pair-model.js";
import { pairLossNames, refuseOptions, settingsOf } from "./settings.js";
import type { StateOf } from "./state.js";
import { type LoadSettings, loadedAs, networkOf } from "./stored-model.js";

const kind: Kind = { name: "DiscreteFlowMatchingModel", schema: "DiscreteConfig" };

/**
 * A flow of tokens (Gat et al. 2024): from masks, or random tokens, at t = 0 to data at t = 1. At time t each token is the datum's with probability κ(t)
 * (`path`); the network tells, of each position, how likely each token of the `vocabulary` is there, given all of the state.
 *
 * States are i64 tensors `[N, …xSize]` of tokens 0 … V − 1; the mask is V and only appears on the way. A built-in backbone sees the tokens of all positions as one
 * vector (`tokens`: one-hot, or learned embeddings) and must give as many numbers as there are positions times V. A module written in TypeScript sees the
 * i64 tokens themselves and gives logits `[B, …xSize, V]`.
 *
 * @typeParam X - inferred from `xSize`
 * @typeParam C - inferred from `conditionSize`
 *
 * @example
 * ```ts
 * const texts = zeros([64, 16], { dtype: "i64" });
 * const model = new DiscreteFlowMatchingModel({
 *   xSize: 16, // 16 tokens
 *   vocabulary: 4,
 *   model: {
 *     type: "data_prediction_function",
 *     args: { backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [16 * 4 + 1, 128], outputSize: 16 * 4, activation: "silu" } } },
 *   },
 * });
 * await model.fit(texts, { steps: 5_000 }); // i64 [N, 16]
 * const samples = await model.sample({ batchSize: 100, sampler: { steps: 64, temperature: 0.9 } }); // i64 [100, 16]
 * ```
 */
export class DiscreteFlowMatchingModel<
  const X extends Size = PlainSize,
  const C extends Size = never,
> extends FittedModel<X, C, DiscreteConfigOf<X, C>, StateOf<X> | Pairs<X>> {
  /**
   * @param config - vocabulary, path, network, sizes
   * @throws ConfigError with the path of the field that is wrong; DeviceError where there is no such device
   */
  constructor(config: DiscreteConfigOf<X, C>) {
    super(kind, config);
  }

  /**
   * The model of a folder that {@link StoredModel.save} wrote, ready to sample or to go on training. Modules of its
   * config must be registered before.
   *
   * @throws CheckpointError where the folder holds a model of another class, is damaged or incomplete
   */
  static load<X extends Size = PlainSize, C extends Size = PlainSize>(
    folder: string,
    settings: LoadSettings = {},
  ): Promise<DiscreteFlowMatchingModel<X, C>> {
    return loadedAs(kind, (config: DiscreteConfigOf<X, C>) => new DiscreteFlowMatchingModel(config), folder, settings);
  }

  /** @internal */
  protected override groups(what: string, data: StateOf<X> | Pairs<X>): Lists {
    return pairGroups(what, data, this.config.xSize);
  }

  /**
   * −log p̂(x₁ | x_t), summed over positions, at random times; tokens `x1 [N, …xSize]`. With `positions: "masked"` only masked positions count. A scalar, or
   * `[N]` with `reduction: "none"`. Traced within {@link trainStep}.
   */
  flowMatchingLoss(x1: StateOf<X>, settings: PairLossSettings<X, C> = {}): Tensor {
    const { x0, ...rest } = optionsOf("flow_matching", settings, pairLossNames);
    const data = { x: this.leaves("x1", x1), x0: x0 === undefined ? [] : this.leaves("x0", x0) };
    return this.loss("flow_matching", data, rest);
  }

  async #sampled(settings: DiscreteSampleSettings<X, C>, trajectory: boolean): Promise<StateOf<X>> {
    const { x0, condition, signal, progress, onReport, ...rest } = settingsOf("sample", settings, "batchSize");
    const job = { signal, progress, onReport };
    refuseOptions(settings, ["trajectory"]);
    const options = { ...rest, trajectory };
    validate("DiscreteSampleOptions", options);
    checkJob("sample", job);
    const starts = x0 === undefined ? [] : this.leaves("x0", x0);
    const conditions = this.conditions(condition);
    const first = [...starts, ...conditions];
    const network = networkOf(this);
    network.training.beforeSampling(this, () => this.parameters().length > 0);
    network.prepare({ kind: "sample", options, given: first.length === 0 ? undefined : rowsOf(first) });
    const lists = grouped(mapped({ x0: starts, condition: conditions }, handleOf));
    const run = network.native.sampleTokens(JSON.stringify(options), ...lists);
    const { tensors } = await finished(run, job);
    return this.state(tensors);
  }

  /**
   * Samples tokens, i64, by steps of the Markov chain that carries the source to the data (`sampler`). Shapes are those of {@link GenerativeModel.sample}: nothing →
   * `[…D]`; `batchSize` B → `[B…, …D]`; N conditions or N starts → `[N, …D]`; both → `[B…, N, …D]`. Row i depends on the seed and on i alone.
   *
   * @throws ConfigError for wrong options; DataError for starts that are no tokens; AbortError where the signal ended it
   *
   * @example
   * ```ts
   * const backbone = { type: "MultiLayerPerceptron", args: { hiddenSizes: [7, 32], outputSize: 6, activation: "silu" } } as const;
   * const model = new DiscreteFlowMatchingModel({ xSize: 2, vocabulary: 3, model: { type: "data_prediction_function", args: { backbone } } });
   * const samples = await model.sample({ batchSize: [4, 25], seed: 1, sampler: { steps: 20, stochasticity: 1 } });
   * samples.shape; // [4, 25, 2]
   * ```
   */
  sample(settings: DiscreteSampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.#sampled(settings, false);
  }

  /** As {@link DiscreteFlowMatchingModel.sample}, with the tokens at all times of `tSpan` along a first dimension. */
  sampleForwardProcess(settings: DiscreteSampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.#sampled(settings, true);
  }

  /**
   * What the network says: logits of p(x₁ | x_t = x) at times t in [0, 1] (a number, or `[N]`) and tokens x `[N, …]`, which may be masks; `[N, …, V]`.
   *
   * @throws DataError for times that are negative or not finite, or numbers that are no tokens; ShapeError for shapes that do not fit
   */
  logits(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.quantity("data", t, x, settings);
  }
}
