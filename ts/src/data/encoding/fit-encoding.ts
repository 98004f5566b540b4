// fitEncoding: looks at a table and decides how its columns become numbers.
// What it measures is kept as data; nothing of the table itself is.
import { namesOf, optionsOf } from "../../config/options.js";
import { ConfigError, DataError } from "../../errors.js";
import type {
  CategoryCode,
  ColumnEncoding,
  MissingCategory,
  MissingNumber,
  Transform,
} from "../../generated/config.js";
import { randn } from "../../tensor/create.js";
import type { CategoryColumn, Column, DateColumn, NumberColumn } from "../columns.js";
import { refusedSetting } from "../settings.js";
import { overRows, turns } from "../slices.js";
import { Table } from "../table.js";
import { checkKnown } from "../table-builder.js";
import { codeKinds } from "./category-codes.js";
import type { CategoryEncoding, NumberEncoding } from "./codecs.js";
import { watchCategories } from "./many-categories.js";
import { rounding } from "./rounding.js";
import { sorted } from "./sorted.js";
import { TableEncoding } from "./table-encoding.js";
import { fittedTransform, transformKinds } from "./transforms.js";

/** A value in the place of missing ones. */
export interface Filling {
  /** The value, of the column's type. */
  readonly fill: number | string | Date;
}

/** What becomes of missing values: see {@link EncodingSettings.missing}. */
export type MissingPolicy = "error" | "fill" | "keep" | Filling;

/** Categories as random vectors. */
export interface EmbeddingSettings {
  /** Which kind of numbers it is. */
  readonly type: "embedding";
  /** How many numbers a category has; ≥ 1. */
  readonly dim: number;
}

/** The numbers of a category: see {@link EncodingSettings.categories}. */
export type CategoryCodeSettings = "oneHot" | "bits" | EmbeddingSettings;

/** How one column is encoded, where it differs from the others. */
export interface ColumnEncodingSettings {
  /** As {@link EncodingSettings.numbers}, for a column of numbers or dates. */
  readonly numbers?: Transform["type"];
  /** As {@link EncodingSettings.categories}, for a column of categories. */
  readonly categories?: CategoryCodeSettings;
  /** As {@link EncodingSettings.missing}. */
  readonly missing?: MissingPolicy;
  /** As {@link EncodingSettings.clip}. */
  readonly clip?: boolean;
}

/** Settings of {@link fitEncoding}. */
export interface EncodingSettings extends ColumnEncodingSettings {
  /**
   * What becomes of numbers and dates: mean 0 and standard deviation 1 (`"standard"`, the default), −1 … 1 (`"minMax"`), normal scores (`"quantile"`, for
   * skewed columns and such with outliers; gaps between groups of values vanish), or what they are (`"none"`; a fit then normalises, unless `normalize: false` says otherwise).
   */
  readonly numbers?: Transform["type"];
  /**
   * The numbers of a category: one for each (`"oneHot"`, the default), the bits of its index (`"bits"`, for many categories), or a random vector of
   * `dim` numbers. A network learns an embedding of its own from the first: its first layer is one.
   */
  readonly categories?: CategoryCodeSettings;
  /**
   * What becomes of missing values: an error (the default), the mean or the most frequent category (`"fill"`) or another value in their place, or they
   * are kept as what they are (`"keep"`), so that samples have missing values as often as the table. What is kept needs a number more: where `"keep"` is said
   * of all columns, those without a missing value have none, and refuse one later; `columns: { x: { missing: "keep" } }` keeps it in any case.
   */
  readonly missing?: MissingPolicy;
  /** Whether decoded numbers are kept within the range that the table has; default false. */
  readonly clip?: boolean;
  /** Columns that are given, and not sampled: the model's condition. */
  readonly condition?: readonly string[];
  /** Settings of single columns, by name. */
  readonly columns?: Readonly<Record<string, ColumnEncodingSettings>>;
  /** Seed of random vectors; default 0. */
  readonly seed?: number;
}

type Chosen = Required<Pick<EncodingSettings, "numbers" | "categories" | "missing" | "clip" | "seed">> & {
  readonly condition: boolean;
};

