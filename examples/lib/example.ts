// What the examples with a figure of merit share: data sets, their form in the tests, tables of figures, how they end.
// Each example itself is one program beside this folder.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The tests run a short form, which learns nothing and so asserts nothing of its figures. */
export const SHORT = process.env.THALWEG_SHORT === "1";

/** A file of vega-datasets. */
export function vegaFile(name: string): string {
  return join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "..", "data", name);
}

/** A file in the folder for pictures: the program's first argument, or `out/` and the example's name. */
export function outFile(example: string, file: string): string {
  const folder = process.argv[2] ?? join("out", example);
  mkdirSync(folder, { recursive: true });
  return join(folder, file);
}

/** Prints rows below their headings, in columns; numbers with three digits. */
export function printTable(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const texts = [headings, ...rows].map((row) =>
    row.map((cell) => (typeof cell === "string" ? cell : cell.toPrecision(3))),
  );
  const widths = headings.map((_, i) => Math.max(...texts.map((row) => row[i]?.length ?? 0)));
  const cells = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
  for (const row of texts) console.log(`  ${cells(row).join("  ")}`);
}

/** Runs an example: an error, or a limit that its full form misses, ends the process with 1. */
export function run(main: () => Promise<readonly string[]>): void {
  main()
    .then((missed) => {
      if (SHORT) return;
      for (const limit of missed) console.error(`missed: ${limit}`);
      if (missed.length > 0) process.exitCode = 1;
    })
    .catch((error: unknown) => {
      console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
      process.exitCode = 1;
    });
}
