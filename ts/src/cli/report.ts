// thalweg report: a run as one HTML file, with the way from noise to samples as an animation.
// The work is in report/.
import type { Command } from "commander";
import { action, command } from "./command.js";
import { drawing, integer, seedOption } from "./options.js";
import type { ReportOptions } from "./report/write.js";

/** `thalweg report`. */
export function report(): Command {
  const asked = command(
    "report",
    "write a page about a run: figures, losses, samples beside data, the flow as an animation; one HTML file that opens offline",
    "thalweg report runs/a --data test.csv",
  )
    .argument("<run>", "the folder of a run, or of a model that was saved")
    .option("--out <file>", "where to write; default report.html in the run's folder")
    .option("--data <path>", "data to compare with; default those of training")
    .option("--source <path>", "where samples start, of a model that goes between two sets")
    .option("--condition <path>", "conditions of the data, row by row; of a table they are its columns")
    .option("--title <text>", "above the page; default the run's folder")
    .option("--samples <integer>", "samples that are drawn and measured", integer(4))
    .addOption(seedOption("seed of samples; default 0"));
  return drawing(asked).action(
    action(async ([folder = ""], options: ReportOptions) => (await import("./report/write.js")).write(folder, options)),
  );
}
