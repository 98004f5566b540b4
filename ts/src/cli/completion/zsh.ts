// zsh: a function for each command, of which _arguments does the work.
// Where a value may be any, files are offered.
import type { Node } from "./tree.js";

const nameOf = ({ words }: Pick<Node, "words">) => ["_thalweg", ...words].join("_");

function specs({ flags }: Node): string[] {
  return flags.map(({ name, summary, takesValue, choices }) => {
    const value = choices.length > 0 ? `(${choices.join(" ")})` : "_files";
    return `'${name}[${summary}]${takesValue ? `:value:${value}` : ""}'`;
  });
}

function body(node: Node): string {
  const lines = specs(node).map((spec) => `    ${spec} \\`);
  if (node.inner.length === 0) return `  _arguments \\\n${lines.join("\n")}\n    '*:file:_files'`;
  const described = node.inner.map(({ name, summary }) => `    '${name}:${summary}'`);
  const cases = node.inner.map(({ name }) => `      ${name}) ${nameOf({ words: [...node.words, name] })} ;;`);
  return `  local state line
  local -a commands
  commands=(
${described.join("\n")}
  )
  _arguments -C \\
${lines.join("\n")}
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
  command) _describe command commands ;;
  argument)
    case $line[1] in
${cases.join("\n")}
    esac ;;
  esac`;
}

/** The script. */
export function zsh(nodes: readonly Node[]): string {
  const functions = nodes.map((node) => `${nameOf(node)}() {\n${body(node)}\n}`);
  return `#compdef thalweg\n${functions.join("\n")}\ncompdef _thalweg thalweg\n`;
}
