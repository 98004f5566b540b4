// What data are, as far as a config has to know: their kind, how they are read, and their sizes.
// What is guessed ends up in the config, where the user sees it.

import { texts } from "../../data/file.js";
import type { Table } from "../../data/table.js";
import { ConfigError, DataError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { kindOf, type ReadOptions, readData } from "../data/kinds.js";
import { type Asked, type LeftOut, leftOutOf } from "./left-out.js";

/** Kinds of data for which there are networks. */
export type DataKind = "points" | "table" | "images" | "series";

/** What is known of data. */
export type Look =
  | {
      readonly kind: "table";
      readonly read: ReadOptions;
      readonly rows: number;
      /** Without what is left out. */
      readonly table: Table;
      readonly leftOut: readonly LeftOut[];
    }
  | {
      readonly kind: Exclude<DataKind, "table">;
      readonly read: ReadOptions;
      readonly rows: number;
      /** Shape of a state. */
      readonly shape: readonly number[];
      /** How many classes rows have, where they are labelled. */
      readonly classes?: number;
    };

/** Sides of the images of a folder. */
const SIDE = 32;

const CHANNELS = [1, 3, 4];

function noColumns(flag: string, got: string): ConfigError {
  const expected = "data with columns: a table";
  return new ConfigError(`--${flag}: expected ${expected}, got ${got}`, { expected, got, path: `--${flag}` });
}

async function isBytes(array: Tensor): Promise<boolean> {
  if (array.dtype !== "i64") return false;
  const [least, most] = await Promise.all([array.min().item(), array.max().item()]);
  return least >= 0 && most > 1 && most <= 255;
}

async function classesOf(labels: Tensor | undefined): Promise<{ classes?: number }> {
  if (labels?.dtype !== "i64" || labels.rank !== 1) return {};
  return { classes: (await labels.max().item()) + 1 };
}

/** Arrays of numbers: what they are follows from their shape. */
async function ofArray(array: Tensor, labels: Tensor | undefined, path: string): Promise<Look> {
  const [rows = 0, ...shape] = array.shape;
  const pixels = (await isBytes(array)) && { pixels: true };
  const labelled = await classesOf(labels);
  const [first = 1, second = 1, third = 1] = shape;
  if (shape.length < 2) return { kind: "points", read: {}, rows, shape: shape.length === 0 ? [1] : shape };
  if (shape.length === 2 && pixels)
    return { kind: "images", read: pixels, rows, shape: [1, first, second], ...labelled };
  if (shape.length === 2) return { kind: "series", read: {}, rows, shape, ...labelled };
  if (shape.length === 3) {
    const isLast = CHANNELS.includes(third) && !CHANNELS.includes(first);
    const read = { ...(pixels || {}), ...(isLast && { channelsLast: true }) };
    return { kind: "images", read, rows, shape: isLast ? [third, first, second] : shape, ...labelled };
  }
  const [expected, got] = [
    "rows of numbers, series [N, channels, length] or images [N, channels, height, width]",
    `[${array.shape}]`,
  ];
  throw new ConfigError(`${path}: expected ${expected}, got ${got}`, { expected, got, path });
}

function ofTable(whole: Table, asked: Asked, given: ReadOptions, path: string): Look {
  if (whole.rowCount === 0) {
    const [expected, got] = ["at least one row", "a heading alone"];
    throw new DataError(`${path}: expected ${expected}, got ${got}`, { expected, got, path });
  }
  const leftOut = leftOutOf(whole, asked);
  const names = leftOut.map(({ name }) => name);
  const columns = { ...(given.columns ?? {}), ...Object.fromEntries(names.map((name) => [name, "skip"])) };
  const read = { ...given, ...(Object.keys(columns).length > 0 && { columns }) };
  return { kind: "table", read, rows: whole.rowCount, table: whole.drop(...names), leftOut };
}

/** What the user says of how a table is read. */
export interface Reading {
  readonly types: Readonly<Record<string, string>>;
  readonly delimiter: string | undefined;
}

/** What separates cells, where the first line of a csv file has no comma and one of the others: in many countries that is what spreadsheets write. */
async function delimiterOf(path: string): Promise<string | undefined> {
  if (!/\.csv$/i.test(path)) return undefined;
  for await (const text of texts(path)) {
    const heading = text.split("\n", 1)[0]?.replaceAll(/"[^"]*"/g, "") ?? "";
    const count = (sign: string) => heading.split(sign).length - 1;
    const [most] = [";", "\t", "|"].map((sign) => ({ sign, times: count(sign) })).sort((a, b) => b.times - a.times);
    return most !== undefined && most.times > count(",") ? most.sign : undefined;
  }
  return undefined;
}

async function tableSettings(path: string, { types, delimiter }: Reading): Promise<ReadOptions> {
  const sign = delimiter ?? (await delimiterOf(path));
  return { ...(sign !== undefined && { delimiter: sign }), ...(Object.keys(types).length > 0 && { columns: types }) };
}

/**
 * Looks at data.
 *
 * @param asked - columns of a table that are left out, kept or given
 * @param reading - how a table is read
 * @throws ConfigError where there is no network for them; DataError where they cannot be read
 */
export async function look(path: string, asked: Asked, reading: Reading): Promise<Look> {
  const { name } = await kindOf(path);
  const read = name === "images" ? { size: [SIDE, SIDE] } : name === "table" ? await tableSettings(path, reading) : {};
  const data = await readData(path, read);
  if (data.kind === "table") return ofTable(data.table, asked, read, path);
  const found = await ofArray(data.x, data.condition, path);
  const flags = { ...asked, types: Object.keys(reading.types), delimiter: [reading.delimiter] };
  for (const [flag, [first]] of Object.entries(flags)) {
    if (first !== undefined) throw noColumns(flag, found.kind);
  }
  return { ...found, read: { ...found.read, ...read } };
}
