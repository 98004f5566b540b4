// EnergyConditionalDiffusionModel: a diffusion model with an energy network of its own that can guide it.
// Lu et al. 2023, "Contrastive energy prediction for exact energy-guided diffusion sampling".
import { optionsOf } from "../config/options.js";
import { InternalError } from "../errors.js";
import type { Size } from "../generated/config.js";
import type { Tensor } from "../tensor/tensor.js";
import { GaussianModel } from "./gaussian-model.js";
import type { Lists } from "./lists.js";
import type { Kind } from "./network.js";
import type { CallSettings, Candidates, EnergyConfigOf, LossSettings, PlainSize } from "./options.js";
import { candidateNames } from "./settings.js";
import { isRecordOf, type StateOf, tensorsOf } from "./state.js";
import { type LoadSettings, loadedAs } from "./stored-model.js";

const kind: Kind = { name: "EnergyConditionalDiffusionModel", schema: "EnergyConfig" };

/**
 * A diffusion model of p with a network of an energy E at each time, so that `sample({ energy: { scale: 1 } })` gives samples of p·exp(E)
 * (Lu et al. 2023, contrastive energy prediction). Without `energy` it samples p.
 *
 * Two fits train it: a plain one the diffusion model, and one of candidates with `loss: "energy_matching"` the energy network; neither touches the parameters
 * of the other. Energies are given as numbers, so that they may come from anywhere. On paths whose s is 0 at the noise (linear, gvp) the first steps multiply what the
 * energy network misses by 1/s; linear_vp_sde, whose s stays above 0.006, is the milder choice.
 *
 * @typeParam X - inferred from `xSize`
 * @typeParam C - inferred from `conditionSize`
 *
 * @example
 * ```ts
 * const mlp = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 64], outputSize: 2, activation: "silu" } } as const;
 * const model = new EnergyConditionalDiffusionModel({
 *   xSize: 2,
 *   path: { type: "linear_vp_sde" },
 *   model: { type: "noise_function", args: { backbone: mlp } },
 *   energyGuidance: { backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 64], outputSize: 1, activation: "silu" } } },
 * });
 * await model.fit(data, { steps: 5_000 });
 * const candidates = randn([64, 8, 2], { seed: 1 }); // [N, K, 2]: K samples of p at a time
 * const energy = candidates.square().sum(2).neg(); // [N, K]: how good each is
 * await model.fit({ x: candidates, energy }, { loss: "energy_matching", steps: 5_000 });
 * const guided = await model.sample({ batchSize: 2_000, energy: { scale: 1 } });
 * ```
 */
export class EnergyConditionalDiffusionModel<
  const X extends Size = PlainSize,
  const C extends Size = never,
> extends GaussianModel<X, C, EnergyConfigOf<X, C>, StateOf<X> | Candidates<X>> {
  /**
   * @param config - path, network, sizes
   * @throws ConfigError with the path of the field that is wrong; DeviceError where there is no such device
   */
  constructor(config: EnergyConfigOf<X, C>) {
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
  ): Promise<EnergyConditionalDiffusionModel<X, C>> {
    return loadedAs(
      kind,
      (config: EnergyConfigOf<X, C>) => new EnergyConditionalDiffusionModel(config),
      folder,
      settings,
    );
  }

  /** @internal */
  protected override groups(what: string, data: StateOf<X> | Candidates<X>): Lists {
    return isCandidates(data, this.config.xSize) ? this.#candidates(what, data) : { x: this.leaves(what, data) };
  }

  #candidates(what: string, data: Candidates<X>): Lists {
    const { x, energy } = optionsOf(what, data, candidateNames);
    return { x: this.leaves(`${what}.x`, x), energy: tensorsOf(`${what}.energy`, energy, 1) };
  }

  /**
   * −Σ_k w_k·log softmax_k E(t, x_t^k): contrastive energy prediction among the K candidates of a row, which are noised to one time. The weights w follow from
   * the energies (`energy: { alpha, weights }`). A scalar, or `[N]` with `reduction: "none"`. Traced within {@link trainStep}.
   *
   * @throws ShapeError where candidates and energies do not belong together
   */
  energyMatchingLoss(data: Candidates<X>, settings: LossSettings<C> = {}): Tensor {
    return this.loss("energy_matching", this.#candidates("data", data), settings);
  }

  /**
   * The model's energy `[N]` at times t (a number, or `[N]`) and states x `[N, …]`, in the units that the network sees: once fitted, log E[exp(αE(x₀)) | x_t = x]
   * up to a function of t and of the condition.
   *
   * @throws DataError for times that are negative or not finite; ShapeError for shapes that do not fit
   */
  energyFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): Tensor {
    const [energy] = this.evaluated(t, x, settings, {
      now: (model, given) => [model.energy(...given)],
      inTrace: (model, given) => [model.traceEnergy(...given)],
    });
    if (energy === undefined) throw new InternalError("an energy gave no tensor");
    return energy;
  }
}

/** Whether data are candidates: an object with x and energy, unless these are the names of the state's own parts. */
function isCandidates<X extends Size>(data: StateOf<X> | Candidates<X>, xSize: X): data is Candidates<X> {
  return isRecordOf(["x", "energy"], data, xSize);
}
