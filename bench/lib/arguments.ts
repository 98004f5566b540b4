// What the command line of npm run bench asks for.
// Names are those of rows, or their beginnings: `train` is every row that starts so.

/** A wrong command line. */
export class UsageError extends Error {}

/** What is asked for. */
export interface Asked {
  readonly list: boolean;
  readonly quick: boolean;
  /** Rows to run, in their order. */
  readonly names: readonly string[];
}

/** Reads the arguments, given the names that there are. */
export function parse(args: readonly string[], known: readonly string[]): Asked {
  const [flags, wanted] = [args.filter((arg) => arg.startsWith("-")), args.filter((arg) => !arg.startsWith("-"))];
  const strange = flags.find((flag) => flag !== "--quick" && flag !== "--list");
  if (strange !== undefined)
    throw new UsageError(`Usage: npm run bench [-- --quick | --list | name …]; got ${strange}.`);
  const named = (name: string) => known.filter((each) => each === name || each.startsWith(`${name}-`));
  const missing = wanted.find((name) => named(name).length === 0);
  if (missing !== undefined) throw new UsageError(`No row ${missing}; there are: ${known.join(", ")}.`);
  const chosen = new Set(wanted.flatMap(named));
  return {
    list: flags.includes("--list"),
    quick: flags.includes("--quick"),
    names: known.filter((name) => wanted.length === 0 || chosen.has(name)),
  };
}
