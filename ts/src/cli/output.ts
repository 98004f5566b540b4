// How commands write to stdout: whole, and without complaint where the reader of a pipe has gone.
// Everything else that they say goes to stderr.

/**
 * Ends the process quietly where nobody reads its output any more, as `thalweg sample … | head` has it. Where nobody reads what it says beside the output, it only
 * speaks to nobody: a training must not end because the terminal that showed its progress is gone.
 */
export function quietPipes(): void {
  const onBroken = (whatThen: () => void) => (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    whatThen();
  };
  process.stdout.on(
    "error",
    onBroken(() => process.exit(process.exitCode ?? 0)),
  );
  process.stderr.on(
    "error",
    onBroken(() => undefined),
  );
}

/** Writes text, and resolves once the system has taken it. */
export function write(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Writes one JSON document. */
export function writeJson(value: unknown): Promise<void> {
  return write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** A line for people, beside the output. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Rows of cells with columns aligned, all but the first to the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const padded = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => `${row.map(padded).join("  ").trimEnd()}\n`).join("");
}
