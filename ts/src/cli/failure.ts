// What went wrong, as an exit code, as a line and as a document.
// A stack trace is for who develops thalweg: THALWEG_DEBUG shows it.
import { CommanderError } from "commander";
import { ConfigError, ThalwegError } from "../errors.js";

/** The exit codes of every command. */
export const exitCodes = { done: 0, failed: 1, refused: 2, interrupted: 130 } as const;

/** The user ended a command before it was done. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Several mistakes of a config at once. */
export class Mistakes extends ConfigError {
  readonly errors: readonly ConfigError[];

  constructor(errors: readonly ConfigError[]) {
    super([`${errors.length} mistakes`, ...errors.map(({ message }) => `  ${message}`)].join("\n"));
    this.errors = errors;
  }
}

/** Notes what is wrong with a config; throws whatever else it is. */
export function noteMistake(mistakes: ConfigError[], error: unknown): void {
  if (!(error instanceof ConfigError)) throw error;
  mistakes.push(...(error instanceof Mistakes ? error.errors : [error]));
}

/** Refuses what has mistakes: one is itself, several are told together. */
export function refuseAll(errors: readonly ConfigError[]): void {
  const [first, second] = errors;
  if (second !== undefined) throw new Mistakes(errors);
  if (first !== undefined) throw first;
}

/** The exit code of an error. */
export function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.refused;
  if (error instanceof Interrupted) return exitCodes.interrupted;
  return error instanceof ConfigError ? exitCodes.refused : exitCodes.failed;
}

const nameOf = (error: unknown) => {
  if (error instanceof CommanderError) return "UsageError";
  return error instanceof Error ? error.name : "Error";
};

const messageOf = (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof CommanderError ? message.replace(/^error: /, "") : message;
};

/** The document of an error. */
export function documentOf(error: unknown): object {
  const { expected, got, path, where } = error instanceof ThalwegError ? error : ({} as Partial<ThalwegError>);
  const document = { name: nameOf(error), message: messageOf(error), expected, got, path, where };
  if (!(error instanceof Mistakes)) return { error: document };
  return { error: { ...document, errors: error.errors.map(({ message, path }) => ({ message, path })) } };
}

/** The line of an error; with THALWEG_DEBUG its stack, too. Where no command was named, the help that was printed says it all. */
export function lineOf(error: unknown): string {
  if (error instanceof CommanderError && error.code === "commander.help") return "";
  const usage = error instanceof CommanderError ? "\nthalweg <command> --help tells how a command is used." : "";
  const stack = process.env.THALWEG_DEBUG && error instanceof Error ? `\n${error.stack}` : "";
  return `${nameOf(error)}: ${messageOf(error)}${usage}${stack}\n`;
}
