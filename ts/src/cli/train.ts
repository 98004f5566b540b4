// thalweg train: fits a model to data and keeps it in a run's folder.
// The work is in train/.
import { type Command, Option } from "commander";
import { action, command } from "./command.js";
import { deviceOption, integer, positive, real, seedOption } from "./options.js";
import type { TrainOptions } from "./train/settings.js";

/** `thalweg train`. */
export function train(): Command {
  return command(
    "train",
    "train a model on data; Ctrl-C stops and leaves a good checkpoint, from which --resume goes on to the same bits",
    "thalweg train config.json --data data.csv --out runs/a",
    "thalweg train config.json --data datasets.swissRoll --out runs/b --steps 2000 --lr 1e-3",
    "thalweg train --out runs/a --resume --steps 20000",
  )
    .argument("[config]", "the config (see `thalweg init`); not needed with --resume")
    .option("--data <path>", "csv, tsv, jsonl, parquet, npy, npz, idx, a folder of images, or datasets.<name>")
    .requiredOption("--out <folder>", "the run's folder")
    .option("--source <path>", "samples of the source, of a model that goes between two sets")
    .option("--condition <path>", "conditions, row by row; of a table they are named in the config")
    .option("--resume", "go on with the run of this folder")
    .option("--force", "replace the run of this folder")
    .option("--steps <integer>", "steps to take in all", integer(1))
    .option("--epochs <integer>", "passes over the data, instead of steps", integer(1))
    .option("--batch-size <integer>", "rows per step", integer(1))
    .option("--lr <number>", "learning rate", positive)
    .addOption(seedOption("seed of the initial parameters, of the order of rows, of times and noise"))
    .addOption(deviceOption())
    .option("--ema <decay>", "decay of the moving average of the parameters, in [0, 1); 0 for none", real)
    .addOption(
      new Option("--loss <name>", "what is fitted").choices([
        "flow_matching",
        "score_matching",
        "bridge_matching",
        "energy_matching",
      ]),
    )
    .option(
      "--validation <share|path>",
      "share of the rows, in (0, 1), or a file, on which the loss is computed now and then",
    )
    .option("--validation-every <integer>", "steps between two validations; default a twentieth of all", integer(1))
    .option("--checkpoint-every <integer>", "steps between two checkpoints; default 1000", integer(1))
    .addOption(new Option("--log <kinds...>", "logs beside log.jsonl, which every run has").choices(["tensorboard"]))
    .option("--ui [port]", "show the training in the browser, on this port of the loopback address or any", integer(0))
    .option("--quiet", "show no progress")
    .action(action(async ([file], options: TrainOptions) => (await import("./train/train.js")).train(file, options)));
}