function refuse(path: string, expected: string, value: unknown): ConfigError {
  const got = JSON.stringify(value) ?? "nothing";
  return new ConfigError(`${path}: expected ${expected}, got ${got}`, { expected, got, path });
}

/** Settings that a column may have of its own. */
const ofColumns = { numbers: true, categories: true, missing: true, clip: true } as const;
const columnNames = namesOf<ColumnEncodingSettings>(ofColumns);

/** The names of {@link EncodingSettings}. */
export const encodingNames = namesOf<EncodingSettings>({ ...ofColumns, condition: true, columns: true, seed: true });
const embeddingNames = namesOf<EmbeddingSettings>({ type: true, dim: true });

/** What all values of a column may be multiples of, the coarsest first: of dates days to milliseconds, of numbers ones to millionths. */
const STEPS = { date: [86_400_000, 3_600_000, 60_000, 1000, 1], number: [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6] };

/** The coarsest step of which all values are multiples; undefined where there is none. */
async function stepOf({ type }: NumberColumn | DateColumn, values: Float64Array): Promise<number | undefined> {
  for (const step of STEPS[type]) {
    const round = rounding(step);
    let isMultiple = true;
    await overRows(values.length, (start, end) => {
      for (let i = start; i < end && isMultiple; i++) isMultiple = round(values[i] as number) === values[i];
    });
    if (isMultiple) return step;
  }
  return undefined;
}

/** The values of a column that are there, in ascending order, with their moments. */
async function measured(column: NumberColumn | DateColumn) {
  const ascending = await sorted(column.values.filter((value) => !Number.isNaN(value)));
  const { length } = ascending;
  const [low, high] = [ascending[0], ascending[length - 1]];
  if (low === undefined || high === undefined) {
    const [expected, where] = ["at least one value", `column ${JSON.stringify(column.name)}`];
    throw new DataError(`fitEncoding: ${where}: expected ${expected}, got none`, { expected, got: "none", where });
  }
  // Squares of large or tiny numbers would not fit; a power of two loses no bits.
  const unit = 2 ** Math.floor(Math.log2(Math.max(-low, high) || 1));
  let [sum, squares] = [0, 0];
  await overRows(length, (start, end) => {
    for (let i = start; i < end; i++) sum += (ascending[i] as number) / length;
  });
  await overRows(length, (start, end) => {
    for (let i = start; i < end; i++) squares += ((ascending[i] as number) / unit - sum / unit) ** 2 / length;
  });
  const std = low < high ? Math.sqrt(squares) * unit : 1;
  if (!(std > 0 && Number.isFinite(std) && Number.isFinite(high - low))) {
    const [expected, where] = [
      "numbers whose range and standard deviation are numbers",
      `column ${JSON.stringify(column.name)}`,
    ];
    const got = `${low} … ${high}`;
    throw new DataError(`fitEncoding: ${where}: expected ${expected}, got ${got}`, { expected, got, where });
  }
  return { ascending, mean: Math.min(high, Math.max(low, sum)), std, range: [low, high] as const };
}

const hasGaps = (column: Column): boolean =>
  column.type === "category" ? column.codes.some((code) => code < 0) : column.values.some(Number.isNaN);

/** What is said of all columns, for one of them: a place for missing values costs a number, which is wasted where there are none. */
const commonPolicy = (policy: MissingPolicy, column: Column): MissingPolicy =>
  policy === "keep" && !hasGaps(column) ? "error" : policy;

function missingNumber(policy: MissingPolicy, mean: number, { type, name }: NumberColumn | DateColumn): MissingNumber {
  if (policy === "error") return { type: "error" };
  if (policy === "fill" || policy === "keep") return { type: policy, value: mean };
  const { fill } = policy;
  const value = type === "date" ? new Date(fill).getTime() : fill;
  if (typeof value === "number" && Number.isFinite(value)) return { type: "fill", value };
  throw refuse(`columns.${name}.missing.fill`, `a ${type}`, fill);
}

async function numberEncoding(column: NumberColumn | DateColumn, chosen: Chosen): Promise<NumberEncoding> {
  const { ascending, mean, std, range } = await measured(column);
  const step = await stepOf(column, ascending);
  const centre = rounding(step)(mean);
  return {
    type: column.type,
    name: column.name,
    condition: chosen.condition,
    transform: fittedTransform(chosen.numbers, { ascending, mean, std }),
    range,
    clip: chosen.clip,
    ...(step !== undefined && { step }),
    missing: missingNumber(chosen.missing, centre, column),
  };
}

