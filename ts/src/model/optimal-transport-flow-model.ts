// OptimalTransportConditionalFlowModel: a flow whose source samples and data meet by optimal transport within each batch.
// Tong et al. 2024, "Improving and generalizing flow-based generative models with minibatch optimal transport".
import type { Size } from "../generated/config.js";
import type { Kind } from "./network.js";
import type { FlowConfigOf, PlainSize } from "./options.js";
import { PairModel } from "./pair-model.js";
import { type LoadSettings, loadedAs } from "./stored-model.js";

const kind: Kind = { name: "OptimalTransportConditionalFlowModel", schema: "FlowConfig" };

/**
 * A flow from a source at t = 0 to data at t = 1, whose ends meet by optimal transport within each batch of `fit` (OT-CFM, Tong et al. 2024), so that
 * paths are nearly straight. `coupling` chooses another plan; a loss takes pairs as they stand.
 *
 * @typeParam X - inferred from `xSize`
 * @typeParam C - inferred from `conditionSize`
 *
 * @example
 * ```ts
 * const mlp = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 64], outputSize: 2, activation: "silu" } } as const;
 * const model = new OptimalTransportConditionalFlowModel({
 *   xSize: 2,
 *   model: { type: "velocity_function", args: { backbone: mlp } },
 * });
 * await model.fit(data, { steps: 5_000 }); // from the standard normal distribution
 * ```
 */
export class OptimalTransportConditionalFlowModel<
  const X extends Size = PlainSize,
  const C extends Size = never,
> extends PairModel<X, C, FlowConfigOf<X, C>> {
  /**
   * @param config - path, network, sizes
   * @throws ConfigError with the path of the field that is wrong; DeviceError where there is no such device
   */
  constructor(config: FlowConfigOf<X, C>) {
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
  ): Promise<OptimalTransportConditionalFlowModel<X, C>> {
    return loadedAs(
      kind,
      (config: FlowConfigOf<X, C>) => new OptimalTransportConditionalFlowModel(config),
      folder,
      settings,
    );
  }
}
