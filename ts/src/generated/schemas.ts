// Validators of configs, written by scripts/generate-schemas.mjs from the Rust types that read them.
// Do not edit: it is rewritten whenever the addon is built.
import type { Kit, Schema } from "../config/kit.js";

/** Every validator by name. */
export function validators(kit: Kit) {
  const Size: Schema = kit.either([kit.number({ integer: true, min: 0 }), kit.list(kit.number({ integer: true, min: 0 })), kit.record(kit.later(() => Size))]);
  const Precision: Schema = kit.names("f32", "f64");
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
  const Parameterization: Schema = kit.names("score_function", "noise_function", "velocity_function", "data_prediction_function");
  const NetworkConfig: Schema = kit.object({ args: IntrinsicConfig, type: Parameterization });
  const Path: Schema = kit.tagged([kit.object({ beta0: kit.optional(kit.number()), beta1: kit.optional(kit.number()), type: kit.names("linear_vp_sde") }), kit.object({ type: kit.names("linear") }), kit.object({ type: kit.names("gvp") })]);
  const Method: Schema = kit.names("euler", "midpoint", "heun2", "rk4", "dopri5");
  const OdeSolver: Schema = kit.object({ atol: kit.optional(kit.number({ above: 0 })), maxSteps: kit.optional(kit.number({ integer: true, min: 1 })), method: kit.optional(Method), rtol: kit.optional(kit.number({ above: 0 })), steps: kit.optional(kit.number({ integer: true, min: 1 })) });
  const SdeMethod: Schema = kit.names("euler_maruyama");
  const SdeSolver: Schema = kit.object({ method: kit.optional(SdeMethod), steps: kit.optional(kit.number({ integer: true, min: 1 })) });
  const SolverConfig: Schema = kit.tagged([kit.object({ args: OdeSolver, type: kit.names("ODESolver") }), kit.object({ args: SdeSolver, type: kit.names("SDESolver") })]);
  const DiffusionConfig: Schema = kit.object({ conditionSize: kit.optional(Size), device: kit.optional(kit.text()), dtype: kit.optional(Precision), model: NetworkConfig, path: Path, seed: kit.optional(kit.number({ integer: true })), solver: kit.optional(SolverConfig), xSize: Size });
  const Saving: Schema = kit.object({ dir: kit.text(), every: kit.number({ integer: true, min: 0 }) });
  const EarlyStop: Schema = kit.object({ minDelta: kit.optional(kit.number()), patience: kit.number({ integer: true, min: 0 }) });
  const Ema: Schema = kit.either([kit.number(), kit.object({ decay: kit.number(), warmup: kit.optional(kit.boolean()) })]);
  const Every: Schema = kit.object({ steps: kit.number({ integer: true, min: 0 }) });
  const LastBatch: Schema = kit.names("drop", "keep");
  const ObjectiveKind: Schema = kit.names("score_matching", "flow_matching");
  const Weighting: Schema = kit.names("vanilla", "likelihood");
  const Objective: Schema = kit.object({ type: ObjectiveKind, weighting: kit.optional(Weighting) });
  const Loss: Schema = kit.either([ObjectiveKind, Objective]);
  const ScheduleConfig: Schema = kit.tagged([kit.object({ rate: kit.number(), type: kit.names("constant") }), kit.object({ end: kit.number(), start: kit.number(), steps: kit.number({ integer: true, min: 0 }), type: kit.names("linear") }), kit.object({ final: kit.optional(kit.number()), peak: kit.number(), steps: kit.number({ integer: true, min: 0 }), type: kit.names("cosine") }), kit.object({ final: kit.optional(kit.number()), peak: kit.number(), steps: kit.number({ integer: true, min: 0 }), type: kit.names("warmupCosine"), warmup: kit.optional(kit.number({ integer: true, min: 0 })) })]);
  const LearningRate: Schema = kit.either([kit.number(), ScheduleConfig]);
  const Optimizer: Schema = kit.tagged([kit.object({ betas: kit.optional(kit.tuple([kit.number(), kit.number()])), clipNorm: kit.optional(kit.number()), eps: kit.optional(kit.number()), lr: kit.optional(LearningRate), type: kit.names("adamw"), weightDecay: kit.optional(kit.number()) }), kit.object({ betas: kit.optional(kit.tuple([kit.number(), kit.number()])), clipNorm: kit.optional(kit.number()), eps: kit.optional(kit.number()), lr: kit.optional(LearningRate), type: kit.names("adam"), weightDecay: kit.optional(kit.number()) }), kit.object({ clipNorm: kit.optional(kit.number()), lr: kit.optional(LearningRate), momentum: kit.optional(kit.number()), nesterov: kit.optional(kit.boolean()), type: kit.names("sgd"), weightDecay: kit.optional(kit.number()) })]);
  const Validation: Schema = kit.object({ every: kit.number({ integer: true, min: 0 }) });
  const FitOptions: Schema = kit.object({ accumulate: kit.optional(kit.number({ integer: true, min: 0 })), batchSize: kit.optional(kit.number({ integer: true, min: 0 })), best: kit.optional(kit.text()), checkpoint: kit.optional(Saving), earlyStop: kit.optional(EarlyStop), ema: kit.optional(kit.nullable(Ema)), epochs: kit.optional(kit.number({ integer: true, min: 0 })), every: kit.optional(Every), frozen: kit.optional(kit.list(kit.text())), lastBatch: kit.optional(LastBatch), loss: kit.optional(Loss), normalize: kit.optional(kit.boolean()), optimizer: kit.optional(Optimizer), resume: kit.optional(kit.boolean()), seed: kit.optional(kit.number({ integer: true })), steps: kit.optional(kit.number({ integer: true, min: 0 })), validation: kit.optional(Validation) });
  const BatchSize: Schema = kit.either([kit.number({ integer: true, min: 0 }), kit.list(kit.number({ integer: true, min: 0 }))]);
  const Diffusion: Schema = kit.tagged([kit.object({ type: kit.names("zero") }), kit.object({ type: kit.names("g") }), kit.object({ type: kit.names("constant"), value: kit.number() }), kit.object({ type: kit.names("sigma") }), kit.object({ type: kit.names("linear") }), kit.object({ factor: kit.number(), type: kit.names("g_scaled") })]);
  const Weights: Schema = kit.names("ema", "raw");
  const SampleOptions: Schema = kit.object({ batchSize: kit.optional(BatchSize), diffusion: kit.optional(Diffusion), forward: kit.optional(kit.boolean()), seed: kit.optional(kit.number({ integer: true })), solver: kit.optional(SolverConfig), tSpan: kit.optional(kit.list(kit.number())), trajectory: kit.optional(kit.boolean()), weights: kit.optional(Weights) });
  return { DiffusionConfig, FitOptions, Objective, Optimizer, SampleOptions };
}
