// Validators of configs, written by scripts/generate-schemas.mjs from the Rust types that read them.
// Do not edit: it is rewritten whenever the addon is built.
import type { Kit, Schema } from "../config/kit.js";

/** Every validator by name. */
export function validators(kit: Kit) {
  const Activation: Schema = kit.names("mish", "tanh", "relu", "softplus", "elu", "selu", "silu", "swish", "gelu", "gelu_tanh", "square", "identity");
  const Activations: Schema = kit.either([Activation, kit.list(Activation)]);
  const FirstNorm: Schema = kit.names("first");
  const Norms: Schema = kit.either([kit.boolean(), FirstNorm]);
  const MultiLayerPerceptronConfig: Schema = kit.object({ activation: Activations, dropout: kit.optional(kit.number({ min: 0, max: 1 })), finalActivation: kit.optional(Activation), hiddenSizes: kit.list(kit.number({ integer: true, min: 0 }), { min: 1 }), layernorm: kit.optional(Norms), outputSize: kit.number({ integer: true, min: 1 }), scale: kit.optional(kit.number()), shrink: kit.optional(kit.number({ min: 0 })) });
  const ConcatenateMlpConfig: Schema = MultiLayerPerceptronConfig;
  const TemporalSpatialResidualNetConfig: Schema = kit.object({ conditionDim: kit.optional(kit.number({ integer: true, min: 0 })), conditionHiddenDim: kit.optional(kit.number({ integer: true, min: 1 })), hiddenSizes: kit.list(kit.number({ integer: true, min: 0 }), { min: 1 }), inputDim: kit.optional(kit.number({ integer: true, min: 1 })), outputDim: kit.number({ integer: true, min: 1 }), tConditionHiddenDim: kit.optional(kit.number({ integer: true, min: 1 })), tDim: kit.number({ integer: true, min: 1 }) });
  const BackboneConfig: Schema = kit.tagged([kit.object({ args: MultiLayerPerceptronConfig, type: kit.names("MultiLayerPerceptron") }), kit.object({ args: ConcatenateMlpConfig, type: kit.names("ConcatenateMLP") }), kit.object({ args: TemporalSpatialResidualNetConfig, type: kit.names("TemporalSpatialResidualNet") })], "BackboneConfig");
  const GaussianFourierProjectionTimeEncoderConfig: Schema = kit.object({ embedDim: kit.number({ integer: true, min: 2 }), requiresGrad: kit.optional(kit.boolean()), scale: kit.optional(kit.number({ min: 0 })) });
  const GaussianFourierProjectionEncoderConfig: Schema = kit.object({ embedDim: kit.number({ integer: true, min: 2 }), flatten: kit.optional(kit.boolean()), scale: kit.optional(kit.number({ min: 0 })), xShape: kit.list(kit.number({ integer: true, min: 0 })) });
  const ExponentialFourierProjectionTimeEncoderConfig: Schema = kit.object({ frequencyEmbeddingSize: kit.optional(kit.number({ integer: true, min: 2 })), hiddenSize: kit.number({ integer: true, min: 1 }), timeFactor: kit.optional(kit.number()) });
  const SinusoidalPosEmbConfig: Schema = kit.object({ dim: kit.number({ integer: true, min: 4 }) });
  const EncoderConfig: Schema = kit.tagged([kit.object({ args: GaussianFourierProjectionTimeEncoderConfig, type: kit.names("GaussianFourierProjectionTimeEncoder") }), kit.object({ args: GaussianFourierProjectionEncoderConfig, type: kit.names("GaussianFourierProjectionEncoder") }), kit.object({ args: ExponentialFourierProjectionTimeEncoderConfig, type: kit.names("ExponentialFourierProjectionTimeEncoder") }), kit.object({ args: SinusoidalPosEmbConfig, type: kit.names("SinusoidalPosEmb") })]);
  const IntrinsicConfig: Schema = kit.object({ backbone: BackboneConfig, conditionEncoder: kit.optional(EncoderConfig), tEncoder: kit.optional(EncoderConfig), xEncoder: kit.optional(EncoderConfig) });
  const Path: Schema = kit.tagged([kit.object({ beta0: kit.optional(kit.number()), beta1: kit.optional(kit.number()), type: kit.names("linear_vp_sde") }), kit.object({ type: kit.names("linear") }), kit.object({ type: kit.names("gvp") })]);
  const Method: Schema = kit.names("euler", "midpoint", "heun2", "rk4", "dopri5");
  const OdeSolver: Schema = kit.object({ atol: kit.optional(kit.number({ above: 0 })), maxSteps: kit.optional(kit.number({ integer: true, min: 1 })), method: kit.optional(Method), rtol: kit.optional(kit.number({ above: 0 })), steps: kit.optional(kit.number({ integer: true, min: 1 })) });
  const SdeMethod: Schema = kit.names("euler_maruyama");
  const SdeSolver: Schema = kit.object({ method: kit.optional(SdeMethod), steps: kit.optional(kit.number({ integer: true, min: 1 })) });
  const SolverConfig: Schema = kit.tagged([kit.object({ args: OdeSolver, type: kit.names("ODESolver") }), kit.object({ args: SdeSolver, type: kit.names("SDESolver") })]);
  const Size: Schema = kit.either([kit.number({ integer: true, min: 0 }), kit.list(kit.number({ integer: true, min: 0 })), kit.record(kit.later(() => Size))]);
  const DiffusionConfig: Schema = kit.object({ model: IntrinsicConfig, path: Path, solver: kit.optional(SolverConfig), tSpan: kit.optional(kit.list(kit.number())), xSize: Size });
  return { DiffusionConfig };
}
