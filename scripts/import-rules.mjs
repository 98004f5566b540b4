// Checks who may import whom, in Cargo and in ts/src, so that the architecture does not rest on memory.
// The tables below are the rules; anything that they do not name is a violation.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";
import { filesBelow } from "./lib/files.mjs";
import { root } from "./lib/paths.mjs";
import { environment, Failure, isEntry, main } from "./lib/process.mjs";

/** Crate → the crates of ours that it may use. */
const crates = {
  graph: [],
  lane: ["graph"],
  jit: ["graph", "lane"],
  engine: ["graph", "lane", "jit"],
  path: ["graph"],
  assignment: [],
  coupling: ["assignment"],
  nn: ["graph"],
  solver: ["graph"],
  metric: ["assignment"],
  checkpoint: [],
  model: ["graph", "engine", "path", "coupling", "nn", "solver", "metric", "checkpoint"],
  node: ["model"],
  verify: ["graph", "assignment", "path", "coupling", "nn", "solver", "model"],
};

/** Crate → the crates of ours that only its tests may use. */
const testOnly = {
  path: ["engine"],
  coupling: ["engine"],
  nn: ["engine"],
  solver: ["engine"],
  metric: ["engine"],
};

/** Crates of others that exactly one crate of ours may use, beside the tests and examples of others. */
const owners = [
  { pattern: /^(candle|gemm|cudarc)(-|$)/, owner: "engine" },
  { pattern: /^dynasm/, owner: "jit" },
  { pattern: /^napi(-|$)/, owner: "node" },
];

/** Words that a crate's sources must not contain: its purity, as absences. */
const absences = { graph: /\bstd::(fs|net|thread|process|env|time)\b/ };

/** Layers of ts/src in the order of the data; each may import those before it and itself. */
const layers = [
  ...["config", "tensor", "module", "data", "train", "model"],
  ...["sample", "checkpoint", "log", "plot", "report", "ui"],
];

/** Parts beside the layers → what they may import. "any" may import everything; nothing imports it. */
const parts = {
  errors: [],
  generated: ["generated", "config"],
  addon: ["errors"],
  native: ["errors", "generated", "addon"],
  doctor: ["errors", "addon"],
  index: "any",
  cli: "any",
};

/** Parts that everything may import. */
const common = ["errors", "native", "generated"];

/** The one file outside of ts/src that its files may read: the package's name and version. */
const manifest = "../../package.json";

const addonLoading = /\bcreateRequire\b|\bprocess\.dlopen\b|["'`][^"'`\n]*\.node["'`]/;

function cargoPackages(base) {
  const args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
  const { status, stdout, stderr } = spawnSync("cargo", args, { cwd: base, env: environment(), encoding: "utf8" });
  if (status !== 0) throw new Failure(`cargo metadata failed:\n${stderr}`);
  return JSON.parse(stdout).packages;
}

function dependencyViolation(crate, { name, kind }) {
  if (name.startsWith("thalweg-")) {
    const used = name.slice("thalweg-".length);
    const allowed = [...crates[crate], ...(kind === "dev" ? (testOnly[crate] ?? []) : [])];
    return allowed.includes(used) ? [] : [`crates/${crate} may not use crates/${used}${kind ? ` (${kind})` : ""}`];
  }
  const rule = owners.find(({ pattern }) => pattern.test(name));
  return rule === undefined || rule.owner === crate || kind === "dev"
    ? []
    : [`crates/${crate}: only ${rule.owner} may use ${name}`];
}

function cargoViolations(base) {
  return cargoPackages(base).flatMap(({ name, dependencies }) => {
    const crate = name.replace(/^thalweg-/, "");
    if (!(crate in crates)) return [`crates/${crate} is not in the table of scripts/import-rules.mjs`];
    const impure = filesBelow(join(base, "crates", crate, "src"))
      .filter((file) => absences[crate]?.test(readFileSync(file, "utf8")))
      .map((file) => `${relative(base, file)}: crate ${crate} may not use ${absences[crate].source}`);
    return [...dependencies.flatMap((dependency) => dependencyViolation(crate, dependency)), ...impure];
  });
}

/** The part of ts/src that a file belongs to: its folder, or its own name. */
const partOf = (path) => path.split("/")[0].replace(/\.(ts|js)$/, "");

function mayImport(from, to) {
  if (from === to || parts[from] === "any") return true;
  if (parts[to] === "any") return false;
  if (from in parts) return parts[from].includes(to);
  return common.includes(to) || (layers.includes(to) && layers.indexOf(to) < layers.indexOf(from));
}

async function typeScriptViolations(base) {
  const source = join(base, "ts", "src");
  if (!existsSync(source)) return [];
  const { default: ts } = await import("typescript");
  return filesBelow(source).flatMap((file) => {
    const path = relative(source, file).split(sep).join("/");
    const from = partOf(path);
    if (!(from in parts) && !layers.includes(from)) {
      return [`ts/src/${path}: ${from} is not in the table of scripts/import-rules.mjs`];
    }
    const text = readFileSync(file, "utf8");
    const loads = path !== "native.ts" && path !== "addon.ts" && addonLoading.test(text);
    const edges = ts
      .preProcessFile(text, true, true)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((name) => name.startsWith("."))
      .map((name) =>
        relative(source, resolve(posix.dirname(file), name))
          .split(sep)
          .join("/"),
      );
    const wrong = edges.filter((to) => to !== manifest && (to.startsWith("..") || !mayImport(from, partOf(to))));
    return [
      ...(loads ? [`ts/src/${path}: only native.ts may load the addon`] : []),
      ...wrong.map((to) => `ts/src/${path}: ${from} may not import ${to}`),
    ];
  });
}

/** Every violation below a repository root, as sentences. */
export async function importViolations(base) {
  return [...cargoViolations(base), ...(await typeScriptViolations(base))];
}

if (isEntry(import.meta.url)) {
  await main(async () => {
    const found = await importViolations(root);
    if (found.length > 0) throw new Failure(`Import rules broken:\n  ${found.join("\n  ")}`);
  });
}
