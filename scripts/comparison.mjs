// npm run comparison: the figures beside peers in short, from the reports of the benchmarks, as one page.
// Written into docs/generated; a test sees to it that it is what the reports say.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { Failure, isEntry, main } from "./lib/process.mjs";

const generated = join(root, "docs", "generated");
export const comparisonFile = join(generated, "comparison.md");

const cellsOf = (line) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The tables of a report as objects of their columns, with the heading that each stands under. */
export function tablesOf(text) {
  const tables = [];
  let heading = "";
  let open;
  for (const line of text.split("\n")) {
    if (/^#+ /.test(line)) heading = line.replace(/^#+ /, "");
    if (!line.startsWith("|")) open = undefined;
    else if (open === undefined) {
      open = { heading, columns: cellsOf(line), rows: [] };
      tables.push(open);
    } else if (!/^\| *-/.test(line)) {
      const cells = cellsOf(line);
      open.rows.push(Object.fromEntries(open.columns.map((column, i) => [column, cells[i] ?? ""])));
    }
  }
  return tables;
}

const table = (columns, rows) =>
  [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The contests of performance.md in which ours stands beside others, one row each: least times. */
function processor(text) {
  const contests = tablesOf(text).filter(({ columns, rows }) => columns[1] === "minimum" && rows[0]?.["÷ ours"] === "");
  const peers = [...new Set(contests.flatMap(({ rows }) => rows.slice(1).map((row) => row[""])))];
  const rows = contests.map(({ heading, rows: all }) => {
    const timeOf = (name) => all.find((row) => row[""] === name)?.minimum ?? "";
    return [heading, timeOf("ours"), ...peers.map(timeOf)];
  });
  if (rows.length === 0) throw new Failure("performance.md has no contest with peers.");
  return table(["work", "thalweg", ...peers], rows);
}

/** What performance-cuda.md says of ours and of the peers that were measured, per precision. */
function graphics(text) {
  const measured = tablesOf(text).filter(({ columns }) => columns.includes("ours, ms"));
  const rows = measured.flatMap(({ heading, rows: all }) =>
    all.map((row) => [row.work, heading, row["ours, ms"], row["PyTorch eager, ms"], row["PyTorch graph, ms"]]),
  );
  if (rows.length === 0) throw new Failure("performance-cuda.md has no table of times.");
  return table(["work", "precision", "thalweg, ms", "PyTorch, eager, ms", "PyTorch, CUDA graph by hand, ms"], rows);
}

const lineWith = (text, pattern) => {
  const line = text.split("\n").find((each) => pattern.test(each));
  if (line === undefined) throw new Failure(`a report has no line with ${pattern}`);
  return line;
};

/** The page of figures, from the two reports. */
export function comparison(performance, cuda) {
  return [
    "<!-- Written by scripts/comparison.mjs from performance.md and performance-cuda.md. -->",
    "",
    "# Figures beside peers",
    "",
    lineWith(performance, /processors? .*thalweg/),
    "",
    processor(performance),
    "",
    "Least times of contests in turns; empty where a peer took no part. Bars that were set and missed, medians and the machine's own limits: [performance](performance.md).",
    "",
    lineWith(cuda, /^PyTorch .*GPU/),
    "",
    graphics(cuda),
    "",
    "Milliseconds. How it was measured, and what limits it: [performance on a GPU](performance-cuda.md).",
    "",
  ].join("\n");
}

/** What the page must be now. */
export function currentComparison() {
  const read = (name) => readFileSync(join(generated, name), "utf8");
  return comparison(read("performance.md"), read("performance-cuda.md"));
}

if (isEntry(import.meta.url)) {
  await main(() => {
    writeFileSync(comparisonFile, currentComparison());
    console.log("Wrote docs/generated/comparison.md");
  });
}
