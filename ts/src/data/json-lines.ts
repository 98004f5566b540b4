// JSON lines: one object a line, whose keys are the columns. See jsonlines.org.
// Lines are read one after the other, so that a file need not fit into memory as text.
import { DataError } from "../errors.js";
import { isExact, ownCell, shown } from "./cells.js";
import type { Column } from "./columns.js";
import { texts, writeWhole } from "./file.js";
import type { ReadSettings } from "./read-table.js";
import type { Table } from "./table.js";
import { SAMPLE, TableBuilder, wrongCell } from "./table-builder.js";
import { categoryTexts, dateTexts } from "./texts.js";

type Fields = Readonly<Record<string, unknown>>;

/** Rows of one piece of text. */
const PIECE = 512;

async function* written(table: Table): AsyncGenerator<string> {
  const fields = table.columns.map((column) => {
    if (column.type === "category") return categoryTexts(column);
    if (column.type === "date") return dateTexts(column);
    // JSON has no NaN and writes null, which is a missing value.
    return (row: number) => column.values[row];
  });
  const line = (row: number) =>
    `${JSON.stringify(Object.fromEntries(fields.map((field, k) => [table.columns[k]?.name, field(row)])))}\n`;
  for (let start = 0; start < table.rowCount; start += PIECE) {
    yield Array.from({ length: Math.min(PIECE, table.rowCount - start) }, (_, i) => line(start + i)).join("");
  }
}

/** Writes an object a line; a missing value is null. */
export async function writeJsonLines(table: Table, file: string): Promise<void> {
  await writeWhole(file, written(table));
}

/** A line of a file. */
export interface Line {
  readonly text: string;
  /** Its number, from 1. */
  readonly at: number;
  /** Whether a line break ends it. */
  readonly ended: boolean;
}

/** Each line that is not empty. */
export async function* lines(file: string): AsyncGenerator<Line> {
  let at = 0;
  // A line may be of many pieces, which are joined once.
  let begun: string[] = [];
  for await (const piece of texts(file)) {
    const [end = "", ...others] = piece.split("\n");
    begun.push(end);
    const last = others.pop();
    if (last === undefined) continue;
    for (const text of [begun.join(""), ...others]) {
      at += 1;
      if (text.trim() !== "") yield { text, at, ended: true };
    }
    begun = [last];
  }
  const rest = begun.join("");
  if (rest.trim() !== "") yield { text: rest, at: at + 1, ended: false };
}

/** The texts and numbers of a line; texts so that no number is looked for in them. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

const longInteger = /^-?\d{16,}$/;

/** The first integer of a line of JSON of which a JavaScript number would lose digits. */
function lossy(text: string): string | undefined {
  if (!/\d{16}/.test(text)) return undefined;
  const found = text.match(tokens) ?? [];
  return found.find((token) => longInteger.test(token) && !isExact(BigInt(token)) && String(Number(token)) !== token);
}

/**
 * The object of a line.
 *
 * @throws DataError that names file and line where it is none
 */
export function parsed(file: string, text: string, at: number): Fields {
  const refuse = (expected: string, got: string, cause?: unknown) => {
    const where = `line ${at}`;
    return new DataError(`${file}: ${where}: expected ${expected}, got ${got}`, {
      expected,
      got,
      path: file,
      where,
      cause,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse("JSON", shown(text), cause);
  }
  const lost = lossy(text);
  if (lost !== undefined) throw refuse("integers that a number holds exactly, or a text", lost);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw refuse("an object", Array.isArray(value) ? "an array" : shown(value));
}

/** Takes objects once the first of them have told the names. */
class Records {
  readonly #settings: ReadSettings;
  #head: { readonly fields: Fields; readonly at: number }[] = [];
  #names: readonly string[] | undefined;
  #known: ReadonlySet<string> = new Set();
  #builder: TableBuilder | undefined;

  constructor(settings: ReadSettings) {
    this.#settings = settings;
  }

  take(fields: Fields, at: number): void {
    if (this.#builder !== undefined) {
      this.#append(this.#builder, fields, at);
      return;
    }
    this.#head.push({ fields, at });
    if (this.#head.length === SAMPLE) this.#begin();
  }

  #begin(): TableBuilder {
    this.#names = [...new Set(this.#head.flatMap(({ fields }) => Object.keys(fields)))];
    this.#known = new Set(this.#names);
    const builder = new TableBuilder(this.#names, this.#settings);
    for (const { fields, at } of this.#head) this.#append(builder, fields, at);
    this.#head = [];
    this.#builder = builder;
    return builder;
  }

  #append(builder: TableBuilder, fields: Fields, at: number): void {
    const { columns } = this.#settings;
    for (const [column, value] of Object.entries(fields)) {
      const place = { at, column };
      if (!this.#known.has(column)) {
        const expected = `one of the columns ${this.#names?.join(", ")}, which the first ${SAMPLE} rows have`;
        throw wrongCell(this.#settings, place, expected, "another");
      }
      if (typeof value !== "object" || value === null || columns.get(column) === "skip") continue;
      const got = Array.isArray(value) ? "an array" : "an object";
      throw wrongCell(this.#settings, place, "a number, a text, true, false or null", got);
    }
    builder.row(this.#names?.map((name) => ownCell(fields, name)) ?? [], at);
  }

  finish(): readonly Column[] {
    const builder = this.#builder ?? this.#begin();
    if (this.#known.size > 0) return builder.finish();
    const { source } = this.#settings;
    const [expected, got] = ["an object a line", "none"];
    throw new DataError(`${source}: expected ${expected}, got ${got}`, { expected, got, path: source });
  }
}

/** Reads an object a line; a key that a line does not have is a missing value. */
export async function readJsonLines(file: string, settings: ReadSettings): Promise<readonly Column[]> {
  const records = new Records(settings);
  for await (const { text, at } of lines(file)) records.take(parsed(file, text, at), at);
  return records.finish();
}
