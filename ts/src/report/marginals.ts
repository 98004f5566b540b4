// Columns one by one: how their values are distributed in the samples and in the data.
// Of tables in the user's own units and categories, else of the coordinates as they are.
import type { Column } from "../data/columns.js";
import { inSlices } from "../data/slices.js";
import type { Table } from "../data/table.js";
import type { Tensor } from "../tensor/tensor.js";
import { columnNames, columnOf, columnsOf, type Numbers } from "./columns.js";
import type { CategoryMarginal, Marginal, NumberMarginal } from "./payload.js";
import type { Subject } from "./subject.js";

/** Columns at most. */
const COLUMNS = 24;

/** Categories of a column at most, the most frequent ones. */
const CATEGORIES = 10;

/** Bins of a histogram. */
const BINS = 40;

/** Numbers of a column that are looked at, at most. */
const ROWS = 20_000;

/** Share of the numbers at either end that lie outside of the picture. */
const OUTSIDE = 0.002;

/** Numbers from all over a column, as many as are looked at. */
function thinned(values: Numbers): Numbers {
  const stride = Math.ceil(values.length / ROWS);
  if (stride <= 1) return values;
  return Float64Array.from({ length: Math.floor(values.length / stride) }, (_, i) => values[i * stride] as number);
}

/** The range of the numbers without the outermost. */
function rangeOf(values: Numbers): readonly [number, number] | undefined {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return undefined;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  return [at(OUTSIDE), at(1 - OUTSIDE)];
}

/** Densities over bins; what is missing or lies outside is in none. */
function densities(values: Numbers, low: number, high: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  const width = (high - low) / BINS;
  let present = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    present += 1;
    const bin = value === high ? BINS - 1 : Math.floor((value - low) / width);
    if (bin >= 0 && bin < BINS) counts[bin] = (counts[bin] as number) + 1;
  }
  return counts.map((count) => Number((count / (present * width || 1)).toPrecision(5)));
}

function numberMarginal(
  name: string,
  kind: NumberMarginal["kind"],
  allSamples: Numbers,
  allData: Numbers | undefined,
): Marginal | undefined {
  const [samples, data] = [thinned(allSamples), allData && thinned(allData)];
  const own = rangeOf(samples);
  const [start, end] = (data && rangeOf(data)) ?? own ?? [];
  if (start === undefined || end === undefined || own === undefined) return undefined;
  const [least, most] = [Math.min(start, own[0]), Math.max(end, own[1])];
  // Samples that stray far must not press the data into one bin.
  const reach = end - start || Math.abs(start) || 1;
  const [low, high] = [Math.max(least, start - reach / 2), Math.min(most, end + reach / 2)];
  const [from, to] = high > low ? [low, high] : [low - 0.5, high + 0.5];
  const known = data && { data: densities(data, from, to) };
  return { kind, name, low: from, high: to, samples: densities(samples, from, to), ...known };
}

/** How often each category comes, as shares of what is not missing. */
function sharesOf({ codes, categories }: Extract<Column, { type: "category" }>): Map<string, number> {
  const counts = new Map<string, number>();
  let present = 0;
  for (const code of codes) {
    const category = categories[code];
    if (category === undefined) continue;
    present += 1;
    counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return new Map([...counts].map(([category, count]) => [category, Number((count / present).toPrecision(5))]));
}

function categoryMarginal(samples: Column, data: Column | undefined): CategoryMarginal | undefined {
  if (samples.type !== "category" || (data !== undefined && data.type !== "category")) return undefined;
  const [own, known] = [sharesOf(samples), data && sharesOf(data)];
  const labels = [...new Set([...(known?.keys() ?? []), ...own.keys()])]
    .sort((a, b) => ((known ?? own).get(b) ?? 0) - ((known ?? own).get(a) ?? 0))
    .slice(0, CATEGORIES);
  const of = (shares: Map<string, number>) => labels.map((label) => shares.get(label) ?? 0);
  return { kind: "categories", name: samples.name, labels, samples: of(own), ...(known && { data: of(known) }) };
}

/** The columns of sampled rows, in the user's units, beside those of a table. */
async function tableMarginals(samples: Table, data: Table | undefined): Promise<Marginal[]> {
  const found: (Marginal | undefined)[] = [];
  const columns = samples.columns.slice(0, COLUMNS);
  await inSlices(columns.length, (i) => {
    const column = columns[i] as Column;
    const known = data?.column(column.name);
    if (column.type === "category") return found.push(categoryMarginal(column, known));
    const kind = column.type === "date" ? "dates" : "numbers";
    const values = known !== undefined && known.type !== "category" ? known.values : undefined;
    return found.push(numberMarginal(column.name, kind, column.values, values));
  });
  return found.filter((marginal) => marginal !== undefined);
}

/** What is compared. */
export interface Compared {
  readonly subject: Subject;
  /** Samples, leaf by leaf: `[N, …]`. */
  readonly samples: readonly Tensor[];
  /** Data, leaf by leaf. */
  readonly data: readonly Tensor[];
  readonly table: Table | undefined;
  readonly columns: readonly string[] | undefined;
}

/** The distribution of each column; none of states that have no columns. */
export async function marginalsOf({ subject, samples, data, table, columns }: Compared): Promise<Marginal[]> {
  if (subject.vocabulary !== undefined) return [];
  const own = columnsOf(subject, samples, 1);
  if (own === undefined) return [];
  if (subject.encoding !== undefined) {
    const known = table ?? (data[0] && (await subject.encoding.decode(data[0])));
    return tableMarginals(await subject.encoding.decode(own), known);
  }
  const known = data.length > 0 ? columnsOf(subject, data, 1) : undefined;
  const found: (Marginal | undefined)[] = [];
  for (const [i, name] of columnNames(subject, columns).slice(0, COLUMNS).entries())
    found.push(numberMarginal(name, "numbers", await columnOf(own, i), known && (await columnOf(known, i))));
  return found.filter((marginal) => marginal !== undefined);
}
