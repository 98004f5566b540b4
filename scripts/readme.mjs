// Puts the demo's figures into the README: run after `npm run demo`.
// The README's picture is one of the gallery's: `npm run gallery -- readme`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/paths.mjs";

const demo = join(root, "out", "demo");
const { samples, limit, outcomes } = JSON.parse(readFileSync(join(demo, "results.json"), "utf8"));

const rows = outcomes.map(
  ({ name, rows, distance, floor, seconds, steps }) =>
    `| ${name} | ${rows.toLocaleString("en")} | ${steps.toLocaleString("en")} | ${seconds.toFixed(0)} s | ${distance.toPrecision(3)} | ${floor.toPrecision(3)} | ${(distance / floor).toFixed(2)} |`,
);
const table = [
  `Sliced Wasserstein distance of ${samples.toLocaleString("en")} samples to the data, beside the distance of two halves of the data (the demo fails above ${limit} times that):`,
  "",
  "| data | rows | steps | training, 2 cores | samples to data | half to half | ratio |",
  "|---|---|---|---|---|---|---|",
  ...rows,
].join("\n");

const file = join(root, "README.md");
const text = readFileSync(file, "utf8");
const marked = /<!-- demo:begin -->[\s\S]*<!-- demo:end -->/;
if (!marked.test(text)) throw new Error("README.md has no demo markers");
writeFileSync(file, text.replace(marked, `<!-- demo:begin -->\n${table}\n<!-- demo:end -->`));
console.log("README.md holds the demo's figures.");
