// DiffusionModel: data become noise along a Gaussian path, and a network undoes it.
// Its losses are those of any Gaussian path; the rest is what all models have.
import type { Size } from "../generated/config.js";
import { GaussianModel } from "./gaussian-model.js";
import type { Kind } from "./network.js";
import type { ConfigOf, PlainSize } from "./options.js";
import { type LoadSettings, loadedAs } from "./stored-model.js";

const kind: Kind = { name: "DiffusionModel", schema: "DiffusionConfig" };

/**
 * A diffusion model: x_t = s(t) x₀ + σ(t) ε from data at t = 0 to noise, and a network that undoes it.
 *
 * @typeParam X - inferred from `xSize`: it decides whether states are tensors or objects of tensors
 * @typeParam C - the same of `conditionSize`
 *
 * @example
 * ```ts
 * const model = new DiffusionModel({
 *   xSize: 2,
 *   path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
 *   model: {
 *     type: "noise_function",
 *     args: {
 *       tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 30 } },
 *       backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [512, 256, 128], outputDim: 2, tDim: 32 } },
 *     },
 *   },
 * });
 * await model.fit(data, { steps: 5_000 });
 * const samples = await model.sample({ batchSize: 2_000, seed: 1 }); // Tensor [2000, 2]
 * ```
 */
export class DiffusionModel<const X extends Size = PlainSize, const C extends Size = never> extends GaussianModel<
  X,
  C,
  ConfigOf<X, C>
> {
  /**
   * @param config - path, network, sizes
   * @throws ConfigError with the path of the field that is wrong; DeviceError where there is no such device
   */
  constructor(config: ConfigOf<X, C>) {
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
  ): Promise<DiffusionModel<X, C>> {
    return loadedAs(kind, (config: ConfigOf<X, C>) => new DiffusionModel(config), folder, settings);
  }
}
