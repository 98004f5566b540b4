// thalweg train: reads config and data, fits, and leaves a checkpoint, however it ends.
// A run that goes on reads the same data and splits them alike, so that its bits are those of a run that was never stopped.
import { join, resolve } from "node:path";
import { ConfigError } from "../../errors.js";
import { jsonLinesLog } from "../../log/json-lines-log.js";
import { tensorBoardLog } from "../../log/tensorboard-log.js";
import { type AnyModel, load, makeModel } from "../../model/registry.js";
import { savedModel } from "../../model/stored-model.js";
import type { FitReport } from "../../train/events.js";
import type { Run } from "../../train/run.js";
import type { Outcome } from "../command.js";
import { type ConfigFile, readConfig, type Section } from "../config/file.js";
import type { Data } from "../data/kinds.js";
import { type Paths, readRows } from "../data/rows.js";
import { split } from "../data/split.js";
import { exitCodes } from "../failure.js";
import { note } from "../output.js";
import { interruptible } from "../signals.js";
import { completed, isEncoded, rowsOf } from "./complete.js";
import { checkFree, clear, folderState, recordOf, writeRecord } from "./folder.js";
import { checkSame } from "./same.js";
import { type FitPlan, mergedTrain, planOf, type TrainOptions } from "./settings.js";

/** What is trained, and how. */
interface Task {
  readonly file: ConfigFile;
  /** The checkpoint to go on from. */
  readonly from: AnyModel | undefined;
  readonly paths: Paths;
  readonly train: Section;
  readonly started: string;
  readonly config: string | undefined;
}

/** Paths as they are found from elsewhere; names of data sets as they are. */
const absolute = (path: string) => (path.startsWith("datasets.") ? path : resolve(path));

function needed(name: string, value: string | undefined, hint: string): string {
  if (value !== undefined) return value;
  throw new ConfigError(`${name}: expected ${hint}, got none`, { expected: hint, got: "none", path: name });
}

function pathsOf(flags: TrainOptions, before: Partial<Paths>): Paths {
  const data = needed("--data", flags.data ?? before.data, "a path of data");
  const [source, condition] = [flags.source ?? before.source, flags.condition ?? before.condition];
  return {
    data: absolute(data),
    ...(source && { source: absolute(source) }),
    ...(condition && { condition: absolute(condition) }),
  };
}

/** The config under the flags that are the model's. */
function withFlags(file: ConfigFile, { seed, device }: TrainOptions): ConfigFile {
  return {
    ...file,
    model: { ...file.model, ...(seed !== undefined && { seed }), ...(device !== undefined && { device }) },
  };
}

async function begun(path: string | undefined, flags: TrainOptions): Promise<Task> {
  const config = needed("config", path, "the path of a config; `thalweg init` writes one");
  const file = withFlags(await readConfig(config), flags);
  const train = mergedTrain(file.train, flags);
  const paths = pathsOf(flags, {});
  await checkFree(flags.out, flags.force ?? false);
  return { file, from: undefined, paths, train, started: new Date().toISOString(), config: resolve(config) };
}

async function resumed(path: string | undefined, flags: TrainOptions): Promise<Task> {
  const state = await folderState(flags.out);
  if (state !== "begun" && state !== "trained") {
    const [expected, got] = ["the folder of a run", state === "empty" ? "nothing" : "other files"];
    throw new ConfigError(`--resume ${flags.out}: expected ${expected}, got ${got}`, {
      expected,
      got,
      path: flags.out,
    });
  }
  const record = await recordOf(flags.out);
  const config = path ?? record?.config;
  const given = path === undefined ? undefined : withFlags(await readConfig(path), flags);
  const train = mergedTrain(given?.train ?? record?.options ?? {}, flags);
  const { data, source, condition } = record ?? {};
  const paths = pathsOf(flags, { ...(data && { data }), ...(source && { source }), ...(condition && { condition }) });
  const common = {
    paths,
    train,
    started: record?.started ?? new Date().toISOString(),
    config: config && resolve(config),
  };
  if (state === "begun") {
    note(`${flags.out} has no checkpoint yet: the run starts from its beginning`);
    const file = given ?? withFlags(await readConfig(needed("config", config, "the path of a config")), flags);
    return { ...common, file, from: undefined };
  }
  const { name: className } = await savedModel(flags.out);
  const from = await load(flags.out, { device: flags.device });
  if (given !== undefined) checkSame(flags.out, given, className, from.config);
  const file = {
    className,
    model: from.config as unknown as Section,
    read: given?.read ?? record?.read ?? {},
    encoding: {},
    train,
  };
  return { ...common, file, from };
}

