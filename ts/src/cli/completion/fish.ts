// fish: a line for each word that can come next, with the condition under which it can.
// Where a value may be any, files are offered.
import type { Node } from "./tree.js";

/** The condition that the words so far are those of a command, and of none below it. */
function condition({ words, inner }: Node): string {
  const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
  const others = inner.map(({ name }) => name).join(" ");
  const parts = [...seen, ...(others === "" ? [] : [`not __fish_seen_subcommand_from ${others}`])];
  return parts.join("; and ");
}

function lines(node: Node): string[] {
  const when = `complete -c thalweg -n '${condition(node)}'`;
  return [
    ...node.inner.map(({ name, summary }) => `${when} -f -a ${name} -d '${summary}'`),
    ...node.flags.map(({ name, summary, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a '${choices.join(" ")}'` : takesValue ? " -r" : "";
      return `${when} -l ${name.slice(2)} -d '${summary}'${value}`;
    }),
  ];
}

/** The script. */
export const fish = (nodes: readonly Node[]): string => `${nodes.flatMap(lines).join("\n")}\n`;
