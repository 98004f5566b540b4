// The addon's exports, written by scripts/build-addon.mjs from the Rust sources.
// Do not edit: it is rewritten whenever the addon is built. Names with __ exist in the test addon only.

/** A recorded graph. */
export declare class NativeGraph {
  /** Inputs that a run is given, in order: neither captured tensors, nor parts of models, nor the seed of random numbers. */
  inputs(): Array<GraphInput>
  /** Number of ops that were recorded, inputs included; simplification and derivatives come later. */
  nodes(): number
  /** What was recorded, as text: at most 500 ops. */
  show(): string
  /** Enqueues a run. Its random numbers depend on how many runs came before. */
  run(inputs: NativeTensor[]): Array<NativeTensor>
}

/** A model: its parameters, optimiser state and the jobs that use them. */
export declare class NativeModel {
  /** Writes a checkpoint folder, as a whole or not at all. */
  save(folder: string): Promise<void>
  /**
   * Reads a checkpoint folder into this model; on an error nothing has changed. Resolves to a report as JSON:
   * `{ missing, extra }`.
   */
  load(folder: string): Promise<string>
  /**
   * Reads the weights of a `.pt` or `.safetensors` file of GenerativeRL or PyTorch by name; on an error nothing has
   * changed. Resolves to `{ missing, extra }` as JSON; where `strict`, both are empty.
   */
  importWeights(file: string, strict: boolean): Promise<string>
  /** All parameters, in the order of `parameters`. */
  stateDict(weights: "ema" | "raw"): Array<NativeTensor>
  /**
   * Sets parameters by name; the moving average and the optimiser's state start anew. Resolves to `{ missing, extra }`
   * as JSON; where `strict`, both are empty. On an error nothing has changed.
   */
  loadStateDict(names: string[], tensors: NativeTensor[], strict: boolean): Promise<string>
  /**
   * The parameters averaged over a length of `sigmaRel` of the training so far, in the order of `parameters`, made of what a fit with
   * `posthocEma` tracked.
   */
  posthocEma(sigmaRel: number): Array<NativeTensor>
  /** Puts the average of `posthocEma` in the place of the moving average. Resolves to an empty text; on an error nothing has changed. */
  usePosthocEma(sigmaRel: number): Promise<string>
  /**
   * What the model knows about its training, as JSON: `{ device, step, energyStep, posthocSteps, hasEma, normalization }`, where `normalization` lists mean
   * and standard deviation of each leaf, or is null, and `device` is where it runs.
   */
  info(): Promise<string>
  /**
   * Couples `x0 [B, …]` with `x [B, …]` (and their `condition`) by the model's coupling. Two i64 tensors `[B]`: rows of x0, and the rows of x
   * that they meet; conditions and weights go with x. `seed` is that of couplings that draw their pairs.
   */
  couple(seed: number, groups: string, tensors: NativeTensor[]): Array<NativeTensor>
  /** The energy `[N]` at times `t [N]` and states `x [N, …]`, in the units that the network sees. */
  energy(t: NativeTensor, x: NativeTensor[], condition: NativeTensor[], weights: "ema" | "raw"): NativeTensor
  /** As `energy`, inside a recording, of the groups `t`, `x` and `condition`: the model's parameters are inputs by reference. */
  traceEnergy(trace: NativeTrace, groups: string, values: number[]): TracedValue
  /**
   * The loss of rows in the user's units, at random times and noise: a number, or one per row (`reduction`: "none").
   * Options as JSON: `{ objective, reduction, seed, weights }`; groups of tensors: `x`, `x0`, `condition`, `sampleWeight`, `energy`;
   * `weight` is a graph of the rows' times that their losses are multiplied by.
   */
  loss(options: string, groups: string, tensors: NativeTensor[], weight?: NativeGraph | undefined | null): NativeTensor
  /**
   * One of the model's four functions (`score`, `noise`, `velocity`, `data`) at times `t [N]` and states `x [N, …]`, in the
   * units that the network sees; one tensor per leaf.
   */
  call(name: "score" | "noise" | "velocity" | "data", t: NativeTensor, x: NativeTensor[], condition: NativeTensor[], weights: "ema" | "raw"): Array<NativeTensor>
  /**
   * As `loss`, inside a recording, with dropout as its mode says. The model's parameters are inputs by reference. Each
   * run draws new times and noise.
   */
  traceLoss(trace: NativeTrace, options: string, groups: string, values: number[], weight?: NativeGraph | undefined | null): TracedValue
  /** As `call`, inside a recording: the model's parameters are inputs by reference. */
  traceCall(trace: NativeTrace, name: "score" | "noise" | "velocity" | "data", groups: string, values: number[]): Array<TracedValue>
  /**
   * Starts sampling with options as JSON. Groups of tensors, where there are any: starts `x0`, `condition` (one tensor per leaf).
   * `other` is a model that guides; `energies` are graphs of one energy, traced for each of `sampleRows`.
   */
  sample(options: string, groups: string, tensors: NativeTensor[], energies: NativeGraph[], other?: NativeModel | undefined | null): NativeRun
  /**
   * Starts sampling tokens, of a discrete flow, with options as JSON. Groups of tensors, where there are any: starts `x0` (i64), `condition` (one tensor
   * per leaf). The results are i64.
   */
  sampleTokens(options: string, groups: string, tensors: NativeTensor[]): NativeRun
  /** Starts computing log densities with options as JSON, of the rows `x0` (one tensor per leaf) under the `condition`, if there is one. */
  logProb(options: string, groups: string, tensors: NativeTensor[]): NativeRun
  /**
   * As `sample`, inside a recording: all steps of a solver of fixed steps, to be differentiated. Groups: the starts `x0`, or the data of a
   * forward run; `condition`. The model's parameters are inputs by reference.
   */
  traceSample(trace: NativeTrace, options: string, groups: string, values: number[], energies: NativeGraph[]): Array<TracedValue>
  /** As `logProb`, inside a recording, by a solver of fixed steps; see `traceSample`. */
  traceLogProb(trace: NativeTrace, options: string, groups: string, values: number[]): Array<TracedValue>
  /** A training step that lowers the graph's first output, a float scalar, with an optimiser given as JSON. */
  trainStep(graph: NativeGraph, optimizer: string): NativeTrainStep
  /**
   * Starts training with options as JSON. Groups of tensors: the data `x`, and `x0`, `condition`, `sampleWeight`, `energy` and the same below
   * `validation.` where there are any. Forwards that `needs` names must be given before. One model is trained by one run at a time.
   * `weight` is a graph of the times of a batch that its losses are multiplied by. The data of a `streamed` run are its first rows; more come by `feed`,
   * of any number that is a multiple of a step's, until `complete` says that there are no more.
   */
  fit(options: string, groups: string, tensors: NativeTensor[], weight?: NativeGraph | undefined | null, streamed?: boolean | undefined | null): NativeRun
  /**
   * Reads and checks the config (JSON) of a model of the class `className`. `external` describes the modules that TypeScript registered, by
   * the place of their network in the config: `{ "model.args": { parameters: [{ name, shape, init, trainable, decay }] } }`.
   */
  constructor(className: string, config: string, external: string)
  /** The config with all defaults, as JSON. */
  config(): string
  /** Has jobs that come later run on this device; the values of the parameters go there with the first. Refused during a fit. */
  moveTo(device: string): void
  /** The parameters in the order of their declaration, as JSON: `[{ name, shape, trainable, decay }]`. */
  parameters(): string
  /**
   * The forwards of TypeScript modules that a job needs and that are not known yet, as JSON: `[{ key, mode, inputs }]`.
   * The job: `{ kind: "fit", options, rows, candidates?, validationRows?, validationCandidates? }`, `{ kind: "sample", options, given }`,
   * `{ kind: "loss", rows, candidates?, training }` or `{ kind: "call", rows }`.
   */
  needs(kind: string): string
  /** Gives a forward that `needs` asked for. Inputs of the graph: `t`, `x`, `condition`, their leaves, `param:<name>`. */
  provide(key: string, graph: NativeGraph): void
  /** Lets go of the parameters: a fit under way ends after its step, other jobs finish, every later call is refused. A second call does nothing. */
  dispose(): void
}

