// Values of options: numbers with their limits, and what several commands ask for alike.
// What is wrong with one is said by commander, with the option's name.
import { type Command, InvalidArgumentError, Option } from "commander";
import { solverNames } from "./sample/solver.js";

function parsed(expected: string, isRight: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll("_", ""));
    if (text.trim() !== "" && isRight(value)) return value;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}

/** An integer. */
export const integer = (least: number) =>
  parsed(`an integer ≥ ${least}`, (value) => Number.isSafeInteger(value) && value >= least);

/** A number > 0. */
export const positive = parsed("a number > 0", (value) => Number.isFinite(value) && value > 0);

/** Any number. */
export const real = parsed("a number", Number.isFinite);

/** Where a model runs. */
export const deviceOption = () => new Option("--device <name>", '"cpu", "cuda", "cuda:1" … or "auto"');

/** Seed of what is drawn. */
export const seedOption = (of: string) => new Option("--seed <integer>", of).argParser(integer(0));

/** What commands that draw samples ask for alike; `solver` says what the solver is for. */
export const drawing = (command: Command, solver = "how samples are drawn") =>
  command
    .addOption(new Option("--solver <name>", solver).choices(solverNames))
    .option("--steps <integer>", "steps of the solver", integer(1))
    .option("--guidance <scale>", "classifier-free guidance: 0 is none", real)
    .addOption(new Option("--weights <name>", "the moving average, or what training left").choices(["ema", "raw"]))
    .addOption(deviceOption())
    .option("--quiet", "show no progress");
