// thalweg config: configs checked, converted, described.
// The work is in config/ and convert/.
import { Command } from "commander";
import { action, command } from "./command.js";
import type { CheckOptions } from "./config/check.js";
import type { ConvertOptions } from "./convert/write.js";

const check = () =>
  command(
    "check",
    "say whether a config is right, without training",
    "thalweg config check config.json --data data.csv",
  )
    .argument("<file>", "the config")
    .option("--data <path>", "data from which sizes follow that the config leaves out")
    .option("--source <path>", "samples of the source")
    .option("--condition <path>", "conditions, row by row")
    .action(
      action(async ([file = ""], options: CheckOptions) => (await import("./config/check.js")).check(file, options)),
    );

const convert = () =>
  command(
    "convert",
    "make a config of one of GenerativeRL's, Python or JSON; Python is read and never run",
    "thalweg config convert swiss_roll.py --out config.json",
  )
    .argument("<file>", "a Python file with dict or EasyDict literals, or JSON")
    .option("--out <file>", "where to write; default stdout")
    .option("--at <name>", "which config of the file, as in config.diffusion_model")
    .option("--class <name>", "the model's class, where the file does not say")
    .option("--force", "replace a file that is there")
    .action(
      action(async ([file = ""], options: ConvertOptions) => (await import("./convert/write.js")).write(file, options)),
    );

const schema = () =>
  command(
    "schema",
    "print the JSON schema of configs, for editors",
    "thalweg config schema > config.schema.json",
  ).action(
    action(async () => {
      const { fileSchema } = await import("./config/schemas.js");
      const found = await fileSchema();
      return { json: found, text: `${JSON.stringify(found, undefined, 2)}\n` };
    }),
  );

/** `thalweg config`. */
export function config(): Command {
  const group = new Command("config")
    .description("check, convert and describe configs")
    .addHelpText("after", "\nExample:\n  thalweg config check config.json");
  for (const make of [check, convert, schema]) group.addCommand(make());
  return group;
}