/** Parameters that training steps change. */
export declare class NativeParameters {
  /**
   * Parameters without values: `{ parameters: [{ name, shape, init, trainable, decay }] }` as JSON, and the seed of random numbers
   * in losses.
   */
  constructor(declared: string, seed: number)
  /** Replaces the values of all parameters, behind the jobs that are there. */
  set(values: NativeTensor[]): void
  /** The values of all parameters behind the jobs that are there, in the order of their declaration. */
  values(): Array<NativeTensor>
  /** All parameters as inputs of a recording, by reference. */
  bind(trace: NativeTrace): Array<TracedValue>
  /** A training step that lowers the graph's first output, a float scalar, with an optimiser given as JSON. */
  trainStep(graph: NativeGraph, optimizer: string): NativeTrainStep
}

/** A job on the worker's thread. */
export declare class NativeRun {
  /** The next event as JSON, at most ten a second, the newest; null at the end, also where the job failed. */
  next(): Promise<string | null>
  /** Ends the job after the step that is being done, in a consistent state. */
  stop(): void
  /** Goes on after an event with `paused`. */
  resume(): void
  /**
   * Hands over the next rows of a streamed run, in groups as `fit` takes them, of the pass `epoch` over the data. Resolves to true once training on
   * them begins, to false where the run ended before; until then no others may be given.
   */
  feed(groups: string, tensors: NativeTensor[], epoch: number): Promise<boolean>
  /** Says that a streamed run has all its rows: it ends with those. */
  complete(): void
  /** The final report as JSON; rejects where the job failed. */
  wait(): Promise<string>
  /** The results of a job that has ended; they are handed over once. Training has none. */
  tensors(): Array<NativeTensor>
}

