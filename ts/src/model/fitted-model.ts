// FittedModel: what every model has that is fitted to data: a fit, losses, and how data and conditions become groups of tensors.
// What it does with its networks apart from that, sampling above all, is the business of the classes below it.
import { optionsOf } from "../config/options.js";
import { validate } from "../config/validate.js";
import { TableEncoding } from "../data/encoding/table-encoding.js";
import type { Table } from "../data/table.js";
import { ConfigError, DataError } from "../errors.js";
import type { ObjectiveKind, Size } from "../generated/config.js";
import type {
  NativeGraph,
  NativeModel,
  NativeTensor,
  NativeTrace,
  Quantity,
  TracedValue,
  Weights,
} from "../native/boundary.js";
import { filled, handleOf, Tensor, traced, valueIn } from "../tensor/tensor.js";
import { currentTrace } from "../tensor/trace.js";
import { describe } from "../tensor/tree.js";
import type { Run } from "../train/run.js";
import type { DiscreteConfigOf } from "./discrete-options.js";
import { type Fitted, startFit } from "./fit.js";
import { grouped } from "./groups.js";
import { candidatesOf, type Lists, mapped, rowsOf } from "./lists.js";
import type { Network } from "./network.js";
import type {
  BridgeConfigOf,
  CallSettings,
  ConfigOf,
  EnergyConfigOf,
  FitSettings,
  FlowConfigOf,
  LossSettings,
  RowSettings,
} from "./options.js";
import { callNames, checkInteger, checkName, lossNames, weightNames } from "./settings.js";
import { type StateOf, stateOf, tensorsOf } from "./state.js";
import { networkOf, StoredModel } from "./stored-model.js";
import type { Stream } from "./stream.js";
import { type Weight, weightGraph } from "./weight.js";

/** The config of any model of these sizes. */
export type AnyConfigOf<X extends Size, C extends Size> =
  | ConfigOf<X, C>
  | FlowConfigOf<X, C>
  | BridgeConfigOf<X, C>
  | EnergyConfigOf<X, C>
  | DiscreteConfigOf<X, C>;

/** A function of the native side of times, states and conditions: on tensors, and inside a trace. */
interface NativeFunction {
  now(
    model: NativeModel,
    given: [t: NativeTensor, x: NativeTensor[], condition: NativeTensor[], weights: Weights],
  ): NativeTensor[];
  inTrace(model: NativeModel, given: [trace: NativeTrace, groups: string, ids: number[]]): TracedValue[];
}

/**
 * A model that is fitted to data. The config is validated at once; parameters get their values, a function of seed, name
 * and shape, at the first job.
 *
 * @typeParam X - inferred from `xSize`: it decides whether states are tensors or objects of tensors
 * @typeParam C - the same of `conditionSize`
 * @typeParam Config - the config
 * @typeParam Data - what it is fitted to
 */
export abstract class FittedModel<
  const X extends Size,
  const C extends Size,
  Config extends AnyConfigOf<X, C>,
  Data = StateOf<X>,
