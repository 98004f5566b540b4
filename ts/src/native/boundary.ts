// What the addon exports, with the types that TypeScript relies on; the Rust side is crates/node/src/exports.
// Written by hand because napi knows no literal types; a type test holds it against generated/addon.ts.

/** Element type of a tensor. */
export type DType = "f32" | "f64" | "bf16" | "i64" | "bool";

/** `train` draws dropout masks, `sample` does not. */
export type Mode = "train" | "sample";

/** The four quantities that a network may predict and that follow from each other. */
export type Quantity = "score" | "noise" | "velocity" | "data";

/** Weights that a job reads: the moving average where there is one, or what the optimiser works on. */
export type Weights = "ema" | "raw";

/** A concrete tensor on a device. */
export interface NativeTensor {
  readonly shape: number[];
  readonly dtype: DType;
  readonly disposed: boolean;
  /** Little-endian bytes (bf16 as f32), once every op before it has run. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
  /** Another handle of the same storage. */
  fork(): NativeTensor;
  dispose(): void;
}

/** A large tensor that is made in pieces, so that no call takes long. */
export interface NativeTensorWriter {
  write(bytes: Uint8Array): void;
  finish(): NativeTensor;
}

/** A value of a graph that is being recorded. */
export interface TracedValue {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: number[];
}

/** A graph that is being recorded. */
export interface NativeTrace {
  input(name: string, dtype: DType, shape: number[]): TracedValue;
  capture(tensor: NativeTensor): TracedValue;
  constant(value: number, dtype: DType, shape: number[]): TracedValue;
  /** A constant of these elements, which become part of the graph: meant for few. */
  literal(data: Uint8Array, dtype: DType, shape: number[]): TracedValue;
  op(op: string, attrs: string, inputs: number[]): TracedValue[];
  enter(scope: string): void;
  exit(): void;
  grad(output: number, wrt: number[]): TracedValue[];
  jvp(outputs: number[], wrt: number[], tangents: number[]): TracedValue[];
  finish(outputs: number[]): NativeGraph;
}

/** A recorded graph; compiled at its first run. */
export interface NativeGraph {
  inputs(): { name: string; dtype: DType; shape: number[] }[];
  nodes(): number;
  show(): string;
  /** Results for inputs that were declared, in their order; captured tensors are known. */
  run(inputs: NativeTensor[]): NativeTensor[];
}

/** A job on a worker thread. */
export interface NativeRun {
  /** The next event as JSON, at most ten a second; null at the end. */
  next(): Promise<string | null>;
  stop(): void;
  /** Goes on after an event with `paused`. */
  resume(): void;
  /** The final report as JSON; rejects where the job failed. */
  wait(): Promise<string>;
  /** More rows for a streamed fit, of the pass `epoch` over the data: true once training on them begins, false where the run ended before. */
  feed(groups: string, tensors: NativeTensor[], epoch: number): Promise<boolean>;
  /** No more rows will come. */
  complete(): void;
  tensors(): NativeTensor[];
}

/** What equal steps of compiled programs took: a product, a convolution, a fused pass over elements, a copy, an op. */
export interface StepTime {
  /** The step in words, with its sizes. */
  readonly step: string;
  /** How often it ran. */
  readonly count: number;
  /** Seconds in all, of all threads that took part. */
  readonly seconds: number;
  /** Floating-point operations in all, of products and convolutions. */
  readonly flops: number;
  /** Bytes read and written in all, by products and passes. */
  readonly bytes: number;
  /**
   * Seconds that it would take at the machine's limits: operations at the rate of large matrix products, or bytes at the
   * rate of copying, whichever is slower. Absent where neither is counted.
   */
  readonly limit?: number;
}

/** Where the time of programs went. */
export interface NativeProfile {
  readonly threads: number;
  readonly productRate: number;
  readonly cacheRate: number;
  readonly memoryRate: number;
  readonly steps: StepTime[];
}

/** The parameters of a module that is trained by itself. */
export interface NativeParameters {
  /** Replaces all values, behind the jobs that are there. */
  set(values: NativeTensor[]): void;
  /** All values behind the jobs that are there. */
  values(): NativeTensor[];
  /** All parameters as inputs of a recording, by reference. */
  bind(trace: NativeTrace): TracedValue[];
  trainStep(graph: NativeGraph, optimizer: string): NativeTrainStep;
}

/** A training step of the user's own loss. */
export interface NativeTrainStep {
  step(inputs: NativeTensor[]): Promise<string>;
}

