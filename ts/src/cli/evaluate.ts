// thalweg evaluate: how far samples of a run are from data, and how likely it finds them.
// The work is in evaluate/.
import type { Command } from "commander";
import { action, command } from "./command.js";
import type { EvaluateOptions } from "./evaluate/evaluate.js";
import { drawing, integer, seedOption } from "./options.js";

/** `thalweg evaluate`. */
export function evaluate(): Command {
  const asked = command(
    "evaluate",
    "measure a run on data that it has not seen: negative log-likelihood, distances of samples to the data beside those of data to data, straightness of the flow",
    "thalweg evaluate runs/a",
    "thalweg evaluate runs/a --data test.csv",
    "thalweg evaluate runs/a --data test.npy --limit 5000 --json",
  )
    .argument("<run>", "the folder of a run, or of a model that was saved")
    .option(
      "--data <path>",
      "data, of the same form as those of training; default the rows that it held out (validation)",
    )
    .option("--condition <path>", "their conditions, row by row; of a table they are its columns")
    .option("--source <path>", "where samples start, of a model that goes between two sets")
    .option("--limit <integer>", "how many rows of the data are taken, drawn at random; default 2000", integer(4))
    .addOption(seedOption("seed of the rows, of samples and of random directions; default 0"));
  return drawing(asked).action(
    action(async ([folder = ""], options: EvaluateOptions) =>
      (await import("./evaluate/evaluate.js")).evaluate(folder, options),
    ),
  );
}
