// GenerativeModel: what all models of continuous states have in common: samples, tells densities, evaluates.
// A thin layer: it validates, hands tensors over and waits; every number is computed on the native side.
import { optionsOf } from "../config/options.js";
import { validate } from "../config/validate.js";
import { gathered } from "../data/columns.js";
import type { TableEncoding } from "../data/encoding/table-encoding.js";
import { Table } from "../data/table.js";
import { InternalError } from "../errors.js";
import type { Size } from "../generated/config.js";
import type { NativeTensor } from "../native/boundary.js";
import { native } from "../native.js";
import { handleOf, Tensor } from "../tensor/tensor.js";
import { energyGraph } from "./energy.js";
import { type AnyConfigOf, FittedModel } from "./fitted-model.js";
import { grouped } from "./groups.js";
import { checkJob, type Finished, finished } from "./job.js";
import { type Lists, mapped, rowsOf } from "./lists.js";
import type { Network } from "./network.js";
import type {
  CallSettings,
  DensitySampleSettings,
  FixedSampleSettings,
  ForwardSettings,
  LogProbSettings,
  SampleSettings,
  SampleTableSettings,
  TracedLogProbSettings,
  TracedSampleSettings,
} from "./options.js";
import type { DensityReport, SamplesWithDensity } from "./reports.js";
import { energySettingsOf, guideNames, numberOf, refused, refuseOptions, settingsOf } from "./settings.js";
import { type StateOf, stateOf } from "./state.js";
import { networkOf } from "./stored-model.js";
import { tracedDensity, tracedSamples } from "./traced.js";

