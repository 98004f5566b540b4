// Figures of merit, each beside what a perfect model would have: distances to the data, and the likelihood of the data.
// What a model does not have is said, and is no failure.
import { gathered } from "../data/columns.js";
import { nll, slicedWasserstein } from "../data/metrics.js";
import { permutation } from "../data/permutation.js";
import { Table } from "../data/table.js";
import { ThalwegError } from "../errors.js";
import { Tensor } from "../tensor/tensor.js";
import { belongs, type Rows } from "./drawn.js";
import type { ReportSampling } from "./settings.js";
import type { Subject } from "./subject.js";

/** A figure, as the page shows it. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  /** What it is to be compared with, or why there is none. */
  readonly remark: string;
}

/** Rows that a distance compares at most, on either side. */
const ROWS = 5000;

/** Rows whose likelihood is computed at most. */
const LIKELIHOOD_ROWS = 512;

/** The largest state whose likelihood is computed without being asked for. */
const LIKELIHOOD_WIDTH = 64;

const rounded = (value: number, digits = 3) =>
  Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : "–";

/** The leaves of rows as one matrix `[N, D]`. */
function flat(tensors: readonly Tensor[]): Tensor {
  const rows = tensors.map((tensor) => tensor.reshape([tensor.shape[0] ?? 0, -1]));
  return rows.length === 1 ? (rows[0] as Tensor) : Tensor.concat(rows, 1);
}

/** As many rows of the data, twice, and of the samples: what one distance is measured between, and its floor. */
interface Thirds {
  readonly samples: Tensor;
  readonly data: Tensor;
  readonly other: Tensor;
  readonly rows: number;
}

function thirds(samples: readonly Tensor[], data: readonly Tensor[]): Thirds | undefined {
  const [own, known] = [flat(samples), flat(data)];
  const rows = Math.min(ROWS, own.shape[0] ?? 0, Math.floor((known.shape[0] ?? 0) / 2));
  if (rows < 2) return undefined;
  return { samples: own.narrow(0, 0, rows), data: known.narrow(0, 0, rows), other: known.narrow(0, rows, rows), rows };
}

const halves = (rows: number) => `${rows.toLocaleString("en-GB")} rows each`;

/** The sliced Wasserstein distance of samples and data, and of the data's own halves. */
async function distance(found: Thirds): Promise<Figure> {
  const [own, floor] = [
    await slicedWasserstein(found.samples, found.data),
    await slicedWasserstein(found.other, found.data),
  ];
  const ratio = floor > 0 ? `${rounded(own / floor)} times that` : "beside that";
  const remark = `${ratio} of two halves of the data, ${rounded(floor)}; ${halves(found.rows)}`;
  return { name: "Sliced Wasserstein distance to the data", value: rounded(own), remark };
}

/** How often each token comes at each position, `[D, V]`. */
async function shares(tokens: Tensor, vocabulary: number): Promise<Float64Array> {
  return Float64Array.from(await tokens.oneHot(vocabulary).cast("f32").mean(0).data(), Number);
}

/** The total variation distance between the tokens' shares, the mean over positions. */
function variation(a: Float64Array, b: Float64Array, vocabulary: number): number {
  const sum = a.reduce((total, share, i) => total + Math.abs(share - (b[i] as number)), 0);
  return (sum / 2 / a.length) * vocabulary;
}

async function tokenDistance(found: Thirds, vocabulary: number): Promise<Figure> {
  const [own, data, other] = [
    await shares(found.samples, vocabulary),
    await shares(found.data, vocabulary),
    await shares(found.other, vocabulary),
  ];
  const floor = variation(other, data, vocabulary);
  const remark = `mean over positions; two halves of the data: ${rounded(floor)}; ${halves(found.rows)}`;
  const name = "Total variation between shares of tokens";
  return { name, value: rounded(variation(own, data, vocabulary)), remark };
}

/** What is measured. */
export interface Measured {
  readonly subject: Subject;
  /** Samples, leaf by leaf; absent where there are none. */
  readonly samples: readonly Tensor[] | undefined;
  readonly rows: Rows;
  readonly likelihood: boolean | undefined;
  readonly sampling: ReportSampling;
  /** Of the choice of rows. */
  readonly seed: number;
}

/** The distance of samples and data. */
export async function distanceOf({ subject, samples, rows }: Measured): Promise<Figure | undefined> {
  if (samples === undefined || rows.data.length === 0) return undefined;
  const found = thirds(samples, rows.data);
  const { vocabulary } = subject;
  const name = "Distance to the data";
  if (found === undefined) return { name, value: "–", remark: "it takes at least four rows of data, and two samples" };
  return vocabulary === undefined ? distance(found) : tokenDistance(found, vocabulary);
}

/** What a message says, without the call that nobody made and the remedy in TypeScript. */
export const reasonOf = (message: string) => message.replace(/^logProb: /, "").replace(/\. Remedy: .*$/s, "");

/** Rows from all over a table. */
async function some(table: Table, count: number, seed: number): Promise<Table> {
  const rows = (await permutation(table.rowCount, seed)).subarray(0, count);
  return new Table(table.columns.map((column) => gathered(column, rows)));
}

/** The negative log-likelihood of the data: of tables in their own units, those of the encoding being nobody's. */
export async function likelihoodOf(measured: Measured): Promise<Figure | undefined> {
  const { subject, rows, likelihood, sampling, seed } = measured;
  const { table } = rows;
  if (rows.data.length === 0 || likelihood === false) return undefined;
  const name = "Negative log-likelihood of the data";
  const none = (remark: string): Figure => ({ name, value: "–", remark });
  if (likelihood === undefined && subject.width > LIKELIHOOD_WIDTH)
    return none(`not computed: states of ${subject.width} numbers (ask for it with likelihood: true)`);
  // A table has its conditions in itself.
  const own = table === undefined && subject.config.conditionSize !== undefined && rows.condition.length > 0;
  if (own && !belongs(rows)) return none("not computed: it takes a condition for each row of the data");
  const count = Math.min(LIKELIHOOD_ROWS, rows.data[0]?.shape[0] ?? 0);
  const first = (tensors: readonly Tensor[]) => tensors.map((tensor) => tensor.narrow(0, 0, count));
  const { guidance, weights, signal } = sampling;
  const options = { ...(guidance && { guidance }), ...(weights && { weights }), ...(signal && { signal }) };
  try {
    const x = table === undefined ? first(rows.data) : await some(table, count, seed);
    const logProb = await subject.logProb(x, own ? first(rows.condition) : [], options);
    const { mean, standardError } = await nll(logProb);
    const units = subject.encoding === undefined || table !== undefined ? "" : ", of encoded rows";
    const each = `nats per row${units}; ± ${rounded(standardError, 2)} over ${count} rows`;
    return { name, value: rounded(mean, 4), remark: each };
  } catch (error) {
    if (!(error instanceof ThalwegError) || error.code === "AbortError") throw error;
    return none(`none: ${reasonOf(error.message)}`);
  }
}
