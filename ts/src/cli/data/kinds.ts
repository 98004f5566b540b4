// The kinds of data that a command reads, by what the path names.
// A new kind is one file and one line here.
import { stat } from "node:fs/promises";
import { optionsOf } from "../../config/options.js";
import { unreadable } from "../../data/file.js";
import type { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { below } from "../config/file.js";
import { array } from "./array.js";
import { arrays } from "./arrays.js";
import { dataset } from "./dataset.js";
import { idx } from "./idx.js";
import { images } from "./images.js";
import { table } from "./table.js";

/** What goes by these names in a model: states, sources, conditions, weights and energies of rows. */
export const groups = ["x", "x0", "condition", "sampleWeight", "energy"] as const;

/** The name of a group of tensors. */
export type Group = (typeof groups)[number];

/** What a path has: a table, or tensors by what they are. */
export type Data =
  | { readonly kind: "table"; readonly table: Table }
  | ({ readonly kind: "tensors" } & Readonly<Partial<Record<Group, Tensor>>> & { readonly x: Tensor });

/** How data are read: the `read` of a config. */
export type ReadOptions = Readonly<Record<string, unknown>>;

/** A kind of data. */
export interface Kind {
  /** What it is called. */
  readonly name: string;
  /** Whether a path is of this kind. */
  matches(path: string, isFolder: boolean): boolean;
  /** The names that `read` may have. */
  readonly known: readonly string[];
  read(path: string, options: ReadOptions, xSize: unknown): Promise<Data>;
}

const kinds: readonly Kind[] = [dataset, images, arrays, idx, array, table];

/** What `read` may say of any data. */
export const readNames: readonly string[] = [...new Set(kinds.flatMap(({ known }) => known))];

/**
 * The kind of a path.
 *
 * @throws DataError where there is nothing
 */
export async function kindOf(path: string): Promise<Kind> {
  const isFolder = dataset.matches(path, false)
    ? false
    : await stat(path).then(
        (found) => found.isDirectory(),
        (cause: unknown) => {
          throw unreadable(path, cause);
        },
      );
  // What is nothing else is a table, whose reader names the endings that there are.
  return kinds.find((kind) => kind.matches(path, isFolder)) ?? table;
}

/**
 * Reads data.
 *
 * @param options - the `read` of a config
 * @param xSize - that of a config, which says what images are scaled to
 * @throws ConfigError for options that its kind does not have; DataError where it cannot be read
 */
export async function readData(path: string, options: ReadOptions = {}, xSize?: unknown): Promise<Data> {
  const kind = await kindOf(path);
  const known = optionsOf("read", options, kind.known);
  try {
    return await kind.read(path, known, xSize);
  } catch (error) {
    // Errors name fields as the config does.
    const isOwn = error instanceof ConfigError && known[error.path?.split(".")[0] ?? ""] !== undefined;
    throw isOwn ? below("read", error) : error;
  }
}
