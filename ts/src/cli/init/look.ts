// What data are, as far as a config has to know: their kind, how they are read, and their sizes.
// What is guessed ends up in the config, where the user sees it.
import type { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";
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

function noColumns(flag: keyof Asked, got: string): ConfigError {
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

function ofTable(whole: Table, asked: Asked): Look {
  const leftOut = leftOutOf(whole, asked);
  const names = leftOut.map(({ name }) => name);
  const read = names.length > 0 && { columns: Object.fromEntries(names.map((name) => [name, "skip"])) };
  return { kind: "table", read: { ...read }, rows: whole.rowCount, table: whole.drop(...names), leftOut };
}

/**
 * Looks at data.
 *
 * @param asked - columns of a table that are left out, kept or given
 * @throws ConfigError where there is no network for them; DataError where they cannot be read
 */
export async function look(path: string, asked: Asked): Promise<Look> {
  const { name } = await kindOf(path);
  const read = name === "images" ? { size: [SIDE, SIDE] } : {};
  const data = await readData(path, read);
  if (data.kind === "table") return ofTable(data.table, asked);
  for (const [flag, [first]] of Object.entries(asked) as [keyof Asked, readonly string[]][]) {
    if (first !== undefined) throw noColumns(flag, first);
  }
  const found = await ofArray(data.x, data.condition, path);
  return { ...found, read: { ...found.read, ...read } };
}
