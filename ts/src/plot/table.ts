// Tables column by column: how the values of each are distributed, beside those of other rows.
// The first picture to look at of rows that were sampled: every column is there, whatever it holds.
import { namesOf, optionsOf } from "../config/options.js";
import type { CategoryColumn, Column, DateColumn, NumberColumn } from "../data/columns.js";
import { listed } from "../data/names.js";
import { turns } from "../data/slices.js";
import { Table } from "../data/table.js";
import { ConfigError } from "../errors.js";
import { refused } from "../model/settings.js";
import { checkFrame, checkPair, checkTexts } from "./arguments.js";
import { barPanel } from "./bars.js";
import { categoryDistribution } from "./categories.js";
import { type LabelDistribution, missingIn, numberDistribution, wholeDistribution } from "./distribution.js";
import { shortened } from "./labels.js";
import type { Point } from "./layer.js";
import { numberPanel, type Panel, type Size } from "./panel.js";
import { Plot } from "./picture.js";
import { stepLayer } from "./steps.js";

/** Settings of {@link table}. */
export interface TablePlotSettings {
  /** Rows to compare with, such as the data: a table that has the same columns. */
  readonly against?: Table;
  /** Names of the columns that are shown, in this order, at most 64; default all of the table, or its first 16, which the title then says. */
  readonly columns?: readonly string[];
  /** Names in the legend: of the samples, and of what they are compared with; default `["samples", "data"]`. */
  readonly names?: readonly [string, string];
  /** Above the picture. */
  readonly title?: string;
}

const names = namesOf<TablePlotSettings>({ against: true, columns: true, names: true, title: true });

/** Columns that are shown where none are named: more could not be read. */
const COLUMNS = 16;

/** Columns that can be named: a thousand panels are more than anybody looks at, and take seconds to draw. */
const MOST = 64;

/** Bars of a column: categories, of which the others are one, or different whole numbers. */
const BARS = 12;

/** Letters of a label. */
const LETTERS = 24;

/** Letters of a column's name: what fits above its panel. */
const HEADING = 36;

/** The share of the values that may lie outside of a histogram without a word. */
const FEW = 0.01;

const size: Size = { width: 240, height: 200 };

/** A column of some rows, by what these are called in the legend. */
interface Shown<C extends Column = Column> {
  readonly of: string;
  readonly column: C;
}

const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;

/** Shares of rows that a panel does not show; nothing where there are none, or few. */
function toldOf(what: string, shown: readonly Shown[], shares: readonly number[], few = 0): string[] {
  if (shares.every((share) => share <= few)) return [];
  const parts = shown.map(({ of }, i) => `${percent(shares[i] ?? 0)}${shown.length > 1 ? ` of ${of}` : ""}`);
  return [`${what}: ${parts.join(", ")}`];
}

/** What panels of all columns have. */
interface Frame {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly size: Size;
  readonly legend: boolean;
  readonly format: string;
}

function labelPanel(frame: Frame, shown: readonly Shown[], { labels, shares }: LabelDistribution): Panel {
  const sets = shown.map(({ of }, i) => ({ name: of, values: shares[i] ?? [] }));
  return barPanel({ ...frame, labels: shortened(labels, LETTERS), sets });
}

async function categoryPanel(frame: Frame, shown: readonly Shown<CategoryColumn>[]): Promise<Panel> {
  const columns = shown.map(({ column }) => column);
  return labelPanel(frame, shown, await categoryDistribution(columns, BARS));
}

async function numbersPanel(frame: Frame, shown: readonly Shown<NumberColumn | DateColumn>[]): Promise<Panel> {
  const type = shown[0]?.column.type ?? "number";
  const sets = shown.map(({ column }) => column.values);
  const whole = type === "number" ? await wholeDistribution(sets, BARS) : undefined;
  if (whole !== undefined) return labelPanel(frame, shown, whole);
  const found = await numberDistribution(sets, type);
  if (found === undefined) return numberPanel({ ...frame, layers: [] });
  const { bins, shares } = found;
  const limits: Point[] = [
    [bins.range[0], 0],
    [bins.range[1], 1.05 * Math.max(...shares.flat())],
  ];
  const layers = shown.map(({ of }, i) => stepLayer(of, bins, shares[i] ?? []));
  const outside = shares.map((each) => 1 - each.reduce((sum, share) => sum + share, 0));
  const subtitle = [...frame.subtitle, ...toldOf("outside", shown, outside, FEW)];
  return numberPanel({
    ...frame,
    subtitle,
    layers,
    limits,
    tight: true,
    divisions: { x: type === "date" ? "utc" : "linear" },
  });
}

