// The steps of npm test, in order: what is run, and how its tests are counted.
// A step without tests of its own counts as one check.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countRust, countVitest } from "./counts.mjs";
import { root, tools, tsx } from "./paths.mjs";
import { run } from "./process.mjs";

const everyTarget = ["--release", "--workspace", "--features", "thalweg-node/test-hooks"];

/** A step that is one program, counted as one check. */
function check(group, name, program, args, env) {
  return {
    group,
    name,
    async body() {
      const { ok } = await run(program, args, { env });
      return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
    },
  };
}

const node = (group, name, ...args) => check(group, name, process.execPath, args);

/** No test at all is a failure, and so is a failing runner that reports none. */
function counted(counts, ok) {
  const missing = (!ok || counts.passed === 0) && counts.failed === 0;
  return { ...counts, failed: counts.failed + (missing ? 1 : 0) };
}

const rustTests = {
  group: "rust",
  name: "cargo test",
  async body() {
    const { ok, stdout } = await run("cargo", ["test", ...everyTarget, "--no-fail-fast"]);
    return counted(countRust(stdout), ok);
  },
};

const typeScriptTests = {
  group: "ts",
  name: "vitest, with type tests",
  async body() {
    const folder = mkdtempSync(join(tmpdir(), "thalweg-vitest-"));
    const file = join(folder, "report.json");
    try {
      const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
      const { ok } = await run(process.execPath, [tools.vitest, "run", ...reporters]);
      return counted(countVitest(readFileSync(file, "utf8")), ok);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Every example but the demo, in its short form; the demo has a command of its own. */
const examples = {
  group: "examples",
  name: "examples",
  async body() {
    const counts = { passed: 0, failed: 0 };
    const names = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts") && name !== "demo.ts");
    for (const name of names) {
      console.log(`examples/${name}`);
      const env = { THALWEG_SHORT: "1" };
      const { ok } = await run(process.execPath, tsx(join("examples", name)), { env });
      counts[ok ? "passed" : "failed"] += 1;
    }
    return counts;
  },
};

export const steps = [
  check("lint", "cargo fmt", "cargo", ["fmt", "--all", "--check"]),
  node("lint", "biome", tools.biome, "ci", "--error-on-warnings"),
  node("lint", "tsc: sources, tests, examples", tools.tsc, "-p", "tsconfig.json"),
  node("lint", "tsc: pages", tools.tsc, "-p", "ts/page/tsconfig.json"),
  node("lint", "must not compile", "scripts/must-not-compile.mjs"),
  node("lint", "import rules", "scripts/import-rules.mjs"),
  node("lint", "hosts and machine paths", "scripts/hygiene.mjs"),
  node("lint", "one compile of each dependency", "scripts/one-compile.mjs"),
  check("lint", "cargo clippy", "cargo", ["clippy", ...everyTarget, "--all-targets", "--", "-D", "warnings"]),
  rustTests,
  typeScriptTests,
  examples,
  node("docs", "typedoc", tools.typedoc, "--emit", "none"),
  check("docs", "rustdoc", "cargo", ["doc", ...everyTarget, "--no-deps"], { RUSTDOCFLAGS: "-D warnings" }),
];
