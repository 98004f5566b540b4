// thalweg init: a config that works for data that are there, and on request a program to start from.
// The work is in init/.
import { type Command, Option } from "commander";
import { action, command } from "./command.js";
import type { InitOptions } from "./init/init.js";

/** `thalweg init`. */
export function init(): Command {
  return command(
    "init",
    "write a config that fits your data, and with --template a TypeScript program, too",
    "thalweg init --data data.csv",
    "thalweg init --data data.csv --condition species --skip comment",
    "thalweg init first --template points",
  )
    .argument("[folder]", "where to write", ".")
    .option(
      "--data <path>",
      "csv, tsv, jsonl, parquet, npy, npz, idx, a folder of images, or datasets.<name>; default: an example",
    )
    .option("--condition <columns...>", "columns of a table that are given, and not sampled")
    .option("--types <column=type...>", "types of columns that are not to be guessed: number, date or category")
    .option("--delimiter <character>", "what separates the cells of a csv file; default what its first line shows")
    .option("--skip <columns...>", "columns of a table that are left out, beside row numbers, identifiers and texts")
    .option("--keep <columns...>", "columns that are kept, although they look like one of those")
    .addOption(
      new Option("--template <kind>", "write package.json and train.ts, too; without --data also example data").choices(
        ["points", "table", "images", "series"],
      ),
    )
    .option("--force", "replace files that are there")
    .action(
      action(async ([folder = "."], options: InitOptions) => (await import("./init/init.js")).init(folder, options)),
    );
}