/** Random vectors of mean 0 and standard deviation 1 in each coordinate. */
async function vectors(count: number, dim: number, seed: number): Promise<number[][]> {
  const made = randn([dim, count], { dtype: "f64", seed });
  const drawn = (await made.data()) as Float64Array;
  made.dispose();
  const rows = Array.from({ length: dim }, (_, k) => {
    const row = Array.from(drawn.subarray(k * count, (k + 1) * count));
    const mean = row.reduce((sum, value) => sum + value / count, 0);
    const square = row.reduce((sum, value) => sum + (value - mean) ** 2 / count, 0);
    return count < 2 ? row : row.map((value) => (value - mean) / Math.sqrt(square));
  });
  return Array.from({ length: count }, (_, i) => rows.map((row) => row[i] as number));
}

async function categoryCode(settings: CategoryCodeSettings, count: number, seed: number): Promise<CategoryCode> {
  if (settings === "oneHot" || settings === "bits") return { type: settings };
  return { type: "embedding", vectors: await vectors(count, settings.dim, seed) };
}

function mostFrequent({ codes, categories }: CategoryColumn): string {
  const counts = new Float64Array(categories.length);
  for (const code of codes) if (code >= 0) counts[code] = (counts[code] ?? 0) + 1;
  return categories[counts.indexOf(counts.reduce((a, b) => Math.max(a, b), 0))] ?? "";
}

function missingCategory(policy: MissingPolicy, column: CategoryColumn): MissingCategory {
  if (policy === "error" || policy === "keep") return { type: policy };
  if (policy === "fill") return { type: "fill", value: mostFrequent(column) };
  const { fill } = policy;
  if (typeof fill === "string" && column.categories.includes(fill)) return { type: "fill", value: fill };
  throw refuse(`columns.${column.name}.missing.fill`, `one of its categories`, fill);
}

async function categoryEncoding(column: CategoryColumn, chosen: Chosen): Promise<CategoryEncoding> {
  const missing = missingCategory(chosen.missing, column);
  if (column.categories.length === 0) {
    const [expected, where] = ["at least one value", `column ${JSON.stringify(column.name)}`];
    throw new DataError(`fitEncoding: ${where}: expected ${expected}, got none`, { expected, got: "none", where });
  }
  const count = column.categories.length + (missing.type === "keep" ? 1 : 0);
  return {
    type: "category",
    name: column.name,
    condition: chosen.condition,
    categories: column.categories,
    code: await categoryCode(chosen.categories, count, chosen.seed),
    missing,
  };
}

const columnEncoding = (column: Column, chosen: Chosen): Promise<ColumnEncoding> =>
  column.type === "category" ? categoryEncoding(column, chosen) : numberEncoding(column, chosen);

const isFilling = (value: unknown): boolean =>
  typeof value === "string" || value instanceof Date || (typeof value === "number" && Number.isFinite(value));

function checked(path: string, settings: ColumnEncodingSettings): void {
  const { numbers, categories, missing, clip } = settings;
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (numbers !== undefined && !transformKinds.includes(numbers)) {
    throw refuse(at("numbers"), transformKinds.map((kind) => JSON.stringify(kind)).join(", "), numbers);
  }
  const dim = typeof categories === "object" ? categories.dim : 1;
  const kind = typeof categories === "object" ? categories.type : (categories ?? "oneHot");
  if (typeof categories === "object" && categories !== null) optionsOf(at("categories"), categories, embeddingNames);
  const isCode = codeKinds.includes(kind) && (kind === "embedding") === (typeof categories === "object");
  if (!isCode || !Number.isSafeInteger(dim) || dim < 1) {
    throw refuse(
      at("categories"),
      '"oneHot", "bits" or { type: "embedding", dim } with an integer dim ≥ 1',
      categories,
    );
  }
  const isPolicy =
    typeof missing === "object" && missing !== null
      ? "fill" in missing && isFilling(missing.fill)
      : ["error", "fill", "keep", undefined].includes(missing);
  if (!isPolicy) throw refuse(at("missing"), '"error", "fill", "keep" or { fill: value }', missing);
  if (clip !== undefined && typeof clip !== "boolean") throw refuse(at("clip"), "true or false", clip);
}

