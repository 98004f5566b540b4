// thalweg evaluate: measures a model on data, beside what data measure against data.
// Distances are between as many samples as there are rows in each half of the data, so that the two columns can be compared.
import { ConfigError } from "../../errors.js";
import { type AnyModel, load } from "../../model/registry.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Outcome } from "../command.js";
import type { Data } from "../data/kinds.js";
import { absolute, type Paths, readRows } from "../data/rows.js";
import { shuffledFirst, split } from "../data/split.js";
import { aligned } from "../output.js";
import { callOf, type DrawSettings, isOfTables } from "../sample/drawn.js";
import type { SolverFlags } from "../sample/solver.js";
import { interruptible } from "../signals.js";
import { rowsOfModel } from "../train/complete.js";
import { type RunRecord, recordOf } from "../train/folder.js";
import { type Distances, distances } from "./distances.js";
import { encodedRows, half, type Measured } from "./halves.js";
import { type Likelihood, likelihood } from "./likelihood.js";
import { type Straightness, straightness } from "./straightness.js";

/** The flags of `thalweg evaluate`. */
export interface EvaluateOptions extends SolverFlags {
  readonly data?: string;
  readonly condition?: string;
  readonly source?: string;
  readonly limit?: number;
  readonly seed?: number;
  readonly guidance?: number;
  readonly weights?: "ema" | "raw";
  readonly device?: string;
  readonly quiet?: true;
}

/** What a model measures. */
interface Evaluation {
  readonly rows: number;
  /** Whether rows are those of an encoded table. */
  readonly encoded: boolean;
  readonly distances: Distances;
  readonly nll: Likelihood;
  readonly flow: Straightness | null;
  /** Whether these are the data of training, rows that were held out included. */
  readonly trainingData: boolean;
}

const LIMIT = 2000;

/** The samples that are compared with one half of the data: of the conditions and starts of the other half. */
async function samplesFor(model: AnyModel, other: Measured, settings: DrawSettings): Promise<Tensor> {
  const { condition, x0, x } = other;
  const [count = 0] = x.shape;
  const given = condition && ({ kind: "tensor", tensor: condition, rows: count } as const);
  const call = callOf(model, { ...settings, count, given, x0 });
  // One sample of each condition: without a number of batches.
  const { batchSize: _, ...single } = call as { batchSize?: number };
  const { sample } = model as { sample(settings: object): Promise<Tensor> };
  return sample.call(model, condition ? single : call);
}

async function evaluated(
  model: AnyModel,
  data: Data,
  all: Measured,
  options: EvaluateOptions,
  signal: AbortSignal,
): Promise<Omit<Evaluation, "trainingData">> {
  const { seed, guidance, weights, solver, steps, quiet } = options;
  const progress = !quiet && Boolean(process.stderr.isTTY);
  const flags = { seed, guidance, weights, solver, steps };
  const asked = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const settings: DrawSettings = { ...asked, count: 0, signal, progress };
  const [first, second] = [half(all, 0), half(all, 1)];
  const samples = await samplesFor(model, first, settings);
  const vocabulary = "vocabulary" in model.config ? model.config.vocabulary : undefined;
  const measured = await distances({ samples, first: first.x, second: second.x }, { seed: seed ?? 0, vocabulary });
  const nll = await likelihood(model, data, all, { guidance, weights, seed, signal, progress });
  const flow = await straightness(model, first, { seed, weights, signal });
  return { rows: all.x.shape[0] ?? 0, encoded: data.kind === "table", distances: measured, nll, flow };
}

/** The data that are asked for, or those that the training held out. */
async function measuredOn(
  folder: string,
  model: AnyModel,
  record: RunRecord | undefined,
  { data, condition, source }: EvaluateOptions,
): Promise<{ readonly path: string; readonly data: Data }> {
  const read = (paths: Paths) => readRows(paths, record?.read ?? {}, rowsOfModel(model), isOfTables(model));
  if (data !== undefined) return { path: data, data: await read({ data, condition, source }) };
  const { options = {}, data: trained, source: from, condition: given } = record ?? {};
  const { validation, seed = 0 } = options as { validation?: { share?: number; data?: string }; seed?: number };
  if (validation?.data !== undefined) return { path: validation.data, data: await read({ data: validation.data }) };
  if (validation?.share !== undefined && trained) {
    const all = await read({ data: trained, source: from, condition: given });
    return { path: `${trained}, those that were held out`, data: (await split(all, validation.share, seed)).held };
  }
  const [expected, got] = ["data, since the run held none out (validation)", "none"];
  throw new ConfigError(`--data: expected ${expected}, got ${got} in ${folder}`, { expected, got, path: "--data" });
}

/** Evaluates. */
export async function evaluate(folder: string, options: EvaluateOptions): Promise<Outcome> {
  const { limit = LIMIT, seed = 0, device } = options;
  const model = await load(folder, { device });
  const record = await recordOf(folder);
  const { path, data } = await measuredOn(folder, model, record, options);
  const chosen = await shuffledFirst(data, limit, seed);
  const all = await encodedRows(model, chosen);
  if ((all.x.shape[0] ?? 0) < 4) {
    const [expected, got] = ["at least 4 rows", String(all.x.shape[0])];
    throw new ConfigError(`--data ${path}: expected ${expected}, got ${got}`, { expected, got, path });
  }
  const found = await interruptible("stopping", async (signal) => ({
    ...(await evaluated(model, chosen, all, options, signal)),
    trainingData: options.data !== undefined && record?.data === absolute(path),
  }));
  return { json: { run: folder, data: path, ...found }, text: told(folder, path, found) };
}

const figure = (value: number | null) => value?.toPrecision(4) ?? "–";

function told(
  folder: string,
  path: string,
  { rows, encoded, distances: found, nll, flow, trainingData }: Evaluation,
): string {
  const compared = Object.values(found).flatMap((distance) => {
    if (distance === null) return [];
    const { name, value, floor } = distance;
    const ratio = value > 0 && floor > 0 ? (value / floor).toFixed(2) : "–";
    return [[name, figure(value), figure(floor), ratio]];
  });
  const units = encoded ? ", in the units of the encoding" : "";
  const likelihoods = "mean" in nll ? `${figure(nll.mean)} ± ${figure(nll.standardError)} nats` : `none: ${nll.reason}`;
  const seen = trainingData ? "These are the data of training: rows that it has not seen would tell more.\n" : "";
  const heading = `${folder} on ${rows} rows of ${path}${units}\n${seen}\n`;
  const table = aligned([["", "samples to data", "data to data", "ratio"], ...compared]);
  const lines = [
    `negative log-likelihood  ${likelihoods}`,
    ...(flow === null
      ? []
      : [
          `straightness  ${figure(flow.straightness)}  (0 is straight)`,
          `normalised path energy  ${figure(flow.normalizedPathEnergy)}  (0 is the shortest)`,
        ]),
  ];
  return `${heading}${table}\n${lines.join("\n")}\n`;
}
