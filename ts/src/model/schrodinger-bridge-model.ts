// SchrodingerBridgeConditionalFlowModel: a velocity and a score, fitted together, between two distributions.
// Tong et al. 2024, "Simulation-free Schrödinger bridges via score and flow matching".
import type { Size } from "../generated/config.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Kind } from "./network.js";
import type { BridgeConfigOf, PairLossSettings, PlainSize } from "./options.js";
import { PairModel } from "./pair-model.js";
import type { StateOf } from "./state.js";
import { type LoadSettings, loadedAs } from "./stored-model.js";

const kind: Kind = { name: "SchrodingerBridgeConditionalFlowModel", schema: "BridgeConfig" };

/**
 * A Schrödinger bridge between a source at t = 0 and data at t = 1 (SF2M, Tong et al. 2024): Brownian bridges of diffusion `path.sigma` between
 * pairs that meet by optimal transport within each batch of `fit`. An ODE solver follows the velocity, an SDE solver the bridge itself.
 *
 * @typeParam X - inferred from `xSize`
 * @typeParam C - inferred from `conditionSize`
 *
 * @example
 * ```ts
 * const mlp = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 64], outputSize: 2, activation: "silu" } } as const;
 * const model = new SchrodingerBridgeConditionalFlowModel({
 *   xSize: 2,
 *   path: { sigma: 1 },
 *   velocityModel: { type: "velocity_function", args: { backbone: mlp } },
 *   scoreModel: { type: "score_function", args: { backbone: mlp } },
 * });
 * await model.fit({ x0, x1 }, { steps: 5_000 });
 * ```
 */
export class SchrodingerBridgeConditionalFlowModel<
  const X extends Size = PlainSize,
  const C extends Size = never,
> extends PairModel<X, C, BridgeConfigOf<X, C>> {
  /**
   * @param config - path, network, sizes
   * @throws ConfigError with the path of the field that is wrong; DeviceError where there is no such device
   */
  constructor(config: BridgeConfigOf<X, C>) {
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
  ): Promise<SchrodingerBridgeConditionalFlowModel<X, C>> {
    return loadedAs(
      kind,
      (config: BridgeConfigOf<X, C>) => new SchrodingerBridgeConditionalFlowModel(config),
      folder,
      settings,
    );
  }

  /**
   * ½‖−λ(t) s_θ − ε‖² of pairs as they stand: the score's part of the bridge's loss. A scalar, or `[N]` with `reduction: "none"`.
   */
  scoreMatchingLoss(x1: StateOf<X>, settings: PairLossSettings<X, C> = {}): Tensor {
    return this.pairLoss("score_matching", x1, settings);
  }

  /** Both parts of the bridge's loss, velocity and score; otherwise as {@link SchrodingerBridgeConditionalFlowModel.scoreMatchingLoss}. */
  bridgeMatchingLoss(x1: StateOf<X>, settings: PairLossSettings<X, C> = {}): Tensor {
    return this.pairLoss("bridge_matching", x1, settings);
  }
}
