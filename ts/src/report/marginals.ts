// Columns one by one: how their values are distributed in the samples and in the data.
// Of tables in the user's own units and categories, else of the coordinates as they are.
import type { CategoryColumn, Column } from "../data/columns.js";
import type { Numbers } from "../data/rows.js";
import { turns } from "../data/slices.js";
import type { Table } from "../data/table.js";
import { categoryDistribution } from "../plot/categories.js";
import { type LabelDistribution, numberDistribution, wholeDistribution } from "../plot/distribution.js";
import type { Tensor } from "../tensor/tensor.js";
import { columnNames, columnOf, columnsOf } from "./columns.js";
import type { Marginal } from "./payload.js";
import type { Subject } from "./subject.js";

/** Columns at most. */
const COLUMNS = 24;

/** Bars of a column: categories, of which the others are one, or different whole numbers. */
const BARS = { categories: 10, numbers: 12 };

const rounded = (values: readonly number[] = []) => values.map((value) => Number(value.toPrecision(5)));

function labelMarginal(name: string, { labels, shares }: LabelDistribution): Marginal {
  const [own, known] = shares.map(rounded).toReversed();
  return { kind: "categories", name, labels, samples: own ?? [], ...(known && { data: known }) };
}

async function numberMarginal(
  name: string,
  type: "number" | "date",
  samples: Numbers,
  data: Numbers | undefined,
): Promise<Marginal | undefined> {
  const sets = data === undefined ? [samples] : [data, samples];
  const whole = type === "number" ? await wholeDistribution(sets, BARS.numbers) : undefined;
  if (whole !== undefined) return labelMarginal(name, whole);
  const found = await numberDistribution(sets, type);
  if (found === undefined) return undefined;
  const { range, count } = found.bins;
  const [low, high] = range;
  const densities = found.shares.map((shares) => rounded(shares.map((share) => (share * count) / (high - low))));
  const [own = [], known] = densities.toReversed();
  return { kind: type === "date" ? "dates" : "numbers", name, low, high, samples: own, ...(known && { data: known }) };
}

async function categoryMarginal(samples: CategoryColumn, data: Column | undefined): Promise<Marginal | undefined> {
  if (data !== undefined && data.type !== "category") return undefined;
  const sets = data === undefined ? [samples] : [data, samples];
  return labelMarginal(samples.name, await categoryDistribution(sets, BARS.categories));
}

/** A column of sampled rows, in the user's units, beside that of a table. */
function columnMarginal(column: Column, known: Column | undefined): Promise<Marginal | undefined> {
  if (column.type === "category") return categoryMarginal(column, known);
  const values = known !== undefined && known.type !== "category" ? known.values : undefined;
  return numberMarginal(column.name, column.type, column.values, values);
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
  const found: (Marginal | undefined)[] = [];
  const turn = turns();
  if (subject.encoding !== undefined) {
    const known = table ?? (data[0] && (await subject.encoding.decode(data[0])));
    for (const column of (await subject.encoding.decode(own)).columns.slice(0, COLUMNS)) {
      found.push(await columnMarginal(column, known?.column(column.name)));
      await turn();
    }
    return found.filter((marginal) => marginal !== undefined);
  }
  const known = data.length > 0 ? columnsOf(subject, data, 1) : undefined;
  for (const [i, name] of columnNames(subject, columns).slice(0, COLUMNS).entries()) {
    found.push(await numberMarginal(name, "number", await columnOf(own, i), known && (await columnOf(known, i))));
    await turn();
  }
  return found.filter((marginal) => marginal !== undefined);
}