/** The error of a setting that belongs to the reading of tables. */
function notSkipped(name: string): ConfigError {
  const [expected, got, path] = [`an object of settings { ${columnNames.join(", ")} }`, '"skip"', `columns.${name}`];
  const key = JSON.stringify(name);
  const remedy = `readTable(file, { columns: { ${key}: "skip" } }) leaves the column out, or table.drop(${key})`;
  return new ConfigError(`${path}: expected ${expected}, got ${got}. Remedy: ${remedy}`, { expected, got, path });
}

/**
 * Refuses settings that would be wrong of any table.
 *
 * @throws ConfigError with the path of the first that is
 */
export function checkEncodingSettings(settings: EncodingSettings): void {
  const { columns = {}, condition = [], ...common } = optionsOf("fitEncoding", settings, encodingNames);
  checked("", common);
  if (!Array.isArray(condition)) throw refuse("condition", "an array of column names", condition);
  for (const [name, own] of Object.entries(columns)) {
    if ((own as unknown) === "skip") throw notSkipped(name);
    checked(`columns.${name}`, optionsOf(`columns.${name}`, own, columnNames));
  }
}

/**
 * Decides how the columns of a table become numbers: what it needs to know of each, such as mean or quantiles, is measured here and then kept. Fit it to
 * the rows that the model trains on. Columns of whole numbers, of so many decimals, and of dates come back as such, as far as codes of f32 tell them apart (2²⁴ steps); categories exactly.
 *
 * A fit of a model to a table takes the encoded numbers as they are, unless `normalize: true` asks for more, or numbers were left in their own units
 * (`numbers: "none"`). A column of which most values differ, such as a name or a comment, is warned of (`THALWEG_MANY_CATEGORIES`).
 *
 * @throws ConfigError for wrong settings; DataError for a column without a value
 *
 * @example
 * ```ts
 * const table = Table.fromColumns({ income: [1200, 800, 95_000, 1500], region: ["north", "south", "north", null] });
 * const encoding = await fitEncoding(table, { numbers: "quantile", columns: { region: { missing: "keep" } } });
 * const model = new DiffusionModel({
 *   xSize: encoding.width,
 *   data: encoding,
 *   path: { type: "linear_vp_sde" },
 *   model: {
 *     type: "velocity_function",
 *     args: { backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [encoding.width + 1, 64], outputSize: encoding.width, activation: "silu" } } },
 *   },
 * });
 * await model.fit(table, { steps: 5_000 });
 * const samples = await model.sampleTable({ batchSize: 1_000 }); // a table with the columns income and region
 * ```
 */
export async function fitEncoding(table: Table, settings: EncodingSettings = {}): Promise<TableEncoding> {
  if (!(table instanceof Table)) throw refusedSetting("fitEncoding", "a table", table);
  checkEncodingSettings(settings);
  const { columns = {}, condition = [], seed = 0, ...common } = settings;
  const names = table.columns.map(({ name }) => name);
  checkKnown(Object.keys(columns), names, "the table");
  for (const name of condition) table.column(name);
  const given = new Set(condition);
  const turn = turns();
  const encodings: ColumnEncoding[] = [];
  for (const [i, column] of table.columns.entries()) {
    const own = Object.hasOwn(columns, column.name) ? columns[column.name] : undefined;
    const chosen: Chosen = {
      numbers: "standard",
      categories: "oneHot",
      clip: false,
      ...common,
      ...own,
      missing: own?.missing ?? commonPolicy(common.missing ?? "error", column),
      condition: given.has(column.name),
      seed: seed * 4096 + i,
    };
    encodings.push(await columnEncoding(column, chosen));
    await turn();
  }
  const isUnsaid = ({ name }: Column) => !Object.hasOwn(columns, name) || columns[name]?.categories === undefined;
  if (common.categories === undefined || common.categories === "oneHot") {
    watchCategories(table, table.columns.filter(isUnsaid));
  }
  return new TableEncoding({ columns: encodings });
}
