// The commands of `thalweg`, in the order in which one needs them.
// A new command is one file and one line here.
import { Command } from "commander";
import { packageVersion } from "../addon.js";
import { completion } from "./completion.js";
import { config } from "./config.js";
import { doctor } from "./doctor.js";
import { evaluate } from "./evaluate.js";
import { init } from "./init.js";
import { plot } from "./plot.js";
import { report } from "./report.js";
import { sample } from "./sample.js";
import { train } from "./train.js";

const commands = [init, train, sample, evaluate, plot, report, config, doctor, completion];

const codes = `
Exit codes: 0 done, 1 failed, 2 wrong usage or config, 130 interrupted.

Examples:
  thalweg init --data data.csv
  thalweg train config.json --data data.csv --out runs/a
  thalweg sample runs/a --count 1000 --out samples.csv`;

/** A command and those below it say what is wrong by throwing. */
function throwing(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  for (const inner of command.commands) throwing(inner);
}

/** The whole tree of commands. */
export function makeProgram(): Command {
  const program = new Command("thalweg")
    .description("Train and sample diffusion and flow models of your own data.")
    .version(packageVersion(), "-v, --version")
    .addHelpText("after", codes);
  for (const make of commands) program.addCommand(make(program));
  throwing(program);
  return program;
}
