// JSON lines: one object a line, whose keys are the columns. See jsonlines.org.
// Lines are read one after the other, so that a file need not fit into memory as text.
import { DataError } from "../errors.js";
import { isExact, ownCell, shown } from "./cells.js";
import type { Column } from "./columns.js";
import { texts, writeWhole } from "./file.js";
import { listed } from "./names.js";
import type { ReadSettings } from "./read-table.js";
import { inTurns, type Steps, turns } from "./slices.js";
import type { Table } from "./table.js";
import { SAMPLE, TableBuilder, wrongCell } from "./table-builder.js";
import { categoryTexts, dateTexts } from "./texts.js";

type Fields = Readonly<Record<string, unknown>>;

/** A function from a row to what JSON has of it; of NaN, which it does not have, that is null. */
function fieldOf(column: Column): (row: number) => unknown {
  if (column.type === "category") return categoryTexts(column);
  return column.type === "date" ? dateTexts(column) : (row) => column.values[row];
}

/** Fields of one piece of text. */
const FIELDS = 4096;

async function* written(table: Table): AsyncGenerator<string> {
  const fields: { readonly name: string; readonly value: (row: number) => unknown }[] = [];
  const turn = turns();
  for (const [k, column] of table.columns.entries()) {
    fields.push({ name: `${k === 0 ? "{" : ","}${JSON.stringify(column.name)}:`, value: fieldOf(column) });
    await turn();
  }
  let [text, count] = ["", 0];
  for (let row = 0; row < table.rowCount; row++) {
    for (const { name, value } of fields) {
      text += name + JSON.stringify(value(row));
      count += 1;
      if (count < FIELDS) continue;
      yield text;
      [text, count] = ["", 0];
    }
    text += "}\n";
  }
  yield text;
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
  #names: readonly string[] = [];
  /** The keys of the first objects, in the order in which they came. */
  readonly #known = new Set<string>();
  #builder: TableBuilder | undefined;

  constructor(settings: ReadSettings) {
    this.#settings = settings;
  }

  *take(fields: Fields, at: number): Steps {
    if (this.#builder !== undefined) {
      yield* this.#append(this.#builder, fields, at);
      return;
    }
    this.#head.push({ fields, at });
    for (const name of Object.keys(fields)) this.#known.add(name);
    yield;
    if (this.#head.length === SAMPLE) yield* this.#begin();
  }

  *#begin(): Steps<TableBuilder> {
    this.#names = [...this.#known];
    const builder = new TableBuilder(this.#names, this.#settings);
    for (const { fields, at } of this.#head) yield* this.#append(builder, fields, at);
    this.#head = [];
    this.#builder = builder;
    return builder;
  }

  *#append(builder: TableBuilder, fields: Fields, at: number): Steps {
    const { columns } = this.#settings;
    let seen = 0;
    for (const [column, value] of Object.entries(fields)) {
      if (++seen % FIELDS === 0) yield;
      const place = { at, column };
      if (!this.#known.has(column)) {
        const expected = `one of the columns ${listed(this.#names)}, which the first ${SAMPLE} rows have`;
        throw wrongCell(this.#settings, place, expected, "another");
      }
      if (typeof value !== "object" || value === null || columns.get(column) === "skip") continue;
      const got = Array.isArray(value) ? "an array" : "an object";
      throw wrongCell(this.#settings, place, "a number, a text, true, false or null", got);
    }
    yield;
    yield* builder.take(
      this.#names.map((name) => ownCell(fields, name)),
      at,
    );
  }

  *finished(): Steps<readonly Column[]> {
    const builder = this.#builder ?? (yield* this.#begin());
    if (this.#known.size > 0) return yield* builder.finished();
    const { source } = this.#settings;
    const [expected, got] = ["an object a line", "none"];
    throw new DataError(`${source}: expected ${expected}, got ${got}`, { expected, got, path: source });
  }
}

/** Reads an object a line; a key that a line does not have is a missing value. */
export async function readJsonLines(file: string, settings: ReadSettings): Promise<readonly Column[]> {
  const records = new Records(settings);
  for await (const { text, at } of lines(file)) await inTurns(records.take(parsed(file, text, at), at));
  return inTurns(records.finished());
}
