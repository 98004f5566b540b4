// thalweg sample: draws from a run, into a file or, for other programs, to stdout.
// The work is in sample/.
import type { Command } from "commander";
import { action, command } from "./command.js";
import { drawing, integer, seedOption } from "./options.js";
import type { SampleOptions } from "./sample/sample.js";

/** `thalweg sample`. */
export function sample(): Command {
  const asked = command(
    "sample",
    "draw samples, in the units of the data; without --out as CSV to stdout",
    "thalweg sample runs/a --count 1000 --out samples.csv",
    "thalweg sample runs/a --count 64 --solver dpm --steps 20 --out samples.png",
    "thalweg sample runs/b --condition species=cat --guidance 2 | head",
  )
    .argument("<run>", "the folder of a run, or of a model that was saved")
    .option(
      "--count <integer>",
      "how many, of each condition; default 100, or 1 of each row of a file of conditions",
      integer(1),
    )
    .option("--columns <names...>", "columns that are written, or drawn: two of numbers as points; default all")
    .option("--out <file>", "csv, tsv, jsonl, parquet, npy, npz, png or svg, by its ending")
    .addOption(seedOption("seed of the noise; default 0"))
    .option("--condition <file|values>", "conditions: a file of rows, or values as in 0.5,1 or species=cat,size=3")
    .option("--source <path>", "where to start, of a model that goes between two sets");
  return drawing(asked, "how the dynamics are solved").action(
    action(async ([folder = ""], options: SampleOptions) =>
      (await import("./sample/sample.js")).sample(folder, options),
    ),
  );
}