/** A tensor on a device. Its elements may still be computed; `read` waits for them. */
export declare class NativeTensor {
  /** Sizes of its dimensions. */
  get shape(): Array<number>
  /** Element type: "f32", "f64", "bf16", "i64" or "bool". */
  get dtype(): string
  /** Whether `dispose` was called. */
  get disposed(): boolean
  /**
   * Little-endian bytes of the elements, row-major (bf16 as f32), once every job before it is done.
   * Rejects with the error of the job that should have computed them.
   */
  read(): Promise<Uint8Array>
  /** Another handle of the same storage; each is disposed of on its own. */
  fork(): NativeTensor
  /** Frees the storage, once no other handle, recorded graph or pending job uses it. A second call does nothing. */
  dispose(): void
}

/** Makes a large tensor of bytes in pieces, so that no single call takes long. */
export declare class NativeTensorWriter {
  /** Starts a tensor; refuses one that would not fit into memory. */
  constructor(dtype: string, shape: number[])
  /** Copies the next bytes. Pieces of 4 MiB take 1 to 2 ms each. */
  write(data: Uint8Array): void
  /** The tensor; all of its bytes must be there. */
  finish(): NativeTensor
}

/** A graph that is being recorded. */
export declare class NativeTrace {
  /** Starts a recording; in mode `train` dropout drops, in mode `sample` it does not. */
  constructor(mode: "train" | "sample")
  /** Declares an input that each run is given. */
  input(name: string, dtype: string, shape: number[]): TracedValue
  /** Takes a concrete tensor as an input, by reference. The same tensor is one input. */
  capture(tensor: NativeTensor): TracedValue
  /** A constant tensor. */
  constant(value: number, dtype: string, shape: number[]): TracedValue
  /**
   * A constant tensor of the elements of a typed array, given as a view of its bytes (bf16 as f32). Meant for few: they become
   * part of the graph.
   */
  literal(data: Uint8Array, dtype: string, shape: number[]): TracedValue
  /** Records the method `op` with arguments `attrs` (JSON); throws where shapes or element types do not fit. */
  op(op: string, attrs: string, inputs: number[]): Array<TracedValue>
  /** Names the part of the model that the next ops belong to, for errors. */
  enter(scope: string): void
  /** Ends the part that was entered last. */
  exit(): void
  /** The gradient of a float scalar with respect to each of `wrt` (zeros where it does not depend on it). */
  grad(output: number, wrt: number[]): Array<TracedValue>
  /** The directional derivative of each output where each of `wrt` moves along its tangent. */
  jvp(outputs: number[], wrt: number[], tangents: number[]): Array<TracedValue>
  /** Ends the recording with the values that the graph returns. */
  finish(outputs: number[]): NativeGraph
}

/** A training step of a user's own loss. */
export declare class NativeTrainStep {
  /**
   * Does one step on a batch: the graph's inputs in order. Resolves to `{ step, loss, gradNorm, learningRate }` as JSON;
   * rejects with a `TrainingError` where loss or gradient are not finite, and then nothing has changed.
   */
  step(inputs: NativeTensor[]): Promise<string>
}

/** Export name → the most thread CPU milliseconds that one of its calls used. */
export declare function __exportCpu(): Record<string, number>

/** Native calls since the addon was loaded or the counters were reset. */
export declare function __nativeCalls(): number

/** Panics on purpose, to prove that a panic becomes an `InternalError`. */
export declare function __panic(): void

/** Treats "cuda:0" … as devices that are there: each has a worker of its own, whose programs run on the CPU. */
export declare function __pretendGpus(count: number): void

/** Forgets all counts and times. */
export declare function __resetCounters(): void

/** CPU milliseconds of the calling thread, to time a call together with its conversions. */
export declare function __threadCpu(): number

/** Resolves to the name of the device that jobs for `device` run on, such as "cuda:0" for "auto"; rejects where it is not there. */
export declare function deviceOf(device: string): Promise<string>