> extends StoredModel<Config> {
  #encoding: TableEncoding | undefined;

  get #network(): Network {
    return networkOf(this);
  }

  /**
   * How tables become states and conditions: the `data` of the config.
   *
   * @throws ConfigError where the config has none
   */
  get encoding(): TableEncoding {
    const { data } = this.config as { readonly data?: ConstructorParameters<typeof TableEncoding>[0] };
    if (data === undefined && "vocabulary" in this.config) {
      const [expected, got] = ["tokens, i64 tensors", "a table"];
      throw new ConfigError(`data: expected ${expected}, got ${got}, which a model of tokens does not take`, {
        expected,
        got,
        path: "data",
      });
    }
    if (data === undefined) {
      const expected = "an encoding in the config, { data: await fitEncoding(table), … }, for a model of tables";
      throw new ConfigError(`data: expected ${expected}, got none`, { expected, got: "none", path: "data" });
    }
    this.#encoding ??= new TableEncoding(data);
    return this.#encoding;
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

  /**
   * The leaves of a condition; none where there is none.
   *
   * @internal
   */
  protected conditions(condition: unknown, what = "condition"): Tensor[] {
    if (condition === undefined) return [];
    const { conditionSize } = this.config;
    if (conditionSize !== undefined) return tensorsOf(what, condition, conditionSize);
    const [expected, got] = ["no condition (the config has no conditionSize)", describe(condition)];
    const remedy = "conditionSize: … in the config, the size of one row of it";
    throw new DataError(`${what}: expected ${expected}, got ${got}. Remedy: ${remedy}`, { expected, got, where: what });
  }

  /** Data and what comes with its rows; `at` is where they are, for messages. */
  #rows(data: Lists, { condition, sampleWeight }: RowSettings<C>, at = ""): Lists {
    const weight = sampleWeight === undefined ? [] : tensorsOf(`${at}sampleWeight`, sampleWeight, 1);
    return { ...data, condition: this.conditions(condition, `${at}condition`), sampleWeight: weight };
  }

  /**
   * Element type of parameters and computation.
   *
   * @internal
   */
  protected get dtype(): "f32" | "f64" {
    return this.config.dtype ?? "f32";
  }

  #weight(weight: Weight | undefined, rows: number): NativeGraph | undefined {
    return weight && weightGraph(weight, rows, this.dtype);
  }

  /**
   * Starts training on data `[N, …xSize]`, on a table (of a model with an encoding, {@link fitEncoding}), or on a stream of either; see {@link Run} for how to
   * follow and end it. A flow or a bridge also takes pairs `{ x0, x1 }`, of tensors or tables. One call trains in the engine until the end; JavaScript is not called in between, except where `every` asks for it.
   *
   * Of a {@link Stream} of batches, `buffer` rows are held at a time and shuffled among each other, while the next are read; the first of them are what the data
   * are normalised by. Equal seeds and streams give equal models. Where a fit goes on (`resume`), the stream is read from its start, and what was trained on
   * is passed over.
   *
   * @throws ConfigError for wrong options; DataError, ShapeError or DTypeError for data that do not fit
   *
   * @example
   * ```ts
   * await model.fit(data, { loss: "flow_matching", batchSize: 512, steps: 5_000, optimizer: adamw({ lr: 1e-3 }) });
   *
   * async function* batches() {
   *   for (let i = 0; i < 10; i++) {
   *     const batch = randn([1_000, 2], { seed: i }); // or from a file, or a database
   *     yield batch;
   *     batch.dispose();
   *   }
   * }
   * await model.fit(batches, { epochs: 3, buffer: 5_000 });
   * ```
   */
  fit(data: Data | Table | Stream<C, Data>, settings: FitSettings<C, Data> = {}): Run {
    const model: Fitted<C, Data> = {
      network: this.#network,
      dtype: this.dtype,
      xSize: this.config.xSize,
      isEncoded: "data" in this.config && this.config.data !== undefined,
      hasUnitNoise: hasUnitNoise(this.config),
      encoding: () => this.encoding,
      rows: (at, rows, more) => this.#rows(this.groups(`${at}data`, rows), more, at),
      info: () => this.info(),
    };
    return startFit(model, data, settings);
  }

  /**
   * A loss of these rows: a scalar, or `[N]` with `reduction: "none"`.
   *
   * @internal
   */
  protected loss(type: ObjectiveKind, data: Lists, settings: LossSettings<C>): Tensor {
    const { condition, sampleWeight, weight, weighting, time, layout, energy, ...rest } = optionsOf(
      type,
      settings,
      lossNames,
    );
    checkName("reduction", rest.reduction, ["mean", "none"]);
    checkName("weights", rest.weights, weightNames);
    checkInteger("seed", rest.seed);
    const [own, kept] = typeof weight === "function" ? [weight, undefined] : [undefined, weight];
    const objective = { type, weighting, time, layout, energy, weight: kept };
    validate("Objective", objective);
    const options = JSON.stringify({ objective, reduction: "mean", ...rest });
    const lists = this.#rows(data, { condition, sampleWeight });
    const [rows, trace] = [rowsOf(lists.x), currentTrace()];
    const graph = this.#weight(own, rows);
    this.#network.prepare({ kind: "loss", rows, candidates: candidatesOf(lists), training: trace?.training ?? false });
    const { native: model } = this.#network;
    if (trace === undefined) {
      return new Tensor({ handle: model.loss(options, ...grouped(mapped(lists, handleOf)), graph) });
    }
    const ids = grouped(mapped(lists, (tensor) => valueIn(trace, tensor).id));
    return traced(trace, model.traceLoss(trace.native, options, ...ids, graph));
  }

  /**
   * What a function of the model gives at times t (a number, or `[N]`) and states x `[N, …]`: at once, or as part of the trace that is being made.
   *
   * @internal
   */
  protected evaluated(
    t: number | Tensor,
    x: StateOf<X>,
    settings: CallSettings<C>,
    { now, inTrace }: NativeFunction,
  ): Tensor[] {
    const state = this.leaves("x", x);
    const { condition: given, weights = "ema" } = optionsOf("settings", settings, callNames);
    checkName("weights", weights, weightNames);
    const condition = this.conditions(given);
    const [rows, trace] = [rowsOf(state), currentTrace()];
    this.#network.prepare({ kind: "loss", rows, training: trace?.training ?? false });
    const { native: model } = this.#network;
    const times = timesOf(t, rows, this.dtype);
    if (trace === undefined) {
      const [handles, conditions] = [state.map(handleOf), condition.map(handleOf)];
      const results = now(model, [handleOf(times), handles, conditions, weights]);
      return results.map((handle) => new Tensor({ handle }));
    }
    const ids = grouped(mapped({ t: [times], x: state, condition }, (tensor) => valueIn(trace, tensor).id));
    return inTrace(model, [trace.native, ...ids]).map((value) => traced(trace, value));
  }

  /**
   * As {@link FittedModel.evaluated}, of one of the four functions that the native side knows by name.
   *
   * @internal
   */
  protected quantity(name: Quantity, t: number | Tensor, x: StateOf<X>, settings: CallSettings<C>): StateOf<X> {
    const tensors = this.evaluated(t, x, settings, {
      now: (model, given) => model.call(name, ...given),
      inTrace: (model, [trace, ...lists]) => model.traceCall(trace, name, ...lists),
    });
    return stateOf(this.config.xSize, tensors);
  }

  /**
   * The state whose leaves a job gave.
   *
   * @internal
   */
  protected state(handles: readonly NativeTensor[]): StateOf<X> {
    return stateOf(
      this.config.xSize,
      handles.map((handle) => new Tensor({ handle })),
    );
  }
}

/** Paths along which data go to noise of variance 1. */
const toUnitNoise = new Set(["linear_vp_sde", "linear", "gvp", "cosine_vp", "sub_vp"]);

/** Whether data are mixed with noise of variance 1: along such a path, or by a flow from the standard normal distribution. */
function hasUnitNoise(config: object): boolean {
  if ("vocabulary" in config || "scoreModel" in config) return false;
  const type = "path" in config && (config.path as { readonly type?: string } | undefined)?.type;
  return typeof type !== "string" || toUnitNoise.has(type);
}

/** Times `[rows]` of this element type, from one number, a scalar, or one time per row. */
function timesOf(t: number | Tensor, rows: number, dtype: "f32" | "f64"): Tensor {
  if (t instanceof Tensor) return t.rank === 0 ? t.broadcastTo([rows]) : t;
  if (t >= 0 && Number.isFinite(t)) return filled(t, dtype, [rows]);
  const expected = "a finite time ≥ 0";
  throw new DataError(`t: expected ${expected}, got ${t}`, { expected, got: String(t), where: "t" });
}