/** Rows to train on, and those to validate with. */
interface RowParts {
  /** All rows of the data: what their encoding is fitted to, so that it knows the categories of both parts. */
  readonly all: Data;
  readonly trained: Data;
  readonly held: Data | undefined;
}

/** What is fitted to, in the form that the model's `fit` takes. */
function fitted(data: Data): { readonly rows: unknown; readonly more: object } {
  if (data.kind === "table") return { rows: data.table, more: {} };
  const { x, x0, energy, condition, sampleWeight } = data;
  const rows = energy ? { x, energy } : x0 ? { x0, x1: x } : x;
  return { rows, more: { ...(condition && { condition }), ...(sampleWeight && { sampleWeight }) } };
}

async function readParts({ file, paths }: Task, plan: FitPlan): Promise<RowParts> {
  const rows = rowsOf(file.className, file.model);
  const read = (from: Paths) => readRows(from, file.read, rows, isEncoded(file.className));
  const all = await read(paths);
  const { held } = plan;
  if (held?.data !== undefined) return { all, trained: all, held: await read({ data: held.data }) };
  if (held?.share === undefined) return { all, trained: all, held: undefined };
  const parts = await split(all, held.share, plan.fit.seed ?? 0);
  return { all, trained: parts.train, held: parts.held };
}

/** How a fit ended, and whether it was the user who ended it. */
interface Ended {
  readonly report: FitReport;
  readonly interrupted: boolean;
}

async function fit(model: AnyModel, task: Task, plan: FitPlan, parts: RowParts, flags: TrainOptions): Promise<Ended> {
  return interruptible("stopping after this step and saving", async (signal) => {
    const { rows, more } = fitted(parts.trained);
    const held = parts.held && fitted(parts.held);
    const settings = {
      ...plan.fit,
      ...more,
      ...(held && { validation: { data: held.rows, every: plan.fit.validation?.every, ...held.more } }),
      resume: task.from !== undefined,
      progress: !flags.quiet,
      log: [
        jsonLinesLog(join(flags.out, "log.jsonl")),
        ...(flags.log?.includes("tensorboard") ? [tensorBoardLog(flags.out)] : []),
      ],
    };
    const run = (model as { fit(rows: unknown, settings: object): Run }).fit(rows, settings);
    signal.addEventListener("abort", () => run.stop(), { once: true });
    const report = await run;
    // What was not begun is not worth a checkpoint: it starts from its beginning anyway.
    if (report.step > 0) await model.save(flags.out);
    return { report, interrupted: signal.aborted && report.reason === "stopped" };
  });
}

/** Trains. */
export async function train(path: string | undefined, flags: TrainOptions): Promise<Outcome> {
  const task = flags.resume ? await resumed(path, flags) : await begun(path, flags);
  const plan = planOf(task.train, flags.out);
  const parts = await readParts(task, plan);
  const model = task.from ?? makeModel(task.file.className, await completed(task.file, parts.all));
  const { paths, started, config, file } = task;
  if (task.from === undefined) await clear(flags.out);
  await writeRecord(flags.out, { ...paths, ...(config && { config }), read: file.read, started, options: task.train });
  const { report, interrupted } = await fit(model, task, plan, parts, flags);
  const { device } = await model.info();
  const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const { step, stepsRun, loss, bestValidationLoss, seconds, reason } = report;
  const how = { step, stepsRun, loss, bestValidationLoss, seconds, reason };
  return {
    json: { folder: flags.out, class: file.className, parameters, device, ...how },
    text: told(flags.out, report, interrupted),
    code: interrupted ? exitCodes.interrupted : exitCodes.done,
  };
}

function told(folder: string, { step, stepsRun, loss, seconds, reason }: FitReport, interrupted: boolean): string {
  const losses = loss === null ? "" : `, loss ${loss.toPrecision(4)}`;
  const done = `${folder}: step ${step}${losses}; ${stepsRun} steps in ${seconds.toFixed(1)} s, ${reason}\n`;
  const next = interrupted
    ? `Go on:  thalweg train --out ${folder} --resume\n`
    : `Next:   thalweg sample ${folder} --count 1000 --out samples.csv\n`;
  return step === 0 ? `${folder}: nothing was trained\n${next}` : done + next;
}
