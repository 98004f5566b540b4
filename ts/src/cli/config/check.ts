// thalweg config check: all that can be said of a config without training, every mistake at once.
// Where sizes follow from the data, the data are needed.
import { optionsOf } from "../../config/options.js";
import { mistakesIn } from "../../config/validate.js";
import { checkEncodingSettings, encodingNames } from "../../data/encoding/fit-encoding.js";
import { checkReading } from "../../data/read-table.js";
import { ConfigError } from "../../errors.js";
import type { FitOptions } from "../../generated/config.js";
import { type AnyModel, makeModel } from "../../model/registry.js";
import { networkOf } from "../../model/stored-model.js";
import type { Outcome } from "../command.js";
import { readNames } from "../data/kinds.js";
import { readRows } from "../data/rows.js";
import { table } from "../data/table.js";
import { noteMistake, refuseAll } from "../failure.js";
import { completed, isEncoded, rowsOf } from "../train/complete.js";
import { planOf } from "../train/settings.js";
import { below, type ConfigFile, readConfig, type Section } from "./file.js";
import { schemaOf } from "./schemas.js";

/** The flags of `thalweg config check`. */
export interface CheckOptions {
  readonly data?: string;
  readonly source?: string;
  readonly condition?: string;
}

/** The mistakes of parts of a config that are looked at one by one. */
class Found {
  readonly mistakes: ConfigError[] = [];

  /** What a part comes to; undefined where it is wrong. */
  async part<Result>(look: () => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      return await look();
    } catch (error) {
      noteMistake(this.mistakes, error);
      return undefined;
    }
  }
}

/** How data are read, as far as that can be looked at without them. */
function readable(read: Section): true {
  optionsOf("read", read, readNames);
  const ofTable = Object.fromEntries(Object.entries(read).filter(([name]) => table.known.includes(name)));
  try {
    checkReading(ofTable);
  } catch (error) {
    throw below("read", error);
  }
  return true;
}

/** How a table is encoded, as far as that can be looked at without one. */
function encoded(encoding: Section): true {
  optionsOf("encoding", encoding, encodingNames);
  try {
    checkEncodingSettings(encoding);
  } catch (error) {
    throw below("encoding", error);
  }
  return true;
}

/** The config of the model, with the sizes that follow from data. */
async function sized(file: ConfigFile, { data, source, condition }: CheckOptions): Promise<Section> {
  const { className, model, read } = file;
  if (data !== undefined) {
    const rows = await readRows({ data, source, condition }, read, rowsOf(className, model), isEncoded(className));
    return completed(file, rows);
  }
  if (model.xSize !== undefined) return model;
  const expected = "a size, or --data from which it follows";
  throw new ConfigError(`xSize: expected ${expected}, got none`, { expected, got: "none", path: "xSize" });
}

/** The model, where its config is right in every field. */
function made({ className, model }: ConfigFile, config: Section | undefined): AnyModel | undefined {
  // Where the size is not known, the rest can still be looked at.
  refuseAll(mistakesIn(schemaOf(className), config ?? { ...model, xSize: model.xSize ?? 1 }));
  return config && makeModel(className, config);
}

/** Checks. */
export async function check(path: string, options: CheckOptions): Promise<Outcome> {
  const file = await readConfig(path);
  const found = new Found();
  const plan = await found.part(() => planOf(file.train, "run"));
  const isRead = await found.part(() => readable(file.read));
  const isEncodable = await found.part(() => encoded(file.encoding));
  const config = await found.part(() => (isRead && isEncodable ? sized(file, options) : undefined));
  const model = await found.part(() => made(file, config));
  if (model !== undefined && plan !== undefined)
    await found.part(() => networkOf(model).checkFit(plan.fit as FitOptions));
  refuseAll(found.mistakes);
  if (model === undefined) throw new ConfigError(`${path}: expected a config, got none`, { path });
  const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const { xSize } = model.config;
  return {
    json: { file: path, class: file.className, xSize, parameters },
    text: `${path}: a ${file.className} of xSize ${JSON.stringify(xSize)}, ${parameters.toLocaleString("en-US")} parameters\n`,
  };
}
