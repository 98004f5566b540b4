// One column of a table as numbers, and numbers as a column: what an encoding is made of.
// Every codec writes and reads one row at a time, so that its caller can let others have their turn.
import { DataError } from "../../errors.js";
import type { ColumnEncoding } from "../../generated/config.js";
import type { CategoryColumn, Column, DateColumn, NumberColumn } from "../columns.js";
import { codeOf, type Numbers } from "./category-codes.js";
import { rounding } from "./rounding.js";
import { scaleOf } from "./transforms.js";

/** How a column of numbers or dates becomes numbers. */
export type NumberEncoding = Extract<ColumnEncoding, { type: "number" | "date" }>;

/** How a column of categories becomes numbers. */
export type CategoryEncoding = Extract<ColumnEncoding, { type: "category" }>;

/** Writes the numbers of a row. */
export type Write = (row: number, into: Numbers, at: number) => void;

/** A column that is being decoded. */
export interface Decoder {
  read(row: number, from: ArrayLike<number>, at: number): void;
  finish(): Column;
}

/** A column as numbers. */
export interface Codec {
  readonly name: string;
  readonly type: ColumnEncoding["type"];
  readonly condition: boolean;
  readonly width: number;
  /** What writes the rows of this column; it refuses values that it does not know. */
  writer(column: Column): Write;
  /** What gives the logarithm of how much a row's number is spread; undefined where codes are not one number for each number of the column. */
  readonly logSlope: ((column: Column) => (row: number) => number) | undefined;
  decoder(rows: number): Decoder;
}

/** The error that an encoding cannot encode a value. */
function unfit(column: string, row: number | undefined, expected: string, got: string, what = "encode"): DataError {
  const where = `${row === undefined ? "" : `row ${row + 1}, `}column ${JSON.stringify(column)}`;
  return new DataError(`${what}: ${where}: expected ${expected}, got ${got}`, { expected, got, where });
}

/** The last moment of a Date, in milliseconds; the first is its negative. */
const LAST_DATE = 8.64e15;

/** What a column must have that has no place for missing values. */
const aValue = (name: string) =>
  `a value (or fitEncoding with columns: { ${JSON.stringify(name)}: { missing: "fill" or "keep" } })`;

const PRESENT = -1;
const ABSENT = 1;

function numberCodec(encoding: NumberEncoding): Codec {
  const { type, name, condition = false, clip = false, step, range } = encoding;
  const missing = encoding.missing ?? { type: "error" };
  const keeps = missing.type === "keep";
  const scale = scaleOf(encoding.transform);
  const round = rounding(step);
  const back = (value: number) => {
    const rounded = round(value);
    return clip ? Math.min(range[1], Math.max(range[0], rounded)) : rounded;
  };
  return {
    name,
    type,
    condition,
    width: keeps ? 2 : 1,
    writer(column) {
      const { values } = column as NumberColumn | DateColumn;
      return (row, into, at) => {
        const value = values[row] as number;
        const absent = Number.isNaN(value);
        if (absent && missing.type === "error") {
          throw unfit(name, row, aValue(name), "none");
        }
        into[at] = scale.forward(absent && missing.type !== "error" ? missing.value : value);
        if (!Number.isFinite(into[at])) {
          const given = absent && missing.type !== "error" ? missing.value : value;
          throw unfit(
            name,
            row,
            `a value whose code fits into ${into instanceof Float64Array ? "f64" : "f32"}`,
            String(given),
          );
        }
        if (keeps) into[at + 1] = absent ? ABSENT : PRESENT;
      };
    },
    logSlope: keeps
      ? undefined
      : (column) => {
          const { values } = column as NumberColumn | DateColumn;
          return (row) => {
            const value = values[row] as number;
            const slope = scale.slope(Number.isNaN(value) && missing.type !== "error" ? missing.value : value);
            if (slope > 0 && slope < Number.POSITIVE_INFINITY) return Math.log(slope);
            const expected =
              'a value that few rows have, since quantiles leave no density where many have it (or numbers: "standard")';
            throw unfit(name, row, expected, String(value), "logProb");
          };
        },
    decoder(rows) {
      const values = new Float64Array(rows);
      return {
        read(row, from, at) {
          const absent = keeps && (from[at + 1] as number) > 0;
          const value = absent ? Number.NaN : back(scale.inverse(from[at] as number));
          // Beyond what a Date can be there is no date.
          values[row] = type === "date" && Math.abs(value) > LAST_DATE ? Number.NaN : value;
        },
        finish: () => ({ type, name, values }),
      };
    },
  };
}

function categoryCodec(encoding: CategoryEncoding): Codec {
  const { name, condition = false, categories } = encoding;
  const missing = encoding.missing ?? { type: "error" };
  const code = codeOf(encoding.code, categories.length + (missing.type === "keep" ? 1 : 0));
  return {
    name,
    type: "category",
    condition,
    width: code.width,
    writer(column) {
      const { codes, categories: own } = column as CategoryColumn;
      const indices = new Map(categories.map((category, index) => [category, index]));
      const absent = {
        error: undefined,
        fill: "value" in missing ? indices.get(missing.value) : undefined,
        keep: categories.length,
      };
      const known = own.map((category) => indices.get(category));
      return (row, into, at) => {
        const given = codes[row] as number;
        const index = given < 0 ? absent[missing.type] : known[given];
        if (index === undefined) {
          const expected = given < 0 ? aValue(name) : "a category of the encoding's";
          throw unfit(name, row, expected, given < 0 ? "none" : JSON.stringify(own[given]));
        }
        code.write(index, into, at);
      };
    },
    logSlope: undefined,
    decoder(rows) {
      const codes = new Int32Array(rows);
      return {
        read(row, from, at) {
          const index = code.read(from, at);
          codes[row] = index < categories.length ? index : -1;
        },
        finish: () => ({ type: "category", name, codes, categories }),
      };
    },
  };
}

/** The codec of a column. */
export function codecOf(encoding: ColumnEncoding): Codec {
  return encoding.type === "category" ? categoryCodec(encoding) : numberCodec(encoding);
}

/** Refuses a column that is of another type than was encoded. */
export function checkType({ name, type }: Codec, column: Column): void {
  if (column.type === type) return;
  throw unfit(name, undefined, `a column of type ${type}`, `one of type ${column.type}`);
}
