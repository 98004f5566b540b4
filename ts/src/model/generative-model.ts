// GenerativeModel: what all models have in common: fits, samples, tells densities, evaluates.
// A thin layer: it validates, hands tensors over and waits; every number is computed on the native side.
import { validate } from "../config/validate.js";
import { ConfigError, DataError, InternalError } from "../errors.js";
import type { ObjectiveKind, Size } from "../generated/config.js";
import type { NativeGraph, NativeTensor, Quantity } from "../native/boundary.js";
import { native } from "../native.js";
import { filled, handleOf, Tensor, traced, valueIn } from "../tensor/tensor.js";
import { currentTrace } from "../tensor/trace.js";
import { describe } from "../tensor/tree.js";
import { progressOn } from "../train/progress.js";
import { Run } from "../train/run.js";
import { energyGraph } from "./energy.js";
import { grouped } from "./groups.js";
import { assertNotAborted, type Finished, finished } from "./job.js";
import type { Network } from "./network.js";
import type {
  BridgeConfigOf,
  CallSettings,
  ConfigOf,
  DensitySampleSettings,
  EnergyConfigOf,
  FitSettings,
  FlowConfigOf,
  ForwardSettings,
  GuideSettings,
  LogProbSettings,
  LossSettings,
  RowSettings,
  SampleSettings,
} from "./options.js";
import type { DensityReport, SamplesWithDensity } from "./reports.js";
import { type StateOf, stateOf, tensorsOf } from "./state.js";
import { networkOf, StoredModel } from "./stored-model.js";
import { type Weight, weightGraph } from "./weight.js";

/** The config of any model of these sizes. */
export type AnyConfigOf<X extends Size, C extends Size> =
  | ConfigOf<X, C>
  | FlowConfigOf<X, C>
  | BridgeConfigOf<X, C>
  | EnergyConfigOf<X, C>;

/** Tensors by the name of their group. */
export type Lists = Readonly<Record<string, readonly Tensor[]>>;

/** Rows of a step where the options do not say. */
const BATCH = 512;

const rowsOf = (tensors: readonly Tensor[] = []) => tensors[0]?.shape[0] ?? 0;

/** The same lists of something else. */
const mapped = <T>(lists: Lists, change: (tensor: Tensor) => T): Record<string, T[]> =>
  Object.fromEntries(Object.entries(lists).map(([name, tensors]) => [name, tensors.map(change)]));

/**
 * What all models have in common. The config is validated at once; parameters get their values, a function of seed, name
 * and shape, at the first job.
 *
 * Times are t of the model: a diffusion model has its data at t = 0, a flow or a bridge at t = 1.
 *
 * @typeParam X - inferred from `xSize`: it decides whether states are tensors or objects of tensors
 * @typeParam C - the same of `conditionSize`
 * @typeParam Config - the config
 * @typeParam Data - what it is fitted to
 */
export abstract class GenerativeModel<
  const X extends Size,
  const C extends Size,
  Config extends AnyConfigOf<X, C>,
  Data = StateOf<X>,