async function columnPanel(title: string, shown: readonly Shown[]): Promise<Panel> {
  const missing = await Promise.all(shown.map(({ column }) => missingIn(column)));
  const frame: Frame = { title, subtitle: toldOf("missing", shown, missing), size, legend: false, format: "~%" };
  const isCategory = (one: Shown): one is Shown<CategoryColumn> => one.column.type === "category";
  if (shown.every(isCategory)) return categoryPanel(frame, shown);
  return numbersPanel(frame, shown as readonly Shown<NumberColumn | DateColumn>[]);
}

/** A column of the samples, after that of what they are compared with. */
function shownOf(name: string, samples: Table, against: Table | undefined, [own, other]: readonly string[]): Shown[] {
  const column = samples.column(name);
  const drawn = { of: own ?? "", column };
  if (against === undefined) return [drawn];
  const known = against.find(name);
  if (known?.type === column.type) return [{ of: other ?? "", column: known }, drawn];
  const expected = `a table with a column ${JSON.stringify(name)} of the type ${column.type}, as the samples have it`;
  const got = known === undefined ? `columns ${listed(against.columns.map((each) => each.name))}` : known.type;
  throw new ConfigError(`plot.table: against: expected ${expected}, got ${got}`, { expected, got, path: "against" });
}

/** Refuses what are neither missing nor names, each once and not too many. */
function checkColumns(columns: readonly string[] | undefined): void {
  if (columns === undefined) return;
  checkTexts("columns", columns);
  if (columns.length === 0) throw refused("columns", "names of columns", columns);
  const wrong = (expected: string, got: string, remedy = "") =>
    new ConfigError(`columns: expected ${expected}, got ${got}${remedy}`, { expected, got, path: "columns" });
  if (columns.length > MOST) {
    const remedy = `. Remedy: a picture for each ${MOST}, such as columns.slice(0, ${MOST})`;
    throw wrong(`at most ${MOST} names of columns`, String(columns.length), remedy);
  }
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw wrong("names of columns, each once", `${JSON.stringify(twice)} twice`);
}

/** What the title says. */
function headingOf(title: string | undefined, shown: number, all: number): string | undefined {
  if (shown === all) return title;
  const which = `the first ${shown} of ${all} columns`;
  return title === undefined ? which : `${title}: ${which}`;
}

/**
 * A table column by column, a panel each: numbers and dates as histograms, categories as bars of their shares, the 12 most frequent ones and all others together, and so whole numbers of
 * at most 12 different values, in ascending order; beside those of other rows where there are any. Shares are of the values that are there; how many are missing stands above.
 *
 * Histograms have twice the cube root of the number of rows as bins, at most 40; of whole numbers and of days each bin has as many. Outside lie the outermost 0.2 % of the values on either side,
 * and samples that stray from the data by more than half of their extent; more than 1 % are told of above.
 *
 * @throws ConfigError for a column that the table does not have, or `against` has otherwise
 *
 * @example
 * ```ts
 * const made = Table.fromColumns({ size: [1, 2, 2.5, 4], kind: ["cat", "eel", "cat", null] });
 * const real = Table.fromColumns({ size: [1.5, 2, 3, 3.5], kind: ["cat", "dog", "cat", "eel"] });
 * await plot.table(made, { against: real }).save("columns.png");
 * await plot.table(made, { columns: ["kind"], title: "kinds" }).save("kinds.svg");
 * ```
 */
export function table(samples: Table, settings: TablePlotSettings = {}): Plot {
  const { against, columns, title, names: legend = ["samples", "data"] } = optionsOf("plot.table", settings, names);
  if (!(samples instanceof Table)) throw refused("plot.table", "a table", samples);
  if (against !== undefined && !(against instanceof Table)) throw refused("against", "a table", against);
  checkFrame({ title });
  checkPair(legend);
  checkColumns(columns);
  const all = samples.columns.map(({ name }) => name);
  const chosen = columns ?? all.slice(0, COLUMNS);
  const shown = chosen.map((name) => shownOf(name, samples, against, legend));
  const heading = headingOf(title, chosen.length, columns?.length ?? all.length);
  const draw = async () => {
    const panels: Panel[] = [];
    const turn = turns();
    for (const [i, heading] of shortened(chosen, HEADING).entries()) {
      panels.push(await columnPanel(heading, shown[i] ?? []));
      await turn();
    }
    return panels;
  };
  return new Plot(draw, {
    ...(heading !== undefined && { title: heading }),
    colors: against === undefined ? [] : [legend[1], legend[0]],
  });
}
