// Checks that the addon, the exact checks and the Rust tests use the same features of every dependency.
// Where they differ, cargo compiles candle and all above it twice, minutes each.

import { spawnSync } from "node:child_process";
import { root } from "./lib/paths.mjs";
import { environment, Failure, isEntry, main } from "./lib/process.mjs";

/** Package → its features, as cargo resolves them for a selection of packages. */
function features(selection) {
  const args = ["tree", ...selection, "--prefix", "none", "--format", "{p}|{f}", "--offline"];
  const { status, stdout, stderr } = spawnSync("cargo", args, { cwd: root, env: environment(), encoding: "utf8" });
  if (status !== 0) throw new Failure(`cargo tree failed:\n${stderr}`);
  const resolved = new Map();
  for (const line of stdout.split("\n").filter((text) => text.includes("|"))) {
    const [name, list] = line.replace(/ \(\*\)$/, "").split("|");
    // A package may occur twice, for the target and for build scripts.
    if (!name.startsWith("thalweg-")) resolved.set(name, (resolved.get(name) ?? new Set()).add(list));
  }
  return new Map([...resolved].map(([name, lists]) => [name, [...lists].sort().join(" and ")]));
}

export function differences() {
  const tests = features(["--workspace", "--edges", "normal,build,dev"]);
  const pair = ["--package", "thalweg-node", "--package", "thalweg-verify"];
  const alone = [pair.slice(0, 2), pair].flatMap((packages) => [...features([...packages, "--edges", "normal,build"])]);
  return alone
    .filter(([name, list]) => tests.get(name) !== list)
    .map(([name, list]) => `${name}: built [${list}], tests [${tests.get(name)}]`);
}

if (isEntry(import.meta.url)) {
  await main(() => {
    const found = differences();
    if (found.length === 0) return;
    const remedy = "Remedy: name the missing features in crates/node/Cargo.toml, as for getrandom.";
    throw new Failure(`Compiled twice because of features:\n  ${found.join("\n  ")}\n${remedy}`);
  });
}
