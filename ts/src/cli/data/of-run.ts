// Data to compare a run with: those that are given, or those of its training, where they still are.
// Read as the run read them.
import { DataError } from "../../errors.js";
import type { AnyModel } from "../../model/registry.js";
import { note } from "../output.js";
import { isOfTables } from "../sample/drawn.js";
import { rowsOfModel } from "../train/complete.js";
import { recordOf } from "../train/folder.js";
import type { Data } from "./kinds.js";
import { type Paths, readRows } from "./rows.js";
import { shuffledFirst } from "./split.js";

/**
 * The data, at most so many rows drawn at random; undefined where there are none, which is said.
 *
 * @throws DataError where data that were given cannot be read
 */
export async function dataOfRun(
  folder: string,
  model: AnyModel,
  given: Partial<Paths>,
  most: number,
): Promise<Data | undefined> {
  const record = await recordOf(folder);
  const own = given.data === undefined;
  const { data, source, condition } = own ? (record ?? {}) : (given as Paths);
  if (!data) return undefined;
  try {
    const rows = await readRows({ data, source, condition }, record?.read ?? {}, rowsOfModel(model), isOfTables(model));
    return await shuffledFirst(rows, most, 0);
  } catch (error) {
    if (!own || !(error instanceof DataError)) throw error;
    note(`without data to compare with: ${error.message}`);
    return undefined;
  }
}
