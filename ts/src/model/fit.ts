// How a fit begins: on rows that are there, on a table that is encoded first, or on a stream.
// What the rows of a model are is the model's business; what is done with them is the engine's.
import { optionsOf } from "../config/options.js";
import { validate } from "../config/validate.js";
import { warnOnce } from "../config/warnings.js";
import type { TableEncoding } from "../data/encoding/table-encoding.js";
import { Table } from "../data/table.js";
import { ConfigError, InternalError } from "../errors.js";
import type { FitOptions, Size } from "../generated/config.js";
import type { NativeRun } from "../native/boundary.js";
import { handleOf, type Tensor } from "../tensor/tensor.js";
import type { FitReport } from "../train/events.js";
import { LaterRun } from "../train/later-run.js";
import { Logs } from "../train/logs.js";
import { LossWatch } from "../train/loss-watch.js";
import { progressOn } from "../train/progress.js";
import { Run } from "../train/run.js";
import { checkBatch, checkBatchKeys, checkFits, type Shapes } from "./batches.js";
import { watchResumed, watchScale } from "./data-scale.js";
import { grouped } from "./groups.js";
import { checkJob } from "./job.js";
import { candidatesOf, free, type Lists, mapped, rowsOf } from "./lists.js";
import type { Network } from "./network.js";
import type { FitSettings, RowSettings } from "./options.js";
import type { ModelInfo } from "./reports.js";
import { checkInteger, everyNames, functionOf, refused, settingsOf, validationNames } from "./settings.js";
import { isRecordOf, tensorsOf } from "./state.js";
import { chunks, isStream, pump, type Read, type Stream } from "./stream.js";
import { type Weight, weightGraph } from "./weight.js";

/** What a fit asks of its model. */
export interface Fitted<C extends Size, Data> {
  readonly network: Network;
  readonly dtype: "f32" | "f64";
  readonly xSize: Size;
  /** Whether the config has an encoding. */
  readonly isEncoded: boolean;
  /** Whether data are mixed with noise of variance 1. */
  readonly hasUnitNoise: boolean;
  /** The encoding; throws where there is none. */
  encoding(): TableEncoding;
  /** The rows of tensors; `at` is where they are, as of {@link Fit.read}. */
  rows(at: string, data: Data, settings: RowSettings<C>): Lists;
  info(): Promise<ModelInfo>;
}

/** Rows of a step where the options do not say. */
const BATCH = 512;

/** Steps' worth of rows that are held of a stream where the options do not say. */
const STEPS_HELD = 64;

/** Rows to train on, and those to validate with. */
type Reads = readonly [trained: Read, held: Read | undefined];

function drop(reads: Reads): void {
  for (const read of reads) if (read?.owned) free(read.lists);
}

/** Both, or the failure of the first that fails; what comes of the other is let go of then. */
async function both(trained: Read | Promise<Read>, held: Read | Promise<Read> | undefined): Promise<Reads> {
  const reads = [Promise.resolve(trained), Promise.resolve(held)] as const;
  try {
    return await Promise.all(reads);
  } catch (error) {
    for (const read of reads) {
      read.then(
        (came) => came && drop([came, undefined]),
        () => undefined,
      );
    }
    throw error;
  }
}

/** Pairs that may hold tables. */
interface Pair {
  readonly x0: unknown;
  readonly x1: unknown;
}

/** A copy, since what is owned is freed. */
const copied = (tensor: Tensor) => tensor.narrow(0, 0, rowsOf([tensor]));

function refuseCondition(at: string, condition: unknown): void {
  const expected = "none beside a table, of which it is a part";
  if (condition !== undefined) throw refused(`${at}condition`, expected, condition);
}

/** One fit. */
class Fit<C extends Size, Data> {
  readonly #model: Fitted<C, Data>;
  readonly #options: Pick<FitOptions, "batchSize" | "normalize" | "resume">;
  readonly #weight: Weight | undefined;
  /** What the first batch of a stream had. */
  #first: Shapes | undefined;

  constructor(model: Fitted<C, Data>, options: object, weight: Weight | undefined) {
    this.#model = model;
    this.#options = options;
    this.#weight = weight;
  }

