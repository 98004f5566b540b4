// DiffusionModel: a model with parameters, made from a config; fits, samples, evaluates, saves and loads.
// A thin layer: it validates, hands tensors over and waits; every number is computed on the native side.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { validate } from "../config/validate.js";
import { AbortError, CheckpointError, ConfigError, DataError } from "../errors.js";
import type { Size } from "../generated/config.js";
import type { NativeGraph, NativeTensor, Quantity, Weights } from "../native/boundary.js";
import { native } from "../native.js";
import { filled, handleOf, Tensor, traced, valueIn } from "../tensor/tensor.js";
import { currentTrace } from "../tensor/trace.js";
import { describe } from "../tensor/tree.js";
import { progressOn } from "../train/progress.js";
import { Run } from "../train/run.js";
import { Network } from "./network.js";
import type {
  CallSettings,
  ConfigOf,
  FitSettings,
  ForwardSettings,
  LossSettings,
  PlainSize,
  SampleSettings,
} from "./options.js";
import type { LoadReport, ModelInfo } from "./reports.js";
import { type StateOf, stateOf, tensorsOf } from "./state.js";
import { type ParameterInfo, summaryOf } from "./summary.js";
import { type Weight, weightGraph } from "./weight.js";

/** The network behind a model, for the other files of this layer. */
export let networkOf: (model: object) => Network;

/** Rows of a step where the options do not say. */
const BATCH = 512;

const rowsOf = (tensors: readonly Tensor[]) => tensors[0]?.shape[0] ?? 0;

