/**
 * Trains and samples diffusion and flow models on a native engine.
 *
 * Every public name: what it takes and gives, its errors, its source, and an example. What is not exported here is internal.
 *
 * @module
 */
import { native } from "./native.js";

// With a star, so that users can extend the interface Modules.
export * from "./config/modules.js";
export type { Cell } from "./data/cells.js";
export type { CategoryColumn, Column, ColumnType, DateColumn, NumberColumn, Value } from "./data/columns.js";
export { writeCsv } from "./data/csv.js";
export * as datasets from "./data/datasets/index.js";
export {
  type CategoryCodeSettings,
  type ColumnEncodingSettings,
  type EmbeddingSettings,
  type EncodingSettings,
  type Filling,
  fitEncoding,
  type MissingPolicy,
} from "./data/encoding/fit-encoding.js";
export { type ColumnPlace, type EncodeSettings, TableEncoding } from "./data/encoding/table-encoding.js";
export { readIdx } from "./data/idx.js";
export { type Images, type ReadImagesSettings, readImages } from "./data/images.js";
export * as metrics from "./data/metrics.js";
export { type ReadArraySettings, readNpy, writeNpy } from "./data/npy.js";
export { readNpz, writeNpz } from "./data/npz.js";
export { type ReadTableSettings, readTable } from "./data/read-table.js";
export { fromColumns, toRows } from "./data/rows.js";
export { type Row, type Split, type SplitSettings, Table } from "./data/table.js";
export {
  type AddonInfo,
  type CpuInfo,
  type CudaInfo,
  type Diagnosis,
  doctor,
  type GpuInfo,
  type LibraryInfo,
  type ProductRate,
} from "./doctor/doctor.js";
export type { ErrorCode, ErrorDetails } from "./errors.js";
export {
  AbortError,
  AddonError,
  CheckpointError,
  ConfigError,
  DataError,
  DeviceError,
  DisposedError,
  DTypeError,
  InternalError,
  MemoryError,
  ShapeError,
  SolverError,
  ThalwegError,
  TraceError,
  TrainingError,
} from "./errors.js";
export type * as config from "./generated/config.js";
export { jsonLinesLog } from "./log/json-lines-log.js";
export { type LoggedEvent, readLog } from "./log/read-log.js";
export { tensorBoardLog } from "./log/tensorboard-log.js";
export { DiffusionModel } from "./model/diffusion-model.js";
export { DiscreteFlowMatchingModel } from "./model/discrete-flow-model.js";
export type { DiscreteConfigOf, DiscreteSampleSettings } from "./model/discrete-options.js";
export type { Energy } from "./model/energy.js";
export { EnergyConditionalDiffusionModel } from "./model/energy-diffusion-model.js";
export {
  customPath,
  diffusionFunction,
  type FunctionOfTime,
  type Interval,
  type LogSchedule,
  type PlainSchedule,
  weightFunction,
} from "./model/expression.js";
export type { AnyConfigOf, FittedModel } from "./model/fitted-model.js";
export type { GaussianModel } from "./model/gaussian-model.js";
export type { GenerativeModel } from "./model/generative-model.js";
export {
  GuidedConditionalFlowModel,
  GuidedDiffusionModel,
  type GuidedSampleSettings,
  type GuidedSampleTableSettings,
  GuidedSchrodingerBridgeModel,
} from "./model/guided-models.js";
export { IndependentConditionalFlowModel } from "./model/independent-flow-model.js";
export type { JobSettings, SampleReport } from "./model/job.js";
export type { AnyConfig } from "./model/network.js";
export { OptimalTransportConditionalFlowModel } from "./model/optimal-transport-flow-model.js";
export type {
  BridgeConfigOf,
  CallSettings,
  Candidates,
  ConfigOf,
  Coupled,
  CoupleSettings,
  DensitySampleSettings,
  EnergyConfigOf,
  EnergyGuideSettings,
  EverySettings,
  FitSettings,
  FixedSampleSettings,
  FlowConfigOf,
  FlowSettings,
  ForwardSettings,
  Guide,
  GuideSettings,
  LogProbSettings,
  LossSettings,
  PairLossSettings,
  Pairs,
  PlainSize,
  RowSettings,
  SampleSettings,
  SampleTableSettings,
  Sizes,
  TablePairs,
  TracedLogProbSettings,
  TracedSampleSettings,
  ValidationSettings,
} from "./model/options.js";
export type { PairModel } from "./model/pair-model.js";
export { type AnyModel, load, type ModelClasses } from "./model/registry.js";
export type { DensityReport, LoadReport, ModelInfo, Normalization, SamplesWithDensity } from "./model/reports.js";
export { SchrodingerBridgeConditionalFlowModel } from "./model/schrodinger-bridge-model.js";
export type { StateOf } from "./model/state.js";
export type { LoadSettings, StoredModel } from "./model/stored-model.js";
export type { Batch, Stream } from "./model/stream.js";
export type { ParameterInfo } from "./model/summary.js";
export { type TrainStepReport, trainStep } from "./model/train-step.js";
export type { Weight } from "./model/weight.js";
export { functionalCall } from "./module/functional.js";
export * as init from "./module/init.js";
export { Module, type NamedParameter } from "./module/module.js";
export * as nn from "./module/nn/index.js";
export { Parameter, type ParameterOptions } from "./module/parameter.js";
export { type ConfigMaker, type ModuleClass, registerModule } from "./module/registry.js";
export type { DType, Mode, StepTime, Weights } from "./native/boundary.js";
export * as plot from "./plot/plot.js";
export { Report, report } from "./report/report.js";
export type { ReportSampling, ReportSettings } from "./report/settings.js";
export type { GuidedPair, Reported } from "./report/subject.js";
export type { Index, Range } from "./tensor/at.js";
export {
  type CompileOptions,
  compile,
  grad,
  jvp,
  stopGradient,
  type ValueAndGrad,
  type ValueAndTangent,
  valueAndGrad,
} from "./tensor/autodiff.js";
export type { Axes } from "./tensor/checks.js";
export type { ConvOptions, Convolved, ConvTransposeOptions } from "./tensor/convolution.js";
export {
  arange,
  type FillOptions,
  full,
  ones,
  type RandomOptions,
  rand,
  randn,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
} from "./tensor/create.js";
export type { IntegerArray, TypedArray } from "./tensor/dtype.js";
export { einsum } from "./tensor/einsum.js";
export type { Elementary } from "./tensor/elementary.js";
export type { Elementwise, Operand } from "./tensor/elementwise.js";
export { eye, linspace, meshgrid } from "./tensor/grid.js";
export type { Indexed } from "./tensor/indexing.js";
export { type IntegerOptions, randInt, randPerm } from "./tensor/integers.js";
export type { InterpolationMode } from "./tensor/interpolation.js";
export { fullLike, onesLike, randLike, randnLike, zerosLike } from "./tensor/like.js";
export type { Ordered, Sorted, SortOptions } from "./tensor/ordering.js";
export type { Padded, PaddingMode, PadOptions } from "./tensor/padding.js";
export type { AvgPoolOptions, MaxPoolOptions, Pooled } from "./tensor/pooling.js";
export type { AttentionOptions, Multiplied } from "./tensor/product.js";
export { type Profile, profile } from "./tensor/profile.js";
export type { NormOptions, Reduced, ReduceOptions, VarianceOptions } from "./tensor/reduction.js";
export type { InterpolateOptions, Resized } from "./tensor/resizing.js";
export type { Structural } from "./tensor/structure.js";
export { type NestedArray, Tensor } from "./tensor/tensor.js";
export { type Memory, memory, tidy } from "./tensor/tidy.js";
export type { Tree } from "./tensor/tree.js";
export type { FitEvent, FitReport } from "./train/events.js";
export type { FitLog, LogStart } from "./train/logs.js";
export { adam, adamw, type OptimizerSettings, sgd } from "./train/optimizer.js";
export { Run } from "./train/run.js";
export { constant, cosine, linear, type ScheduleSettings, warmupCosine } from "./train/schedule.js";
export { type LivePage, type LivePageSettings, livePage } from "./ui/live-page.js";
export type { PreviewSettings } from "./ui/previews.js";

/**
 * The version of the native addon, equal to the version of this package.
 *
 * @example
 * ```ts
 * const text = version(); // such as "0.1.0"
 * ```
 */
export function version(): string {
  return native.version();
}
