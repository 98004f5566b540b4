// The scripts of the shells that can be completed.
// A new shell is one file and one line here.
import type { Command } from "commander";
import { ConfigError } from "../../errors.js";
import { bash } from "./bash.js";
import { fish } from "./fish.js";
import { type Node, nodesOf } from "./tree.js";
import { zsh } from "./zsh.js";

const shells: Readonly<Record<string, (nodes: readonly Node[]) => string>> = { bash, zsh, fish };

/**
 * The script of a shell.
 *
 * @throws ConfigError for a shell that is not known
 */
export function scriptFor(shell: string, program: Command): string {
  const make = shells[shell];
  if (make !== undefined) return make(nodesOf(program));
  const [expected, got] = [Object.keys(shells).join(", "), shell];
  throw new ConfigError(`completion: expected one of ${expected}, got ${got}`, { expected, got, path: "shell" });
}
