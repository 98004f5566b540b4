// The table that model.summary() returns: parameters, their shapes and counts.
// Plain text, so that it can go anywhere.

/** A parameter of a model. */
export interface ParameterInfo {
  /** Dotted name, equal to GenerativeRL's: `"backbone.last_block.weight"`. */
  readonly name: string;
  /** Sizes of its dimensions. */
  readonly shape: readonly number[];
  /** Whether training changes it. */
  readonly trainable: boolean;
  /** Whether weight decay applies to it. */
  readonly decay: boolean;
}

const countOf = ({ shape }: ParameterInfo) => shape.reduce((product, size) => product * size, 1);

/** Rows of cells under a heading, with columns aligned: all but the first to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** One line per parameter, then the totals. */
export function summaryOf(title: string, parameters: readonly ParameterInfo[]): string {
  const number = (count: number) => count.toLocaleString("en-US");
  const rows = parameters.map((parameter) => [
    parameter.name,
    `[${parameter.shape.join(", ")}]`,
    number(countOf(parameter)),
    parameter.trainable ? "" : "frozen",
  ]);
  const lines = table([["parameter", "shape", "count", ""], ...rows]);
  const sum = (chosen: readonly ParameterInfo[]) => chosen.reduce((total, each) => total + countOf(each), 0);
  const trained = sum(parameters.filter(({ trainable }) => trainable));
  const rule = "─".repeat(Math.max(...lines.map((line) => line.length)));
  const total = `${number(sum(parameters))} parameters, ${number(trained)} of them trained`;
  return [title, rule, lines[0], rule, ...lines.slice(1), rule, total].join("\n");
}
