// A config that leaves to the data what follows from them: sizes, and the encoding of a table.
// What it does say is compared with what the data are.
import type { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";
import { type AnyModel, classNameOf } from "../../model/registry.js";
import { below, type ConfigFile, type Section } from "../config/file.js";
import type { Data } from "../data/kinds.js";
import type { RowsOf } from "../data/rows.js";

/** Classes whose states are tokens, and which have no encoding of tables. */
const TOKENS = "DiscreteFlowMatchingModel";

/** Whether tables stay tables for this class. */
export const isEncoded = (className: string) => className !== TOKENS;

/** What a config says of its rows. */
export function rowsOf(className: string, model: Section): RowsOf {
  return {
    xSize: model.xSize,
    conditionSize: model.conditionSize,
    dtype: model.dtype === "f64" ? "f64" : "f32",
    tokens: className === TOKENS,
  };
}

/** What a model says of its rows. */
export const rowsOfModel = (model: AnyModel): RowsOf =>
  rowsOf(classNameOf(model) ?? "", model.config as unknown as Section);

/** A size as configs write it. */
const sizeOf = (shape: readonly number[]) => (shape.length === 1 ? shape[0] : shape);

function checkWidth(name: string, given: unknown, width: number): void {
  if (given === undefined || given === width) return;
  const [expected, got] = [`${width}, the numbers of a row of the encoded table`, JSON.stringify(given)];
  const remedy = "leave it out, or let `thalweg init --data` write a config for this table";
  throw new ConfigError(`${name}: expected ${expected}, got ${got}; ${remedy}`, { expected, got, path: name });
}

async function ofTable(table: Table, { model, encoding }: ConfigFile): Promise<Section> {
  const [{ fitEncoding }, { TableEncoding }] = await Promise.all([
    import("../../data/encoding/fit-encoding.js"),
    import("../../data/encoding/table-encoding.js"),
  ]);
  const fitted =
    model.data === undefined
      ? await fitEncoding(table, encoding).catch((error: unknown) => {
          throw below("encoding", error);
        })
      : new TableEncoding(model.data as never);
  checkWidth("xSize", model.xSize, fitted.width);
  const conditions = fitted.conditionWidth;
  if (conditions > 0) checkWidth("conditionSize", model.conditionSize, conditions);
  return {
    ...model,
    xSize: fitted.width,
    ...(conditions > 0 && { conditionSize: conditions }),
    data: { columns: fitted.columns },
  };
}

/** The config of a model for these data. */
export async function completed(file: ConfigFile, data: Data): Promise<Section> {
  if (data.kind === "table") return ofTable(data.table, file);
  const { x, condition } = data;
  // Candidates of an energy have a dimension more than states.
  const leading = "energy" in data ? 2 : 1;
  return {
    ...file.model,
    xSize: file.model.xSize ?? sizeOf(x.shape.slice(leading)),
    ...(condition && { conditionSize: file.model.conditionSize ?? sizeOf(condition.shape.slice(1)) }),
  };
}