/**
 * Applies the method `op` with arguments `attrs` (JSON). Shapes and element types are checked before the call returns;
 * the results are computed later, in the order of the calls. An error of an input's own job becomes the results' error.
 */
export declare function eager(op: string, attrs: string, inputs: NativeTensor[]): Array<NativeTensor>

/** A recorded function of one number t as data that a config can hold, as JSON. */
export declare function graphExpression(graph: NativeGraph): string

/** An input of a recorded graph. */
export interface GraphInput {
  /** Its name. */
  name: string
  /** Element type. */
  dtype: string
  /** Sizes of its dimensions. */
  shape: Array<number>
}

/** Says what runs JavaScript here, which file this addon is, and, where it is not the one with CUDA, why. The first call counts. */
export declare function hostAddon(node: string, addon: string, without?: string | undefined | null): void

/** The initial value of a parameter: a pure function of its initialiser (JSON), the seed, its full name, type and shape. */
export declare function initialise(init: string, seed: number | bigint, name: string, dtype: string, shape: number[]): NativeTensor

/** Class and config of a saved model, as JSON: `{ class, config }`. */
export declare function loadModelConfig(folder: string): Promise<string>

/** A measure of samples, trajectories or log densities: what it is as JSON, `{ type, … }`; resolves to its numbers as JSON. */
export declare function measure(what: string, tensors: NativeTensor[]): Promise<string>

/** How many tensors are alive, and their bytes. */
export declare function memory(): Memory

/** What is alive in this process. */
export interface Memory {
  /** Tensors that were neither disposed of nor collected. */
  liveTensors: number
  /** Bytes of the storage of these and of what recorded graphs captured; handles of one storage count it once. */
  liveBytes: number
}

/** What was measured. */
export interface Profile {
  /** Threads that programs run on. */
  threads: number
  /** Floating-point operations a second of one thread, while all multiply large matrices. */
  productRate: number
  /** Bytes a second that one thread reads and writes while all copy in a cache. */
  cacheRate: number
  /** Bytes a second that one thread reads and writes while all copy in memory. */
  memoryRate: number
  /** Kinds of steps, the longest first. */
  steps: Array<StepTime>
}

/** The numbers of rows of the programs that sampling with these options (JSON) runs, given so many starts or conditions. */
export declare function sampleRows(options: string, given?: number | undefined | null): Array<number>

/** JSON schemas of everything that users configure, by name; made on the worker's thread. */
export declare function schemas(): Promise<string>

/** The sliced Wasserstein distance of order `p` between the rows of `a` and `b`, over random directions. */
export declare function slicedWasserstein(a: NativeTensor, b: NativeTensor, projections: number, p: number, seed: number | bigint): Promise<number>

/** Starts measuring the steps of all programs of this process; an error if they are being measured already. */
export declare function startProfile(): void

/** What was measured of equal steps. */
export interface StepTime {
  /** The step in words. */
  step: string
  /** How often it ran. */
  count: number
  /** Seconds in all, of all threads that took part. */
  seconds: number
  /** Floating-point operations in all, of products and convolutions. */
  flops: number
  /** Bytes read and written in all, by products and passes. */
  bytes: number
  /** Seconds that it would take at the machine's limits, where it has one. */
  limit?: number
}

/** Ends measuring; resolves, once earlier work is done, to what was measured. */
export declare function stopProfile(): Promise<Profile>

/**
 * What the machine has, as JSON: `{ cpu, cuda, products }`. With `times` it multiplies matrices on each device, `products: [{ device, gflops }]`.
 * It blocks, and starts the driver: it is for processes that do nothing else.
 */
export declare function survey(times: boolean): string

/**
 * A tensor of the elements of a typed array, given as a view of its bytes (bf16 as f32). They are copied.
 *
 * A call takes 1 to 2 ms for 4 MiB; `NativeTensorWriter` takes more in pieces.
 */
export declare function tensorFrom(data: Uint8Array, dtype: string, shape: number[]): NativeTensor

/** A tensor of one number. */
export declare function tensorFull(value: number, dtype: string, shape: number[]): NativeTensor

/** A tensor of random numbers, a pure function of the seed and each element's index: `uniform` in (0, 1), or `normal`. */
export declare function tensorRandom(kind: "uniform" | "normal", seed: number | bigint, dtype: string, shape: number[]): NativeTensor

/** A value of a graph that is being recorded. */
export interface TracedValue {
  /** Its number, which no value of another recording has. */
  id: number
  /** Element type. */
  dtype: string
  /** Sizes of its dimensions. */
  shape: Array<number>
}

/** The version of the addon, equal to the version of the npm package it belongs to. */
export declare function version(): string
