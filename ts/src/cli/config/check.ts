// thalweg config check: all that can be said of a config without training.
// Where sizes follow from the data, the data are needed.
import { ConfigError } from "../../errors.js";
import { makeModel } from "../../model/registry.js";
import { networkOf } from "../../model/stored-model.js";
import type { Outcome } from "../command.js";
import { readRows } from "../data/rows.js";
import { completed, isEncoded, rowsOf } from "../train/complete.js";
import { planOf } from "../train/settings.js";
import { type ConfigFile, readConfig, type Section } from "./file.js";

/** The flags of `thalweg config check`. */
export interface CheckOptions {
  readonly data?: string;
  readonly source?: string;
  readonly condition?: string;
}

async function modelConfig(file: ConfigFile, { data, source, condition }: CheckOptions): Promise<Section> {
  const { className, model, read } = file;
  if (data !== undefined) {
    const rows = await readRows({ data, source, condition }, read, rowsOf(className, model), isEncoded(className));
    return completed(file, rows);
  }
  if (model.xSize !== undefined) return model;
  const expected = "a size, or --data from which it follows";
  throw new ConfigError(`xSize: expected ${expected}, got none`, { expected, got: "none", path: "xSize" });
}

/** Checks. */
export async function check(path: string, options: CheckOptions): Promise<Outcome> {
  const file = await readConfig(path);
  const { fit } = planOf(file.train, "run");
  const model = makeModel(file.className, await modelConfig(file, options));
  networkOf(model).checkFit(fit);
  const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const { xSize } = model.config;
  return {
    json: { file: path, class: file.className, xSize, parameters },
    text: `${path}: a ${file.className} of xSize ${JSON.stringify(xSize)}, ${parameters.toLocaleString("en-US")} parameters\n`,
  };
}