> extends StoredModel<Config> {
  get #network(): Network {
    return networkOf(this);
  }

  /**
   * The leaves of a state.
   *
   * @internal
   */
  protected leaves(what: string, state: unknown): Tensor[] {
    return tensorsOf(what, state, this.config.xSize);
  }

  /**
   * What the model is fitted to, as groups of tensors: `x`, and of pairs `x0`.
   *
   * @internal
   */
  protected groups(what: string, data: Data): Lists {
    return { x: this.leaves(what, data) };
  }

  #condition(condition: unknown): Tensor[] {
    if (condition === undefined) return [];
    const { conditionSize } = this.config;
    if (conditionSize !== undefined) return tensorsOf("condition", condition, conditionSize);
    const [expected, got] = ["no condition (the config has no conditionSize)", describe(condition)];
    throw new DataError(`condition: expected ${expected}, got ${got}`, { expected, got, where: "condition" });
  }

  /** Data and what comes with its rows. */
  #rows(data: Lists, { condition, sampleWeight }: RowSettings<C>): Lists {
    const weight = sampleWeight === undefined ? [] : tensorsOf("sampleWeight", sampleWeight, 1);
    return { ...data, condition: this.#condition(condition), sampleWeight: weight };
  }

  get #dtype(): "f32" | "f64" {
    return this.config.dtype ?? "f32";
  }

  #weight(weight: Weight | undefined, rows: number): NativeGraph | undefined {
    return weight && weightGraph(weight, rows, this.#dtype);
  }

  #state(handles: readonly NativeTensor[]): StateOf<X>;
  #state(handles: readonly NativeTensor[]): unknown {
    return stateOf(
      this.config.xSize,
      handles.map((handle) => new Tensor({ handle })),
    );
  }

  /**
   * Starts training on data `[N, …xSize]`; see {@link Run} for how to follow and end it. One call trains in the engine
   * until the end; JavaScript is not called in between, except where `every` asks for it.
   *
   * @throws ConfigError for wrong options; DataError, ShapeError or DTypeError for data that do not fit
   *
   * @example
   * ```ts
   * await model.fit(data, { loss: "flow_matching", batchSize: 512, steps: 5_000, optimizer: adamw({ lr: 1e-3 }) });
   * ```
   */
  fit(data: Data, settings: FitSettings<C, Data> = {}): Run {
    const { condition, sampleWeight, validation, every, weight, signal, progress, ...rest } = settings;
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
    assertNotAborted("fit", signal);
    const trained = this.#rows(this.groups("data", data), { condition, sampleWeight });
    const held = validation && this.#rows(this.groups("validation.data", validation.data), validation);
    const rows = rowsOf(trained.x);
    this.#network.prepare({ kind: "fit", options, rows, validationRows: rowsOf(held?.x) });
    const all = Object.fromEntries([
      ...Object.entries(trained),
      ...Object.entries(held ?? {}).map(([name, tensors]) => [`validation.${name}`, tensors] as const),
    ]);
    const graph = this.#weight(weight, Math.min(settings.batchSize ?? BATCH, rows));
    const run = this.#network.native.fit(JSON.stringify(options), ...grouped(mapped(all, handleOf)), graph);
    return new Run(run, { progress: progressOn(progress), call: every?.call, signal });
  }

  async #sampled(settings: SampleSettings<X, C>, starts: readonly Tensor[], more: object): Promise<Finished> {
    const { x0: _, condition, guide, energy, signal, ...rest } = settings;
    const { function: energyFunction, ...energySettings } = energy ?? {};
    const options = {
      ...rest,
      ...(guide && { otherScale: scaleOf(guide) }),
      ...(energy && { energy: energySettings }),
      ...more,
    };
    validate("SampleOptions", options);
    assertNotAborted("sample", signal);
    const conditions = this.#condition(condition);
    const first = [...starts, ...conditions];
    const given = first.length === 0 ? undefined : rowsOf(first);
    const other = guide && networkOf(guide.model);
    for (const network of [this.#network, ...(other ? [other] : [])])
      network.prepare({ kind: "sample", options, given });
    const text = JSON.stringify(options);
    const { xSize, conditionSize } = this.config;
    const shapes = { dtype: this.#dtype, xSize, conditionSize: conditions.length > 0 ? conditionSize : undefined };
    const graphs = energyFunction
      ? native.sampleRows(text, given).map((rows) => energyGraph(energyFunction, { ...shapes, rows }))
      : [];
    const lists = grouped(mapped({ x0: starts, condition: conditions }, handleOf));
    return finished(this.#network.native.sample(text, ...lists, graphs, other?.native), signal);
  }

  #sampling(settings: SampleSettings<X, C>, more: object): Promise<Finished> {
    return this.#sampled(settings, settings.x0 === undefined ? [] : this.leaves("x0", settings.x0), more);
  }

  /**
   * Samples. The shape follows from what is given: nothing → `[…D]`; `batchSize` B → `[B…, …D]`; N conditions or N starts →
   * `[N, …D]`; both → `[B…, N, …D]`, where entry `[b, n]` uses condition n. Row i depends on the seed and on i alone.
   *
   * `guidance` is classifier-free, `guide` another model, `energy` an energy; they can be combined.
   *
   * @throws ConfigError for wrong options; AbortError where the signal ended it
   *
   * @example
   * ```ts
   * await model.sample({ batchSize: 4, condition, guidance: { scale: 2 } }); // [4, N, …D]
   * await model.sample({ batchSize: 100, guide: { model: worse, scale: 1.5 } });
   * await model.sample({ batchSize: 100, energy: { scale: 1, function: (_t, x) => x.square().sum(1).neg() } });
   * ```
   */
  async sample(settings: SampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.#state((await this.#sampling(settings, {})).tensors);
  }

  /** As {@link GenerativeModel.sample}, with the states at all times of `tSpan` along a first dimension. */
  async sampleForwardProcess(settings: SampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.#state((await this.#sampling(settings, { trajectory: true })).tensors);
  }

  /**
   * Samples as {@link GenerativeModel.sample} with an ODE solver, together with their log densities in nats, in the units of the data; both
   * follow from one trajectory. Of a guided model it is the density of the guided flow.
   *
   * @throws ConfigError where the density is not defined: of a model fitted between two sets, or with an SDE solver
   */
  async sampleWithLogProb(settings: DensitySampleSettings<X, C> = {}): Promise<SamplesWithDensity<StateOf<X>>> {
    const { tensors } = await this.#sampling(settings, { logProb: true });
    return { samples: this.#state(tensors.slice(0, -1)), logProb: lastOf(tensors) };
  }

  /**
   * The log density of data `[N, …xSize]` under the model, in nats and in the units of the data: that of the prior where the probability flow ends,
   * plus the integral of the flow's divergence.
   *
   * @throws ConfigError where the density is not defined: of a model fitted between two sets, or with an SDE solver
   *
   * @example
   * ```ts
   * const { logProb, nfe } = await model.logProb(data); // Tensor [N], and how often the network was evaluated
   * ```
   */
  async logProb(x: StateOf<X>, settings: LogProbSettings<C> = {}): Promise<DensityReport> {
    const { condition, signal, ...options } = settings;
    validate("LogProbOptions", options);
    assertNotAborted("logProb", signal);
    const [state, conditions] = [this.leaves("x", x), this.#condition(condition)];
    this.#network.prepare({ kind: "sample", options: {}, given: rowsOf(state) });
    const lists = grouped(mapped({ x0: state, condition: conditions }, handleOf));
    const run = this.#network.native.logProb(JSON.stringify(options), ...lists);
    const { tensors, evaluations } = await finished(run, signal);
    return { logProb: lastOf(tensors), nfe: evaluations };
  }

  /** Carries data `[N, …xSize]` along the flow to noise (or to the source): the inverse of sampling. */
  async forwardSample(data: StateOf<X>, settings: ForwardSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.#state((await this.#sampled(settings, this.leaves("data", data), { forward: true })).tensors);
  }

  /** As {@link GenerativeModel.forwardSample}, with the states at all times of `tSpan` along a first dimension. */
  async forwardSampleProcess(data: StateOf<X>, settings: ForwardSettings<X, C> = {}): Promise<StateOf<X>> {
    const more = { forward: true, trajectory: true };
    return this.#state((await this.#sampled(settings, this.leaves("data", data), more)).tensors);
  }

  #function(name: Quantity, t: number | Tensor, x: StateOf<X>, settings: CallSettings<C>): StateOf<X>;
  #function(name: Quantity, t: number | Tensor, x: StateOf<X>, settings: CallSettings<C>): unknown {
    const state = this.leaves("x", x);
    const condition = this.#condition(settings.condition);
    const [rows, trace] = [rowsOf(state), currentTrace()];
    this.#network.prepare({ kind: "loss", rows, training: trace?.training ?? false });
    const times = timesOf(t, rows, state);
    if (trace === undefined) {
      const [handles, conditions] = [state.map(handleOf), condition.map(handleOf)];
      const weights = settings.weights ?? "ema";
      return this.#state(this.#network.native.call(name, handleOf(times), handles, conditions, weights));
    }
    const lists = grouped(mapped({ t: [times], x: state, condition }, (tensor) => valueIn(trace, tensor).id));
    const values = this.#network.native.traceCall(trace.native, name, ...lists);
    return stateOf(
      this.config.xSize,
      values.map((value) => traced(trace, value)),
    );
  }

  /**
   * The score ∇log p_t(x) at times t of the path (a number, or `[N]`) and states x `[N, …]`, in the units that the
   * network sees (normalised where training normalised). A model that does not have it says why.
   *
   * @throws DataError for times that are negative or not finite; ShapeError for shapes that do not fit
   */
  scoreFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("score", t, x, settings);
  }

  /** The noise −σ·score; see {@link GenerativeModel.scoreFunction}. */
  noiseFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("noise", t, x, settings);
  }

  /** The velocity of the (probability) flow; see {@link GenerativeModel.scoreFunction}. */
  velocityFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("velocity", t, x, settings);
  }

  /** The expected datum given x_t = x; see {@link GenerativeModel.scoreFunction}. */
  dataPredictionFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.#function("data", t, x, settings);
  }

  /**
   * A loss of these rows: a scalar, or `[N]` with `reduction: "none"`.
   *
   * @internal
   */
  protected loss(type: ObjectiveKind, data: Lists, settings: LossSettings<C>): Tensor {
    const { condition, sampleWeight, weight, weighting, time, layout, ...rest } = settings;
    const [own, kept] = typeof weight === "function" ? [weight, undefined] : [undefined, weight];
    const objective = { type, weighting, time, layout, weight: kept };
    validate("Objective", objective);
    const options = JSON.stringify({ objective, reduction: "mean", ...rest });
    const lists = this.#rows(data, { condition, sampleWeight });
    const [rows, trace] = [rowsOf(lists.x), currentTrace()];
    const graph = this.#weight(own, rows);
    this.#network.prepare({ kind: "loss", rows, training: trace?.training ?? false });
    const { native: model } = this.#network;
    if (trace === undefined) {
      return new Tensor({ handle: model.loss(options, ...grouped(mapped(lists, handleOf)), graph) });
    }
    const ids = grouped(mapped(lists, (tensor) => valueIn(trace, tensor).id));
    return traced(trace, model.traceLoss(trace.native, options, ...ids, graph));
  }
}

/** The tensor that a job gives last. */
function lastOf(tensors: readonly NativeTensor[]): Tensor {
  const handle = tensors.at(-1);
  if (handle === undefined) throw new InternalError("a job gave no tensor");
  return new Tensor({ handle });
}

/** How strongly another model guides. */
function scaleOf({ scale }: GuideSettings): number {
  if (typeof scale === "number" && Number.isFinite(scale)) return scale;
  const [expected, got] = ["a finite number", String(scale)];
  throw new ConfigError(`guide.scale: expected ${expected}, got ${got}`, { expected, got, path: "guide.scale" });
}

/** Times `[rows]` of the state's element type, from one number, a scalar, or one time per row. */
function timesOf(t: number | Tensor, rows: number, state: readonly Tensor[]): Tensor {
  if (t instanceof Tensor) return t.rank === 0 ? t.broadcastTo([rows]) : t;
  if (t >= 0 && Number.isFinite(t)) return filled(t, state[0]?.dtype ?? "f32", [rows]);
  const expected = "a finite time ≥ 0";
  throw new DataError(`t: expected ${expected}, got ${t}`, { expected, got: String(t), where: "t" });
}
