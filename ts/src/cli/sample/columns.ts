// The columns of samples that a command is asked for, by name: those of a table, or x0, x1 … of vectors.
// Asked for before anything is drawn, so that a wrong name costs nothing.
import { hint } from "../../config/nearest.js";
import { listed } from "../../data/names.js";
import { ConfigError } from "../../errors.js";
import type { ColumnEncoding } from "../../generated/config.js";
import type { AnyModel } from "../../model/registry.js";
import type { Drawn } from "./drawn.js";
import { tableOf } from "./write.js";

/** The names of the columns of a model's samples; none where samples are no rows. */
function columnsOf({ config }: AnyModel): string[] {
  const { data, xSize } = config as { data?: { columns: readonly ColumnEncoding[] }; xSize: unknown };
  if (data !== undefined) return data.columns.map(({ name }) => name);
  const width = Array.isArray(xSize) && xSize.length === 1 ? xSize[0] : xSize;
  return typeof width === "number" ? Array.from({ length: width }, (_, k) => `x${k}`) : [];
}

/**
 * Looks whether samples have these columns.
 *
 * @throws ConfigError that names those that they have
 */
export function checkColumns(model: AnyModel, columns: readonly string[] | undefined): void {
  if (columns === undefined) return;
  const known = columnsOf(model);
  const isTwice = (name: string, i: number) => columns.indexOf(name) !== i;
  const wrong = columns.find((name, i) => !known.includes(name) || isTwice(name, i));
  if (wrong === undefined) return;
  const expected = known.length === 0 ? "none: samples have no columns" : `one of ${listed(known)}, each once`;
  const got = JSON.stringify(wrong);
  const message = `--columns: expected ${expected}, got ${got}${known.includes(wrong) ? " twice" : hint(wrong, known)}`;
  throw new ConfigError(message, { expected, got, path: "--columns" });
}

/** Samples or data with these columns alone; as they are where none are named. */
export async function chosen(samples: Drawn, columns: readonly string[] | undefined): Promise<Drawn> {
  if (columns === undefined) return samples;
  return { kind: "table", table: (await tableOf(samples)).select(...columns) };
}
