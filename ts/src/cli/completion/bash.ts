// bash: a function that finds the command in the words so far, then offers what can come next.
// Where a value may be any, files are offered.
import type { Node } from "./tree.js";

/** The words so far, as a pattern. */
const key = ({ words }: Node) => words.join(" ");

function offers(node: Node): string {
  const words = [...node.inner.map(({ name }) => name), ...node.flags.map(({ name }) => name)];
  return `    "${key(node)}") words="${words.join(" ")}" ;;`;
}

/** What comes after an option that takes a value. */
function values(node: Node): string[] {
  return node.flags
    .filter(({ takesValue }) => takesValue)
    .map(({ name, choices }) =>
      choices.length > 0
        ? `    "${key(node)}:${name}") COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current")); return ;;`
        : `    "${key(node)}:${name}") COMPREPLY=($(compgen -f -- "$current")); return ;;`,
    );
}

/** The script. */
export function bash(nodes: readonly Node[]): string {
  const commands = nodes.filter(({ words }) => words.length > 0).map((node) => `"${key(node)}"`);
  return `_thalweg() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" word next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    next="\${command:+$command }$word"
    case "$next" in
    ${commands.join("|")}) command="$next" ;;
    esac
  done
  case "$command:$previous" in
${nodes.flatMap(values).join("\n")}
  esac
  case "$command" in
${nodes.map(offers).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 && "$current" != -* ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _thalweg thalweg
`;
}
