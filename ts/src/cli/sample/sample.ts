// thalweg sample: loads a model, draws, and writes.
// What is asked for is checked before anything is drawn.
import { existsSync } from "node:fs";
import { type AnyModel, load } from "../../model/registry.js";
import type { Outcome } from "../command.js";
import { readRows } from "../data/rows.js";
import { interruptible } from "../signals.js";
import { rowsOfModel } from "../train/complete.js";
import { checkColumns, chosen } from "./columns.js";
import { conditionFrom } from "./condition.js";
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

/** Draws, and writes what was drawn. */
export async function sample(folder: string, options: SampleOptions): Promise<Outcome> {
  const { out, columns, condition, source, device, quiet, json, count, ...rest } = options;
  const writer = out === undefined ? undefined : writerOf(out, columns);
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
  const number = await countOf(samples);
  if (out !== undefined && writer !== undefined) {
    await writer(samples, out, columns);
    return { json: { file: out, count: number }, text: `${number} samples: ${out}\n` };
  }
  if (!json) return { json: undefined, text: csvOf(samples) };
  return { json: { count: number, samples: rowsOf(await tableOf(samples)) }, text: "" };
}
