// thalweg completion: a script for the user's shell that knows all commands and options.
// Made from the tree of commands, so that it is never behind them.
import type { Command } from "commander";
import { action, command } from "./command.js";

/** `thalweg completion`; `program` is the tree that is completed. */
export function completion(program: Command): Command {
  return command(
    "completion",
    "print a script that completes commands and options in a shell",
    'eval "$(thalweg completion bash)"        # in ~/.bashrc',
    'eval "$(thalweg completion zsh)"         # in ~/.zshrc, after compinit',
    "thalweg completion fish | source         # in config.fish",
  )
    .argument("<shell>", "bash, zsh or fish")
    .action(
      action(async ([shell = ""]) => {
        const { scriptFor } = await import("./completion/scripts.js");
        const script = scriptFor(shell, program);
        return { json: { shell, script }, text: script };
      }),
    );
}