/**
 * A diffusion model: x_t = s(t) x₀ + σ(t) ε from data at t = 0 to noise, and a network that undoes it.
 *
 * The config is validated at once; parameters get their values, a function of seed, name and shape, at the first job.
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
export class DiffusionModel<const X extends Size = PlainSize, const C extends Size = never> implements Disposable {
  #network: Network;
  #config: ConfigOf<X, C>;

  static {
    networkOf = (model) => {
      if (#network in model) return model.#network;
      throw new ConfigError("expected a DiffusionModel", { expected: "a DiffusionModel", got: describe(model) });
    };
  }

  /**
   * @param config - path, network, sizes
   * @throws ConfigError with the path of the field that is wrong; DeviceError where there is no such device
   */
  constructor(config: ConfigOf<X, C>) {
    this.#network = new Network(config);
    this.#config = config;
  }

  /**
   * The model of a folder that {@link DiffusionModel.save} wrote, ready to sample or to go on training. Modules of its
   * config must be registered before.
   *
   * @throws CheckpointError where the folder is damaged or incomplete
   */
  static async load<X extends Size = PlainSize, C extends Size = PlainSize>(
    folder: string,
  ): Promise<DiffusionModel<X, C>> {
    const model = new DiffusionModel<X, C>(JSON.parse(await native.loadModelConfig(folder)));
    await model.#network.native.load(folder);
    return model;
  }

  /** The config that the model was made from. */
  get config(): ConfigOf<X, C> {
    return this.#config;
  }

  /** How many times `forward` of the config's own module was run to record it: once per input shapes and mode. */
  get traceCount(): number {
    return this.#network.traces;
  }

  #x(what: string, state: unknown): Tensor[] {
    return tensorsOf(what, state, this.#config.xSize);
  }

  #condition(condition: unknown): Tensor[] {
    if (condition === undefined) return [];
    const { conditionSize } = this.#config;
    if (conditionSize !== undefined) return tensorsOf("condition", condition, conditionSize);
    const [expected, got] = ["no condition (the config has no conditionSize)", describe(condition)];
    throw new DataError(`condition: expected ${expected}, got ${got}`, { expected, got, where: "condition" });
  }

  #weight(weight: Weight | undefined, rows: number): NativeGraph | undefined {
    return weight && weightGraph(weight, rows, this.#config.dtype ?? "f32");
  }

  #state(handles: readonly NativeTensor[]): StateOf<X>;
  #state(handles: readonly NativeTensor[]): unknown {
    return stateOf(
      this.#config.xSize,
      handles.map((handle) => new Tensor({ handle })),
    );
  }

  /**
   * Starts training on `data` `[N, …xSize]`; see {@link Run} for how to follow and end it. One call trains in the engine
   * until the end; JavaScript is not called in between, except where `every` asks for it.
   *
   * @throws ConfigError for wrong options; DataError, ShapeError or DTypeError for data that do not fit
   *
   * @example
   * ```ts
   * await model.fit(data, { loss: "flow_matching", batchSize: 512, steps: 5_000, optimizer: adamw({ lr: 1e-3 }) });
   * ```
   */
  fit(data: StateOf<X>, settings: FitSettings<X, C> = {}): Run {
    const { condition, validation, every, weight, signal, progress, ...rest } = settings;
    const options = {
      ...rest,
      ...(validation && { validation: { every: validation.every } }),
      ...(every && { every: { steps: every.steps } }),
    };
    validate("FitOptions", options);
    if (weight !== undefined && settings.lastBatch === "keep") {
      const [expected, got] = ['"drop" together with a weight, which is traced for full batches', '"keep"'];
      throw new ConfigError(`lastBatch: expected ${expected}, got ${got}`, { expected, got, path: "lastBatch" });
    }
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      const [expected, got] = ["an AbortSignal", typeof signal];
      throw new ConfigError(`signal: expected ${expected}, got ${got}`, { expected, got, path: "signal" });
    }
    if (signal?.aborted) throw new AbortError("fit: the signal was aborted before the start", { cause: signal.reason });
    const x = this.#x("data", data);
    const held = validation === undefined ? [] : this.#x("validation.data", validation.data);
    this.#network.prepare({ kind: "fit", options, rows: rowsOf(x), validationRows: rowsOf(held) });
    const run = this.#network.native.fit(
      JSON.stringify(options),
      x.map(handleOf),
      this.#condition(condition).map(handleOf),
      held.map(handleOf),
      this.#condition(validation?.condition).map(handleOf),
      this.#weight(weight, Math.min(settings.batchSize ?? BATCH, rowsOf(x))),
    );
    return new Run(run, { progress: progressOn(progress), call: every?.call, signal });
  }

  async #sampled(
    settings: object,
    x0: readonly Tensor[],
    condition: readonly Tensor[],
    signal?: AbortSignal,
  ): Promise<StateOf<X>> {
    const options = { ...settings };
    validate("SampleOptions", options);
    if (signal?.aborted)
      throw new AbortError("sample: the signal was aborted before the start", { cause: signal.reason });
    const given = [...x0, ...condition];
    this.#network.prepare({ kind: "sample", options, given: given.length === 0 ? undefined : rowsOf(given) });
    const run = this.#network.native.sample(JSON.stringify(options), x0.map(handleOf), condition.map(handleOf));
    const onAbort = () => run.stop();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await run.wait();
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
    return this.#state(run.tensors());
  }

  #sampling(settings: SampleSettings<X, C>, more: object): Promise<StateOf<X>> {
    const { x0, condition, signal, ...options } = settings;
    const start = x0 === undefined ? [] : this.#x("x0", x0);
    return this.#sampled({ ...options, ...more }, start, this.#condition(condition), signal);
  }

  /**
   * Samples. The shape follows from what is given: nothing → `[…D]`; `batchSize` B → `[B…, …D]`; N conditions or N starts →
   * `[N, …D]`; both → `[B…, N, …D]`, where entry `[b, n]` uses condition n. Row i depends on the seed and on i alone.
   *
   * @throws ConfigError for wrong options; AbortError where the signal ended it
   */
  async sample(settings: SampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.#sampling(settings, {});
  }

  /** As {@link DiffusionModel.sample}, with the states at all times of `tSpan` along a first dimension. */
  async sampleForwardProcess(settings: SampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.#sampling(settings, { trajectory: true });
  }

  /** Carries data `[N, …xSize]` along the flow to noise: the inverse of sampling. */
  async forwardSample(data: StateOf<X>, settings: ForwardSettings<C> = {}): Promise<StateOf<X>> {
    const { condition, signal, ...options } = settings;
    return this.#sampled({ ...options, forward: true }, this.#x("data", data), this.#condition(condition), signal);
  }

  /** As {@link DiffusionModel.forwardSample}, with the states at all times of `tSpan` along a first dimension. */
  async forwardSampleProcess(data: StateOf<X>, settings: ForwardSettings<C> = {}): Promise<StateOf<X>> {
    const { condition, signal, ...options } = settings;
    const all = { ...options, forward: true, trajectory: true };
    return this.#sampled(all, this.#x("data", data), this.#condition(condition), signal);
  }

  #function(name: Quantity, t: number | Tensor, x: StateOf<X>, settings: CallSettings<C>): StateOf<X>;
  #function(name: Quantity, t: number | Tensor, x: StateOf<X>, settings: CallSettings<C>): unknown {
    const state = this.#x("x", x);
    const condition = this.#condition(settings.condition);
    const [rows, trace] = [rowsOf(state), currentTrace()];
    this.#network.prepare({ kind: "loss", rows, training: trace?.training ?? false });
    const times = timesOf(t, rows, state);
    if (trace === undefined) {
      const weights = settings.weights ?? "ema";
      const handles = [state, condition].map((tensors) => tensors.map(handleOf));
      return this.#state(this.#network.native.call(name, handleOf(times), handles[0] ?? [], handles[1] ?? [], weights));
    }
    const [ids, conditionIds] = [state, condition].map((tensors) => tensors.map((tensor) => valueIn(trace, tensor).id));
    const values = this.#network.native.traceCall(
      trace.native,
      name,
      valueIn(trace, times).id,
      ids ?? [],
      conditionIds ?? [],
    );
    return stateOf(
      this.#config.xSize,
      values.map((value) => traced(trace, value)),
    );
  }

  /**
   * The score ∇log p_t(x) at times t in [0, t_max] (a number, or `[N]`) and states x `[N, …]`, in the units that the
   * network sees (normalised where training normalised).
   *
   * @throws DataError for times that are negative or not finite; ShapeError for shapes that do not fit
   */
  scoreFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("score", t, x, settings);
  }

  /** The noise −σ·score; see {@link DiffusionModel.scoreFunction}. */
  noiseFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("noise", t, x, settings);
  }

  /** The velocity of the probability flow; see {@link DiffusionModel.scoreFunction}. */
  velocityFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("velocity", t, x, settings);
  }

  /** The expected datum E[x₀ | x_t = x]; see {@link DiffusionModel.scoreFunction}. */
  dataPredictionFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("data", t, x, settings);
  }

  #loss(kind: "score_matching" | "flow_matching", x: StateOf<X>, settings: LossSettings<C>): Tensor {
    const { condition, weight, ...rest } = settings;
    const options = JSON.stringify({ kind, reduction: "mean", ...rest });
    const state = this.#x("x", x);
    const conditions = this.#condition(condition);
    const trace = currentTrace();
    const graph = this.#weight(weight, rowsOf(state));
    this.#network.prepare({ kind: "loss", rows: rowsOf(state), training: trace?.training ?? false });
    if (trace === undefined) {
      const handles = [state, conditions].map((tensors) => tensors.map(handleOf));
      return new Tensor({ handle: this.#network.native.loss(options, handles[0] ?? [], handles[1] ?? [], graph) });
    }
    const ids = (tensors: readonly Tensor[]) => tensors.map((tensor) => valueIn(trace, tensor).id);
    return traced(trace, this.#network.native.traceLoss(trace.native, options, ids(state), ids(conditions), graph));
  }

  /**
   * ½‖ε̂ − ε‖², summed over all dimensions of a sample, at random times and noise; data `[N, …xSize]` as given to `fit`.
   * A scalar, or `[N]` with `reduction: "none"`. Traced within {@link trainStep} and {@link valueAndGrad}.
   */
  scoreMatchingLoss(x: StateOf<X>, settings: LossSettings<C> = {}): Tensor {
    return this.#loss("score_matching", x, settings);
  }

  /** ½‖v̂ − (ṡx₀ + σ̇ε)‖², otherwise as {@link DiffusionModel.scoreMatchingLoss}. */
  flowMatchingLoss(x: StateOf<X>, settings: LossSettings<C> = {}): Tensor {
    return this.#loss("flow_matching", x, settings);
  }

  /** All parameters in the order of {@link DiffusionModel.stateDict}: names, shapes, and how they are trained. */
  parameters(): ParameterInfo[] {
    return JSON.parse(this.#network.native.parameters());
  }

  /** A table of all parameters with their shapes and counts, for printing. */
  summary(): string {
    const { path, model } = this.#config;
    return summaryOf(`${path.type}, ${model.type}, ${model.args.backbone.type}`, this.parameters());
  }

  /** The parameters' values by name, as they are once all jobs before have run. */
  stateDict(settings: { readonly weights?: Weights } = {}): Record<string, Tensor> {
    const handles = this.#network.native.stateDict(settings.weights ?? "raw");
    const names = this.parameters().map(({ name }) => name);
    return Object.fromEntries(handles.map((handle, i) => [names[i] ?? String(i), new Tensor({ handle })]));
  }

  /**
   * Sets parameters by name; the moving average and the optimiser's state start anew.
   *
   * @param settings - `strict` (the default): exactly the model's names must be given
   * @throws CheckpointError where names or shapes do not fit; nothing has changed then
   */
  async loadStateDict(
    state: Readonly<Record<string, Tensor>>,
    settings: { readonly strict?: boolean } = {},
  ): Promise<LoadReport> {
    const tensors = Object.values(state).map(handleOf);
    return JSON.parse(await this.#network.native.loadStateDict(Object.keys(state), tensors, settings.strict ?? true));
  }

  /**
   * Takes the weights of a GenerativeRL checkpoint: a `.pt` or `.safetensors` file.
   *
   * @throws CheckpointError where the file is damaged, hostile or of another network; nothing has changed then
   */
  async importWeights(file: string, settings: { readonly strict?: boolean } = {}): Promise<LoadReport> {
    return JSON.parse(await this.#network.native.importWeights(file, settings.strict ?? true));
  }

  /**
   * Writes a folder with config, parameters, moving average and training state, as a whole or not at all.
   *
   * @throws CheckpointError where it cannot be written
   */
  async save(folder: string): Promise<void> {
    await this.#network.native.save(folder);
  }

  /** What the model knows about its training so far. */
  async info(): Promise<ModelInfo> {
    return JSON.parse(await this.#network.native.info());
  }

  /**
   * Moves the model, with its training state, to another device.
   *
   * @param device - `"cpu"`, `"cuda"`, `"cuda:1"` or `"auto"`
   * @throws DeviceError where there is no such device; the model stays where it is then
   */
  async to(device: string): Promise<this> {
    const config = { ...this.#config, device };
    const network = new Network(config);
    const folder = await mkdtemp(join(tmpdir(), "thalweg-"));
    try {
      await this.#network.native.save(join(folder, "model"));
      await network.native.load(join(folder, "model"));
    } catch (cause) {
      network.native.dispose();
      throw cause instanceof Error ? cause : new CheckpointError("the model could not be moved", { cause });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    this.#network.native.dispose();
    this.#network = network;
    this.#config = config;
    return this;
  }

  /** Frees parameters and programs now; every later call is a {@link DisposedError}. */
  dispose(): void {
    this.#network.native.dispose();
  }

  /** As {@link DiffusionModel.dispose}, for `using model = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Times `[rows]` of the state's element type, from one number, a scalar, or one time per row. */
function timesOf(t: number | Tensor, rows: number, state: readonly Tensor[]): Tensor {
  if (t instanceof Tensor) return t.rank === 0 ? t.broadcastTo([rows]) : t;
  if (t >= 0 && Number.isFinite(t)) return filled(t, state[0]?.dtype ?? "f32", [rows]);
  const expected = "a finite time ≥ 0";
  throw new DataError(`t: expected ${expected}, got ${t}`, { expected, got: String(t), where: "t" });
}