/** A model: parameters, optimiser state and the jobs that use them. */
export interface NativeModel {
  config(): string;
  parameters(): string;
  /** Forwards that must be traced before this job, as JSON. */
  needs(kind: string): string;
  provide(key: string, graph: NativeGraph): void;
  /** Groups: `x`, `x0`, `condition`, `sampleWeight`, `energy`, and the same below `validation.`. A `streamed` run is fed with more rows. */
  fit(options: string, groups: string, tensors: NativeTensor[], weight?: NativeGraph, streamed?: boolean): NativeRun;
  /** Groups: `x0`, `condition`, `fixedX`, `fixedMask`. `energies` are graphs of one energy, for each of `sampleRows`; `other` is a model that guides. */
  sample(
    options: string,
    groups: string,
    tensors: NativeTensor[],
    energies: NativeGraph[],
    other?: NativeModel,
  ): NativeRun;
  /** Groups: `x0` (the data), `condition`. */
  logProb(options: string, groups: string, tensors: NativeTensor[]): NativeRun;
  /** Groups: `x`, `x0`, `condition`, `sampleWeight`, `energy`; `x` is first. */
  loss(options: string, groups: string, tensors: NativeTensor[], weight?: NativeGraph): NativeTensor;
  call(name: Quantity, t: NativeTensor, x: NativeTensor[], condition: NativeTensor[], weights: Weights): NativeTensor[];
  traceLoss(trace: NativeTrace, options: string, groups: string, ids: number[], weight?: NativeGraph): TracedValue;
  /** Groups: `t`, `x`, `condition`. */
  traceCall(trace: NativeTrace, name: Quantity, groups: string, ids: number[]): TracedValue[];
  /** Groups: `x0`, `condition`; the leaves, then the log density if it was asked for. */
  traceSample(
    trace: NativeTrace,
    options: string,
    groups: string,
    ids: number[],
    energies: NativeGraph[],
  ): TracedValue[];
  /** Groups: `x0` (the data), `condition`. */
  traceLogProb(trace: NativeTrace, options: string, groups: string, ids: number[]): TracedValue[];
  /** Groups: `x0`, `x`, `condition`. Rows of x0, and the rows of x that they meet, as i64. */
  couple(seed: number, groups: string, tensors: NativeTensor[]): NativeTensor[];
  /** Groups: `x0` (i64), `condition`; of a flow of tokens. */
  sampleTokens(options: string, groups: string, tensors: NativeTensor[]): NativeRun;
  /** The model's own energy. */
  energy(t: NativeTensor, x: NativeTensor[], condition: NativeTensor[], weights: Weights): NativeTensor;
  /** Groups: `t`, `x`, `condition`. */
  traceEnergy(trace: NativeTrace, groups: string, ids: number[]): TracedValue;
  trainStep(graph: NativeGraph, optimizer: string): NativeTrainStep;
  save(folder: string): Promise<void>;
  load(folder: string): Promise<string>;
  importWeights(file: string, strict: boolean): Promise<string>;
  stateDict(weights: Weights): NativeTensor[];
  loadStateDict(names: string[], tensors: NativeTensor[], strict: boolean): Promise<string>;
  posthocEma(sigmaRel: number): NativeTensor[];
  usePosthocEma(sigmaRel: number): Promise<string>;
  info(): Promise<string>;
  moveTo(device: string): void;
  dispose(): void;
}

/** The exports of every addon. */
export interface Boundary {
  version(): string;
  /** What runs JavaScript, the addon's file, and why it is not the one with CUDA; the first call counts. */
  hostAddon(node: string, addon: string, without?: string): void;
  /** The device that jobs for this one run on, such as "cuda:0" for "auto"; rejects where it is not there. */
  deviceOf(device: string): Promise<string>;
  /** What the machine has, as JSON. Blocks: for processes of their own. */
  survey(times: boolean): string;
  tensorFrom(bytes: Uint8Array, dtype: DType, shape: number[]): NativeTensor;
  tensorFull(value: number, dtype: DType, shape: number[]): NativeTensor;
  tensorRandom(kind: "uniform" | "normal", seed: number, dtype: DType, shape: number[]): NativeTensor;
  eager(op: string, attrs: string, inputs: NativeTensor[]): NativeTensor[];
  memory(): { liveTensors: number; liveBytes: number };
  startProfile(): void;
  stopProfile(): Promise<NativeProfile>;
  initialise(init: string, seed: number, name: string, dtype: DType, shape: number[]): NativeTensor;
  slicedWasserstein(a: NativeTensor, b: NativeTensor, projections: number, p: number, seed: number): Promise<number>;
  /** What is measured as JSON, `{ type, … }`; its numbers as JSON. */
  measure(what: string, tensors: NativeTensor[]): Promise<string>;
  /** A recorded function of t as the JSON of an `Expression`. */
  graphExpression(graph: NativeGraph): string;
  /** Numbers of rows of the programs that sampling runs. */
  sampleRows(options: string, given?: number): number[];
  schemas(): Promise<string>;
  /** `{ class, config }` as JSON. */
  loadModelConfig(folder: string): Promise<string>;
  NativeTensorWriter: new (dtype: DType, shape: number[]) => NativeTensorWriter;
  NativeTrace: new (mode: Mode) => NativeTrace;
  NativeParameters: new (declared: string, seed: number) => NativeParameters;
  NativeModel: new (className: string, config: string, external: string) => NativeModel;
}
