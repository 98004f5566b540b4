// What a shell has to know of the commands: their names, options, and what values these take.
// Read from commander's tree.
import type { Command } from "commander";

/** An option. */
export interface Flag {
  readonly name: string;
  readonly summary: string;
  /** Whether a value comes after it. */
  readonly takesValue: boolean;
  /** The values that there are; none where it may be any, or a file. */
  readonly choices: readonly string[];
}

/** A command, by the words that lead to it. */
export interface Node {
  readonly words: readonly string[];
  readonly flags: readonly Flag[];
  readonly inner: readonly { readonly name: string; readonly summary: string }[];
}

/** The first sentence or so of a description, without what shells would read as their own. */
const short = (text: string) => (text.split(/[;:]/)[0] ?? "").replaceAll(/['"`\\[\]$]/g, "");

function flagsOf(command: Command): Flag[] {
  const own = command.options
    .filter(({ hidden }) => !hidden)
    .flatMap((option): Flag[] => {
      const name = option.long ?? option.short;
      if (!name) return [];
      const takesValue = Boolean(option.required || option.optional);
      return [{ name, summary: short(option.description), takesValue, choices: option.argChoices ?? [] }];
    });
  return [...own, { name: "--help", summary: "display help for command", takesValue: false, choices: [] }];
}

/** A command and all below it. */
export function nodesOf(command: Command, words: readonly string[] = []): Node[] {
  const inner = command.commands.map((one) => ({ name: one.name(), summary: short(one.description()) }));
  const node = { words, flags: flagsOf(command), inner };
  return [node, ...command.commands.flatMap((one) => nodesOf(one, [...words, one.name()]))];
}
