// What all commands have in common: an example in their help, `--json`, and one way to say how they ended.
// The work of a command is imported when it is called, so that `thalweg --help` loads none of it.
import { Command } from "commander";
import { write, writeJson } from "./output.js";

/** How a command ended. */
export interface Outcome {
  /** For programs. */
  readonly json: unknown;
  /** For people: whole, or a piece at a time. */
  readonly text: string | AsyncIterable<string>;
  /** The exit code; default 0. */
  readonly code?: number;
}

/** A command without its work. */
export function command(name: string, summary: string, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ${example}\n`).join("");
  return new Command(name)
    .description(summary)
    .option("--json", "print one JSON document, also of an error")
    .addHelpText("after", `\n${examples.length > 1 ? "Examples" : "Example"}:\n${lines.trimEnd()}`);
}

/** The action of a command, which prints how it ended. */
export function action<Options extends object>(
  run: (args: readonly string[], options: Options) => Promise<Outcome>,
): (this: Command) => Promise<void> {
  return async function act() {
    const options = this.opts<Options & { json?: true }>();
    const { json, text, code = 0 } = await run(this.processedArgs, options);
    if (options.json) await writeJson(json);
    else if (typeof text === "string") await write(text);
    else for await (const piece of text) await write(piece);
    process.exitCode = code;
  };
}