  /**
   * Rows as they are given: at once, unless they have to be encoded.
   *
   * @param at - where they are among the settings, for messages: `"validation."`, or nothing
   */
  read(at: string, data: Data | Table, settings: RowSettings<C>): Read | Promise<Read> {
    if (data instanceof Table) return this.#encoded(at, data, settings);
    if (isRecordOf(["x0", "x1"], data, this.#model.xSize)) {
      const pairs = data as unknown as Pair;
      if (pairs.x0 instanceof Table || pairs.x1 instanceof Table) return this.#encodedPairs(at, pairs, settings);
    }
    return { lists: this.#model.rows(at, data, settings), owned: false };
  }

  async #encoded(at: string, table: Table, { condition, sampleWeight }: RowSettings<C>): Promise<Read> {
    const { dtype } = this.#model;
    const encoding = this.#model.encoding();
    refuseCondition(at, condition);
    const weight = sampleWeight && tensorsOf(`${at}sampleWeight`, sampleWeight, 1).map(copied);
    const x = [await encoding.encode(table, { dtype })];
    const conditions = encoding.conditionWidth === 0 ? [] : [await encoding.encodeCondition(table, { dtype })];
    return { lists: { x, condition: conditions, sampleWeight: weight ?? [] }, owned: true };
  }

  /** Pairs of which one or both are tables; conditions are those of the data. */
  async #encodedPairs(at: string, pairs: Pair, { condition, sampleWeight }: RowSettings<C>): Promise<Read> {
    const { dtype } = this.#model;
    const encoding = this.#model.encoding();
    const { x0, x1, ...others } = pairs;
    const ofData = x1 instanceof Table && encoding.conditionWidth > 0;
    if (x1 instanceof Table) refuseCondition(at, condition);
    const made: Tensor[] = [];
    const encoded = async (side: unknown) => {
      if (!(side instanceof Table)) return side;
      const codes = await encoding.encode(side, { dtype });
      made.push(codes);
      return codes;
    };
    try {
      const sides = { ...others, x0: await encoded(x0), x1: await encoded(x1) };
      const given = ofData ? await encoding.encodeCondition(x1, { dtype }) : condition;
      if (ofData) made.push(given as Tensor);
      const lists = this.#model.rows(
        at,
        sides as unknown as Data,
        { condition: given, sampleWeight } as RowSettings<C>,
      );
      const isMade = new Set(made);
      return { lists: mapped(lists, (tensor) => (isMade.has(tensor) ? tensor : copied(tensor))), owned: true };
    } catch (error) {
      for (const tensor of made) tensor.dispose();
      throw error;
    }
  }

  /** Begins the training on rows that are there, to which a stream adds. */
  begin([trained, held]: Reads, streamed: boolean): NativeRun {
    this.#prepare(trained.lists, held?.lists);
    this.#watch(trained);
    const all = Object.fromEntries([
      ...Object.entries(trained.lists),
      ...Object.entries(held?.lists ?? {}).map(([name, tensors]) => [`validation.${name}`, tensors] as const),
    ]);
    const rows = Math.min(this.#options.batchSize ?? BATCH, rowsOf(trained.lists.x));
    const graph = this.#weight && weightGraph(this.#weight, rows, this.#model.dtype);
    const lists = grouped(mapped(all, handleOf));
    const run = this.#model.network.native.fit(JSON.stringify(this.#options), ...lists, graph, streamed);
    drop([trained, held]);
    return run;
  }

  /** Looks at the data beside the fit, for warnings that are of no consequence for it. */
  #watch({ lists: { x = [], x0 = [] }, owned }: Read): void {
    const { network, hasUnitNoise } = this.#model;
    const { normalize = true, resume = false } = this.#options;
    // What was encoded or read from a stream is freed soon, and in good units.
    if (owned || x0.length > 0 || !hasUnitNoise) return;
    const looked = normalize ? resume && watchResumed(network, x, this.#model.info()) : watchScale(network, x);
    if (looked) looked.catch(() => undefined);
  }

  /** Records the forwards that a fit of these rows needs. */
  #prepare(trained: Lists, held: Lists | undefined): void {
    this.#model.network.prepare({
      kind: "fit",
      options: this.#options,
      rows: rowsOf(trained.x),
      candidates: candidatesOf(trained),
      validationRows: rowsOf(held?.x),
      validationCandidates: candidatesOf(held),
    });
  }

  /** A run that begins once its rows are there. */
  later(data: Promise<Reads>): NativeRun {
    return new LaterRun({ data, begin: (reads) => this.begin(reads, false), drop, idle: () => this.#idle() });
  }

  /** A run on a stream: it begins with the first rows, and takes more when it has been through them. */
  streamed(stream: Stream<C, Data>, settings: FitSettings<C, Data>, held: Read | Promise<Read> | undefined): NativeRun {
    const { condition, sampleWeight, batchSize = BATCH, accumulate = 1, epochs = Number.POSITIVE_INFINITY } = settings;
    for (const [name, value] of Object.entries({ condition, sampleWeight })) {
      const expected = "none beside a stream; its batches are { data, condition, sampleWeight }";
      if (value !== undefined) throw refused(name, expected, value);
    }
    const unit = batchSize * accumulate;
    checkFits(unit, this.#model.xSize, this.#model.dtype);
    const { buffer = STEPS_HELD * unit } = settings;
    const rows = Math.max(1, Math.floor(buffer / unit)) * unit;
    const open = typeof stream === "function" ? stream : () => stream;
    const cutting = { epochs, rows, unit, keep: settings.lastBatch === "keep", ended: false };
    const source = chunks(open, (item, number) => this.#batch(item, number), cutting);
    const first = async (): Promise<Read> => {
      const { value } = await source.next();
      if (value) return { lists: value.lists, owned: true };
      throw new InternalError("a stream gave no chunk");
    };
    const letGo = () => {
      cutting.ended = true;
      // What was trained on is whole; that the stream fails to clean up after itself does not change the fit.
      source.return(undefined).catch(() => undefined);
    };
    return new LaterRun({
      data: both(first(), held).catch((error: unknown) => {
        // Also where it is the validation data that are refused.
        letGo();
        throw error;
      }),
      begin: (reads, fail) => {
        try {
          const run = this.begin(reads, true);
          run.wait().then(letGo, letGo);
          pump(run, source, ({ lists }) => this.#prepare(lists, undefined)).catch(fail);
          return run;
        } catch (error) {
          letGo();
          throw error;
        }
      },
      drop: (reads) => {
        letGo();
        drop(reads);
      },
      idle: () => this.#idle(),
    });
  }

  /** A batch of a stream, the `number`-th of its pass. */
  async #batch(item: unknown, number: number): Promise<Read> {
    const isWhole = isRecordOf(["data"], item, this.#model.xSize);
    if (isWhole) checkBatchKeys(item as object, number);
    const { data, ...settings } = isWhole ? (item as { readonly data: Data | Table }) : { data: item as Data | Table };
    const read = await this.read("", data, settings);
    this.#first ??= mapped(read.lists, ({ shape }) => ({ shape }));
    try {
      checkBatch(read.lists, this.#first, number);
    } catch (error) {
      drop([read, undefined]);
      throw error;
    }
    return read;
  }

  /** The report of a fit that did nothing. */
  async #idle(): Promise<string> {
    const { step } = await this.#model.info();
    return JSON.stringify({ step, stepsRun: 0, loss: null, bestValidationLoss: null, seconds: 0, reason: "stopped" });
  }
}

/**
 * Starts a fit; see {@link FittedModel.fit}.
 *
 * @throws ConfigError for wrong options; what the data are refused for, where they are there
 */
export function startFit<C extends Size, Data>(
  model: Fitted<C, Data>,
  data: Data | Table | Stream<C, Data>,
  settings: FitSettings<C, Data>,
): Run {
  const given = settingsOf("fit", settings, "steps");
  const { condition, sampleWeight, validation, every, weight, signal, progress, log, buffer, ...rest } = given;
  if (validation !== undefined) optionsOf("validation", validation, validationNames);
  if (every !== undefined) functionOf("every.call", optionsOf("every", every, everyNames).call);
  const options = {
    // What was encoded is in good units already, unless its numbers were left in their own.
    ...(model.isEncoded && { normalize: !model.encoding().isScaled }),
    ...rest,
    ...(validation && { validation: { every: validation.every } }),
    ...(every && { every: { steps: every.steps } }),
  };
  validate("FitOptions", options);
  if (weight !== undefined && settings.lastBatch === "keep") {
    const [expected, got] = ['"drop" together with a weight, which is traced for full batches', '"keep"'];
    throw new ConfigError(`lastBatch: expected ${expected}, got ${got}`, { expected, got, path: "lastBatch" });
  }
  model.network.checkFit(options);
  checkInteger("buffer", buffer, 1);
  if (weight !== undefined) functionOf("weight", weight);
  checkJob("fit", { signal, progress });
  const logs = new Logs(log);
  const fit = new Fit(model, options, weight);
  const held = validation && fit.read("validation.", validation.data, validation);
  // Where the other data are refused at once nobody waits for these.
  if (held instanceof Promise) held.catch(() => undefined);
  const begun = (): NativeRun => {
    if (isStream<C, Data>(data)) return fit.streamed(data, settings, held);
    const trained = fit.read("", data, { condition, sampleWeight });
    if (trained instanceof Promise || held instanceof Promise) return fit.later(both(trained, held));
    return fit.begin([trained, held], false);
  };
  const { training } = model.network;
  const losses = new LossWatch();
  const run = new Run(begun(), {
    progress: progressOn(progress),
    logs,
    start: { resume: given.resume ?? false },
    call: every?.call,
    signal,
    onEvent: ({ loss }) => losses.push(loss),
    onReport: (report) => {
      training.reached(report.step);
      warnAfter(model.network, report, losses);
    },
  });
  training.began(run);
  return run;
}

/** Warns of a fit that did nothing, or whose loss rose. */
function warnAfter(network: object, { step, stepsRun, reason }: FitReport, losses: LossWatch): void {
  if (stepsRun === 0 && reason === "finished") {
    const what = `fit: there was nothing to do: the model has done ${step} steps, and steps or epochs ask for no more`;
    warnOnce(
      network,
      "THALWEG_NOTHING_TO_DO",
      `${what}. Remedy: with resume they count from the start; leave it out to start anew`,
    );
  }
  const rose = losses.rose();
  if (rose === undefined) return;
  const short = (loss: number) => Number(loss.toPrecision(3));
  const what = `fit: the loss rose from ${short(rose.from)} to ${short(rose.to)}`;
  const remedy = "a smaller lr, clipNorm: 1 in the optimizer, or a learning rate that warms up (warmupCosine)";
  warnOnce(network, "THALWEG_LOSS_ROSE", `${what}. Remedy: ${remedy}`);
}