/**
 * What all models of continuous states have in common, beside what {@link FittedModel} has.
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
> extends FittedModel<X, C, Config, Data> {
  get #network(): Network {
    return networkOf(this);
  }

  async #sampled(
    settings: SampleSettings<X, C>,
    starts: readonly Tensor[],
    more: object,
    known: Lists = {},
  ): Promise<Finished> {
    const { x0: _, condition, guide, energy, signal, progress, onReport, ...rest } = settings;
    const job = { signal, progress, onReport };
    this.#network.training.beforeSampling(this, () => this.parameters().length > 0);
    const passed = [...INTERNAL, ...Object.entries(OWN).flatMap(([key, has]) => (has(more, known) ? [] : [key]))];
    refuseOptions(settings, passed);
    const { fixedX = [], fixedMask = [] } = known;
    if (guide !== undefined) optionsOf("guide", guide, guideNames);
    const { function: energyFunction, ...energySettings } = energySettingsOf(energy);
    const options = {
      ...rest,
      ...(guide && { otherScale: numberOf("guide.scale", guide.scale) }),
      ...(energy && { energy: energySettings }),
      ...more,
    };
    validate("SampleOptions", options);
    checkJob("sample", job);
    const conditions = this.conditions(condition);
    const first = [...starts, ...conditions];
    const given = first.length === 0 && fixedX.length === 0 ? undefined : rowsOf([...first, ...fixedX]);
    const other = guide && networkOf(guide.model, "guide.model");
    for (const network of [this.#network, ...(other ? [other] : [])])
      network.prepare({ kind: "sample", options, given });
    const text = JSON.stringify(options);
    const { xSize, conditionSize } = this.config;
    const shapes = { dtype: this.dtype, xSize, conditionSize: conditions.length > 0 ? conditionSize : undefined };
    const graphs = energyFunction
      ? native.sampleRows(text, given).map((rows) => energyGraph(energyFunction, { ...shapes, rows }))
      : [];
    const lists = grouped(mapped({ x0: starts, condition: conditions, fixedX, fixedMask }, handleOf));
    const run = this.#network.native.sample(text, ...lists, graphs, other?.native);
    return finished(run, job);
  }

  async #sampling(given: SampleSettings<X, C>, more: object): Promise<Finished> {
    const { settings, made } = await this.#encoded(settingsOf("sample", given, "batchSize"));
    try {
      return await this.#sampled(settings, settings.x0 === undefined ? [] : this.leaves("x0", settings.x0), more);
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  }

  /** Settings with codes in the place of tables, and the codes that were made. */
  async #encoded(settings: SampleSettings<X, C>): Promise<{ settings: SampleSettings<X, C>; made: Tensor[] }> {
    const { x0, condition } = settings;
    if (x0 instanceof Table && !this.startsFromData) {
      throw refused("x0", "noise as a tensor, from which a diffusion model starts and not from rows", x0);
    }
    const made: Tensor[] = [];
    const codes = async (name: "x0" | "condition", encode: (encoding: TableEncoding) => Promise<Tensor>) => {
      if (!(settings[name] instanceof Table)) return {};
      const tensor = await encode(this.encoding);
      made.push(tensor);
      return { [name]: tensor };
    };
    const { dtype } = this;
    const replaced = {
      ...(await codes("x0", (encoding) => encoding.encode(x0 as Table, { dtype }))),
      ...(await codes("condition", (encoding) => encoding.encodeCondition(condition as Table, { dtype }))),
    };
    return { settings: { ...settings, ...replaced }, made };
  }

  /**
   * Whether samples start from rows of a source, and not from noise alone.
   *
   * @internal
   */
  protected get startsFromData(): boolean {
    return false;
  }

  /**
   * Samples. The shape follows from what is given: nothing → `[…D]`; `batchSize` B → `[B…, …D]`; N conditions or N starts →
   * `[N, …D]`; both → `[B…, N, …D]`, where entry `[b, n]` uses condition n. Row i depends on the seed and on i alone.
   *
   * `guidance` is classifier-free, of a model that is given a condition and was trained with `conditionDropout`; `guide` is another model, and
   * `energy` an energy. They can be combined.
   *
   * @throws ConfigError for wrong options; AbortError where the signal ended it
   *
   * @example
   * ```ts
   * (await model.sample({ batchSize: [4, 3] })).shape; // [4, 3, 2]
   * await model.sample({ batchSize: 100, guide: { model: worse, scale: 1.5 } });
   * await model.sample({ batchSize: 100, energy: { scale: 1, function: (_t, x) => x.square().sum(1).neg() } });
   * ```
   */
  async sample(settings: SampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.state((await this.#sampling(settings, {})).tensors);
  }

  /**
   * Samples of a model of tables, as a table: columns, categories and units are those of the table that its encoding was fitted to. Where columns are
   * conditions, `condition` is a table of them: each of its N rows gives a sample, or `batchSize` of them one pass after the other, and has its columns again.
   * A flow or a bridge between two tables carries the rows of `x0`.
   *
   * @throws ConfigError where the config has no encoding, or for wrong options; DataError for a condition that the encoding does not know
   *
   * @example
   * ```ts
   * const table = Table.fromColumns({ size: [4.1, 3.9, 7.2, 7.7], kind: ["cat", "cat", "dog", "dog"] });
   * const encoding = await fitEncoding(table, { condition: ["kind"] });
   * const model = new DiffusionModel({
   *   xSize: encoding.width,
   *   conditionSize: encoding.conditionWidth,
   *   data: encoding,
   *   path: { type: "linear_vp_sde" },
   *   model: {
   *     type: "velocity_function",
   *     args: { backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [4, 64], outputSize: 1, activation: "silu" } } },
   *   },
   * });
   * await model.fit(table, { steps: 5_000 });
   * const cats = await model.sampleTable({ condition: Table.fromColumns({ kind: ["cat", "cat"] }), seed: 1 });
   * cats.row(0).kind; // "cat"
   * ```
   */
  async sampleTable(settings: SampleTableSettings<X, C> = {}): Promise<Table> {
    const { encoding } = this;
    const { condition, ...rest } = settingsOf("sampleTable", settings);
    if (condition !== undefined && !(condition instanceof Table)) throw refused("condition", "a table", condition);
    const samples = (await this.sample({ ...rest, ...(condition && { condition }) } as SampleSettings<X, C>)) as Tensor;
    const sampled = await encoding.decode(samples);
    samples.dispose();
    if (condition === undefined) return sampled;
    const rows = Uint32Array.from({ length: sampled.rowCount }, (_, row) => row % condition.rowCount);
    const columns = encoding.columns.map(({ name, condition: isGiven = false }) =>
      isGiven ? gathered(condition.column(name), rows) : sampled.column(name),
    );
    return new Table(columns);
  }

  /**
   * As {@link GenerativeModel.sample}, with the states at all times of `tSpan` along a first dimension.
   *
   * @example
   * ```ts
   * const ways = await model.sampleForwardProcess({ batchSize: 10, tSpan: [0, 0.5, 1], seed: 1 });
   * ways.shape; // [3, 10, 2]
   * ```
   */
  async sampleForwardProcess(settings: SampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.state((await this.#sampling(settings, { trajectory: true })).tensors);
  }

  /**
   * Samples of which some coordinates are known, for filling in the others: where `mask` is 0 the result has exactly `xFix`, where it is 1 it is sampled. Known
   * coordinates go along the path with the noise of their row at every step. The rest only comes near to the conditional distribution; `resample`
   * (RePaint, Lugmayr et al. 2022) brings it nearer, with a solver of fixed single steps on a Gaussian path.
   * Rows of `xFix` count as starts do: the result is `[N, …D]`, and `[B…, N, …D]` with `batchSize` B.
   *
   * @param xFix - the known values, `[N, …xSize]` or `[1, …xSize]` for all rows, in the units of the data; the others do not matter
   * @param mask - 0 or 1, of the model's element type: `[N, …xSize]` or `[1, …xSize]`
   * @throws DataError where a mask is neither 0 nor 1, or a value not finite; ShapeError for numbers of rows that do not fit; ConfigError for wrong options
   *
   * @example
   * ```ts
   * const mask = tensor([[0, 1]]); // the first coordinate is known
   * const filled = await model.sampleWithFixedX(data, mask, { seed: 1 });
   * filled.shape; // [64, 2]
   * ```
   */
  async sampleWithFixedX(
    xFix: StateOf<X>,
    mask: StateOf<X>,
    settings: FixedSampleSettings<X, C> = {},
  ): Promise<StateOf<X>> {
    settingsOf("sampleWithFixedX", settings);
    const known = { fixedX: this.leaves("xFix", xFix), fixedMask: this.leaves("mask", mask) };
    const starts = settings.x0 === undefined ? [] : this.leaves("x0", settings.x0);
    return this.state((await this.#sampled(settings, starts, {}, known)).tensors);
  }

  /**
   * Samples as {@link GenerativeModel.sample} with an ODE solver, together with their log densities in nats, in the units of the data; both
   * follow from one trajectory. Of a guided model it is the density of the guided flow.
   *
   * @throws ConfigError where the density is not defined: of a model fitted between two sets, or with an SDE solver
   *
   * @example
   * ```ts
   * const { samples, logProb } = await model.sampleWithLogProb({ batchSize: 10, seed: 1 });
   * logProb.shape; // [10]
   * ```
   */
  async sampleWithLogProb(settings: DensitySampleSettings<X, C> = {}): Promise<SamplesWithDensity<StateOf<X>>> {
    const { tensors } = await this.#sampling(settings, { logProb: true });
    return { samples: this.state(tensors.slice(0, -1)), logProb: lastOf(tensors) };
  }

  /**
   * The log density of data `[N, …xSize]` under the model, in nats and in the units of the data: that of the prior where the probability flow ends,
   * plus the integral of the flow's divergence.
   *
   * Of a table it is the density of its numbers and dates (in milliseconds) in its own units, given its columns that are conditions: that of the codes times
   * how much the encoding spreads them. Whole numbers count as numbers, and missing values as what fills them. Codes of categories, or of missing values that
   * are kept, have no such density: make those columns conditions, or give `await model.encoding.encode(table)` for the density of the codes.
   *
   * @throws ConfigError where the density is not defined: of a model fitted between two sets, with an SDE solver, or of a table with other columns than
   *   numbers and dates
   *
   * @example
   * ```ts
   * const { logProb, nfe } = await model.logProb(data); // and how often the network was evaluated
   * logProb.shape; // [64]
   * ```
   */
  async logProb(x: StateOf<X> | Table, settings: LogProbSettings<C> = {}): Promise<DensityReport> {
    if (x instanceof Table) return this.#logProbOfTable(x, settings);
    const { condition, signal, progress, onReport, ...options } = settingsOf("logProb", settings);
    const job = { signal, progress, onReport };
    validate("LogProbOptions", options);
    checkJob("logProb", job);
    const [state, conditions] = [this.leaves("x", x), this.conditions(condition)];
    this.#network.prepare({ kind: "sample", options: {}, given: rowsOf(state) });
    const lists = grouped(mapped({ x0: state, condition: conditions }, handleOf));
    const run = this.#network.native.logProb(JSON.stringify(options), ...lists);
    const { tensors, evaluations } = await finished(run, job);
    return { logProb: lastOf(tensors), nfe: evaluations };
  }

  async #logProbOfTable(table: Table, settings: LogProbSettings<C>): Promise<DensityReport> {
    const { condition, ...rest } = settingsOf("logProb", settings);
    if (condition !== undefined) throw refused("condition", "none beside a table, of which it is a part", condition);
    const { encoding, dtype } = this;
    const spread = await encoding.logDeterminants(table, dtype);
    const x = (await encoding.encode(table, { dtype })) as StateOf<X>;
    const given = encoding.conditionWidth > 0 ? await encoding.encodeCondition(table, { dtype }) : undefined;
    const { logProb: ofCodes, nfe } = await this.logProb(x, { ...rest, condition: given } as LogProbSettings<C>);
    const logProb = ofCodes.add(spread);
    for (const tensor of [spread, x as Tensor, given, ofCodes]) tensor?.dispose();
    return { logProb, nfe };
  }

  /**
   * Carries data `[N, …xSize]` along the flow to noise (or to the source): the inverse of sampling.
   *
   * @throws ConfigError for wrong options; ShapeError for data of another shape; AbortError where the signal ended it
   *
   * @example
   * ```ts
   * const solver = { type: "ODESolver", args: { method: "rk4", steps: 50 } } as const;
   * const noise = await model.forwardSample(data, { solver });
   * const back = await model.sample({ x0: noise, solver }); // near to the data again
   * ```
   */
  async forwardSample(data: StateOf<X>, settings: ForwardSettings<X, C> = {}): Promise<StateOf<X>> {
    settingsOf("forwardSample", settings);
    return this.state((await this.#sampled(settings, this.leaves("data", data), { forward: true })).tensors);
  }

  /** As {@link GenerativeModel.forwardSample}, with the states at all times of `tSpan` along a first dimension. */
  async forwardSampleProcess(data: StateOf<X>, settings: ForwardSettings<X, C> = {}): Promise<StateOf<X>> {
    settingsOf("forwardSampleProcess", settings);
    const more = { forward: true, trajectory: true };
    return this.state((await this.#sampled(settings, this.leaves("data", data), more)).tensors);
  }

  #traced(settings: TracedSampleSettings<X, C>, trajectory: boolean): StateOf<X> {
    const { x0, condition, ...rest } = settingsOf("tracedSample", settings);
    const { xSize, conditionSize } = this.config;
    const conditions = this.conditions(condition);
    const given = { network: this.#network, x0: this.leaves("x0", x0), condition: conditions };
    const shapes = { dtype: this.dtype, xSize, conditionSize: conditions.length > 0 ? conditionSize : undefined };
    return stateOf(xSize, tracedSamples(given, rest, shapes as never, { trajectory }));
  }

  /**
   * As {@link GenerativeModel.sample} from starts `x0 [N, …]`, within a function that is traced ({@link valueAndGrad}, {@link trainStep}, {@link compile}): all
   * steps become part of its graph and can be differentiated, by x0, by the condition and, in {@link trainStep}, by the parameters, which
   * are the raw ones. The solver must have fixed steps; derivatives are those of its steps, and its memory grows with their square root.
   *
   * @throws TraceError outside of a trace, where {@link GenerativeModel.sample} is the method to use; ConfigError for a solver that chooses its steps
   *
   * @example
   * ```ts
   * const solver = { type: "ODESolver", args: { method: "rk4", steps: 20 } } as const;
   * const distance = (x0: Tensor) => model.tracedSample({ x0, solver }).sub(samples).square().sum();
   * const { grad } = valueAndGrad(distance)(x0); // how the starts must change for samples to come closer
   * ```
   */
  tracedSample(settings: TracedSampleSettings<X, C>): StateOf<X> {
    return this.#traced(settings, false);
  }

  /** As {@link GenerativeModel.tracedSample}, with the states at all times of `tSpan` along a first dimension. */
  tracedSampleForwardProcess(settings: TracedSampleSettings<X, C>): StateOf<X> {
    return this.#traced(settings, true);
  }

  /**
   * As {@link GenerativeModel.logProb}, `[N]` in nats, within a function that is traced, by an ODE solver of fixed steps; see {@link GenerativeModel.tracedSample}.
   *
   * @throws TraceError outside of a trace; ConfigError for a solver that chooses its steps
   *
   * @example
   * ```ts
   * const solver = { type: "ODESolver", args: { method: "rk4", steps: 8 } } as const;
   * const step = trainStep(model, (x: Tensor) => model.tracedLogProb(x, { solver }).mean().neg()); // maximum likelihood
   * await step(data);
   * ```
   */
  tracedLogProb(x: StateOf<X>, settings: TracedLogProbSettings<C> = {}): Tensor {
    const { condition, ...rest } = settingsOf("tracedLogProb", settings);
    const given = { network: this.#network, x0: this.leaves("x", x), condition: this.conditions(condition) };
    const [logProb] = tracedDensity(given, rest);
    if (logProb === undefined) throw new InternalError("a density gave no tensor");
    return logProb;
  }

  /**
   * The score ∇log p_t(x) at times t of the path (a number, or `[N]`) and states x `[N, …]`, in the units that the
   * network sees (normalised where training normalised). A model that does not have it says why.
   *
   * @throws DataError for times that are negative or not finite; ShapeError for shapes that do not fit
   *
   * @example
   * ```ts
   * model.scoreFunction(0.5, data).shape; // [64, 2]
   * ```
   */
  scoreFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.quantity("score", t, x, settings);
  }

  /** The noise −σ·score; see {@link GenerativeModel.scoreFunction}. */
  noiseFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.quantity("noise", t, x, settings);
  }

  /** The velocity of the (probability) flow; see {@link GenerativeModel.scoreFunction}. */
  velocityFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.quantity("velocity", t, x, settings);
  }

  /** The expected datum given x_t = x; see {@link GenerativeModel.scoreFunction}. */
  dataPredictionFunction(t: number | Tensor, x: StateOf<X>, settings: CallSettings<C> = {}): StateOf<X> {
    return this.quantity("data", t, x, settings);
  }
}

/** Options by which methods tell the native side what they are. */
const INTERNAL = ["trajectory", "forward", "otherScale", "logProb"] as const;

/** Options that some methods have and others do not, and which those are. */
const OWN: Readonly<Record<string, (more: object, known: Lists) => boolean>> = {
  divergence: (more) => "logProb" in more,
  resample: (_, known) => "fixedX" in known,
  batchSize: (more) => !("forward" in more),
  x0: (more) => !("forward" in more),
};

/** The tensor that a job gives last. */
function lastOf(tensors: readonly NativeTensor[]): Tensor {
  const handle = tensors.at(-1);
  if (handle === undefined) throw new InternalError("a job gave no tensor");
  return new Tensor({ handle });
}
