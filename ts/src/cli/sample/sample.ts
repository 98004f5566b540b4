// thalweg sample: loads a model, draws, and writes.
// What is asked for is checked before anything is drawn.
import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { listed } from "../../data/names.js";
import { ConfigError } from "../../errors.js";
import { type AnyModel, load } from "../../model/registry.js";
import type { Outcome } from "../command.js";
import { readRows } from "../data/rows.js";
import { note } from "../output.js";
import { interruptible } from "../signals.js";
import { rowsOfModel } from "../train/complete.js";
import { filesOfRun, type RunRecord, recordOf } from "../train/folder.js";
import { checkColumns, chosen } from "./columns.js";
import { asValues, conditionColumns, conditionFrom } from "./condition.js";
import { type Drawn, drawn } from "./drawn.js";
import { csvOf, rowsOf, tableOf, writerOf } from "./write.js";

/** The flags of `thalweg sample`. */
export interface SampleOptions {
  readonly count?: number;
  readonly out?: string;
  readonly columns?: readonly string[];
  readonly seed?: number;
  readonly condition?: string;
  readonly source?: string;
  readonly solver?: string;
  readonly steps?: number;
  readonly guidance?: number;
  readonly weights?: "ema" | "raw";
  readonly device?: string;
  readonly quiet?: true;
  readonly json?: true;
}

/** How many there are where nothing is said. */
const COUNT = 100;

async function startsOf(path: string, model: AnyModel) {
  const data = await readRows({ data: path }, {}, rowsOfModel(model), false);
  return data.kind === "tensors" ? data.x : undefined;
}

/** Number of samples. */
async function countOf(samples: Drawn): Promise<number> {
  if (samples.kind === "table") return samples.table.rowCount;
  const tensor = samples.kind === "tensor" ? samples.tensor : Object.values(samples.parts)[0];
  return tensor?.shape[0] ?? 0;
}

/** Says what samples lack that are of no condition in particular. */
function sayWithout(model: AnyModel): void {
  const columns = conditionColumns(model);
  if (columns.length === 0) return;
  const names = listed(columns.map(({ name }) => name));
  note(
    `without --condition: samples are of no ${names} in particular, and have no such column; --condition ${asValues(columns)}, or a file of rows, gives it`,
  );
}

/** The file that a path leads to, by whichever links. */
const fileOf = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

/** Refuses to write samples over what they come from: the data of training, the run itself, conditions and starts. */
async function checkOther(folder: string, { out, condition, source }: SampleOptions): Promise<void> {
  if (out === undefined || !existsSync(out)) return;
  const record = (await recordOf(folder)) ?? {};
  const { data, source: from, condition: given } = record as Partial<RunRecord>;
  const file = await fileOf(out);
  const inputs = await Promise.all([data, from, given, condition, source].flatMap((path) => path || []).map(fileOf));
  const isOfRun = dirname(file) === (await fileOf(folder)) && (await filesOfRun(folder)).includes(basename(file));
  if (!inputs.includes(file) && !isOfRun) return;
  const [expected, got] = [isOfRun ? "a file that is not the run's" : "a file that is not among what is read", out];
  throw new ConfigError(`--out: expected ${expected}, got ${got}`, { expected, got, path: "--out" });
}

/** Draws, and writes what was drawn. */
export async function sample(folder: string, options: SampleOptions): Promise<Outcome> {
  const { out, columns, condition, source, device, quiet, json, count, ...rest } = options;
  const writer = out === undefined ? undefined : writerOf(out, columns);
  await checkOther(folder, options);
  const model = await load(folder, { device });
  checkColumns(model, columns);
  const given = condition === undefined ? undefined : await conditionFrom(condition, model);
  const x0 = source === undefined ? undefined : await startsOf(source, model);
  const isFile = condition !== undefined && existsSync(condition);
  const all = await interruptible("stopping", (signal) =>
    drawn(model, {
      ...rest,
      count: count ?? (isFile ? 1 : COUNT),
      given,
      x0,
      signal,
      progress: !quiet && Boolean(process.stderr.isTTY),
    }),
  );
  const samples = await chosen(all, columns);
  if (given === undefined) sayWithout(model);
  const number = await countOf(samples);
  if (out !== undefined && writer !== undefined) {
    await writer(samples, out, columns);
    return { json: { file: out, count: number }, text: `${number} samples: ${out}\n` };
  }
  if (!json) return { json: undefined, text: csvOf(samples) };
  return { json: { count: number, samples: rowsOf(await tableOf(samples)) }, text: "" };
}
