// EnergyConditionalDiffusionModel: a diffusion model with an energy network of its own that can guide it.
// Lu et al. 2023, "Contrastive energy prediction for exact energy-guided diffusion sampling".
import type { Size } from "../generated/config.js";
import { GaussianModel } from "./gaussian-model.js";
import type { Kind } from "./network.js";
import type { EnergyConfigOf, PlainSize } from "./options.js";
import { loadedAs } from "./stored-model.js";

const kind: Kind = { name: "EnergyConditionalDiffusionModel", schema: "EnergyConfig" };

/**
 * A diffusion model of p with a network of an energy E at each time, so that `sample({ energy: { scale: 1 } })` gives samples of p·exp(E)
 * (Lu et al. 2023, contrastive energy prediction). `fit` trains the diffusion model. Without `energy` it samples p.
 *
 * @typeParam X - inferred from `xSize`
 * @typeParam C - inferred from `conditionSize`
 *
 * @example
 * ```ts
 * const model = new EnergyConditionalDiffusionModel({
 *   xSize: 2,
 *   path: { type: "linear_vp_sde" },
 *   model: { type: "noise_function", args: { backbone: mlp } },
 *   energyGuidance: { backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 64], outputSize: 1, activation: "silu" } } },
 * });
 * await model.fit(data, { steps: 5_000 });
 * const guided = await model.sample({ batchSize: 2_000, energy: { scale: 1 } });
 * ```
 */
export class EnergyConditionalDiffusionModel<
  const X extends Size = PlainSize,
  const C extends Size = never,
> extends GaussianModel<X, C, EnergyConfigOf<X, C>> {
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
  ): Promise<EnergyConditionalDiffusionModel<X, C>> {
    return loadedAs(kind, (config: EnergyConfigOf<X, C>) => new EnergyConditionalDiffusionModel(config), folder);
  }
}
