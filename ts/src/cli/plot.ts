// thalweg plot: pictures of a run, into its folder.
// The work is in plot/.
import { type Command, Option } from "commander";
import { action, command } from "./command.js";
import { drawing, integer, seedOption } from "./options.js";
import { pictureNames } from "./plot/names.js";
import type { PlotOptions } from "./plot/plot.js";

/** `thalweg plot`. */
export function plot(): Command {
  const asked = command(
    "plot",
    "draw the loss of a run, its samples against the data, trajectories, and on request more",
    "thalweg plot runs/a",
    "thalweg plot runs/a --pictures density field --format svg",
    "thalweg plot runs/b --pictures samples --columns height weight",
    "thalweg plot runs/a --pictures samples trajectories --solver heun2 --steps 20",
  )
    .argument("<run>", "the folder of a run, or of a model that was saved")
    .addOption(
      new Option(
        "--pictures <names...>",
        "what is drawn; default: loss, samples and trajectories, where there are any",
      ).choices(pictureNames),
    )
    .option("--columns <names...>", "columns of the samples that are drawn, two of numbers as points; default all")
    .addOption(new Option("--format <name>", "of the files").choices(["png", "svg"]).default("png"))
    .option("--out <folder>", "where to write; default the run's folder")
    .option("--data <path>", "data to compare with; default those of training")
    .option("--source <path>", "where samples start, of a model that goes between two sets")
    .option("--condition <path>", "conditions of the data, row by row; of a table they are its columns")
    .option("--count <integer>", "samples that are drawn; default 1000, of images 64", integer(1))
    .addOption(seedOption("seed of samples; default 0"));
  return drawing(asked).action(
    action(async ([folder = ""], options: PlotOptions) => (await import("./plot/plot.js")).plot(folder, options)),
  );
}
