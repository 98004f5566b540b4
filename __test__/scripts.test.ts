// The scripts behind the commands: old tools are refused with a remedy, failures are counted, checks find things.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hygieneViolations } from "../scripts/hygiene.mjs";
import { closingLine, countRust, countVitest, duration } from "../scripts/lib/counts.mjs";
import { hashOf } from "../scripts/lib/files.mjs";
import { atLeast, checkNode } from "../scripts/lib/requirements.mjs";
import { addonTarget as targetOfScripts } from "../scripts/lib/target.mjs";
import { markedLineViolations } from "../scripts/must-not-compile.mjs";
import { addonTarget } from "../ts/src/addon.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-scripts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("set-up", () => {
  /** Runs setup.mjs where the only programs are the given ones, each printing one line. */
  function setupWith(programs: Record<string, string>) {
    for (const [name, line] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho "${line}"\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const env = { PATH: folder, HOME: folder };
    return spawnSync(process.execPath, ["scripts/setup.mjs"], { cwd: root, env, encoding: "utf8" });
  }

  it("without Rust ends with a remedy and no stack trace", () => {
    const { status, stderr } = setupWith({});
    expect(status).toBe(1);
    expect(stderr).toMatch(/needs cargo 1\.89\.0 or newer; none was found\.\nRemedy: install Rust/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("with an old Rust ends with a remedy that names its version", () => {
    const { status, stderr } = setupWith({ cargo: "cargo 1.90.0", rustc: "rustc 1.88.0 (6b00bc388 2025-06-23)" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/needs rustc 1\.89\.0 or newer; this is "rustc 1\.88\.0.*\nRemedy: run "rustup update/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("refuses an old Node and takes a new one", () => {
    expect(() => checkNode("20.18.3")).toThrow(/needs Node 20\.19\.0 or newer; this is Node 20\.18\.3\.\nRemedy/);
    expect(() => checkNode("20.19.0")).not.toThrow();
    expect(() => checkNode("24.0.0")).not.toThrow();
  });

  it("compares versions by number", () => {
    expect(atLeast("1.100.0", "1.89.0")).toBe(true);
    expect(atLeast("1.89.0", "1.89.0")).toBe(true);
    expect(atLeast("1.9.9", "1.89.0")).toBe(false);
    expect(atLeast("2.0.0-nightly", "1.89.0")).toBe(true);
  });

  it("names the platform as the loader does", () => {
    expect(targetOfScripts()).toBe(addonTarget());
  });

  it("sees a change of content, of a name and of a version, and nothing else", () => {
    writeFileSync(join(folder, "a"), "1");
    const first = hashOf(folder, ["a"], ["rustc 1"]);
    writeFileSync(join(folder, "a"), "1");
    expect(hashOf(folder, ["a"], ["rustc 1"])).toBe(first);
    expect(hashOf(folder, ["a"], ["rustc 2"])).not.toBe(first);
    writeFileSync(join(folder, "a"), "2");
    expect(hashOf(folder, ["a"], ["rustc 1"])).not.toBe(first);
    expect(hashOf(folder, ["missing"])).toBe(hashOf(folder, []));
  });
});

describe("the counts of npm test", () => {
  it("sum cargo's lines, take an ignored test for a failed one, and name those that failed", () => {
    const output = [
      "test order::euler ... ok",
      "test order::heun ... FAILED",
      "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
      "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
    ].join("\n");
    expect(countRust(output)).toEqual({ passed: 15, failed: 3, failures: ["order::heun"] });
  });

  it("take a skipped or pending TypeScript test for a failed one, and give its name and message", () => {
    const assertionResults = [
      { fullName: "a model fits", status: "passed", failureMessages: [] },
      { fullName: "a model samples", status: "failed", failureMessages: ["expected 1 to be 2"] },
    ];
    const testResults = [
      { name: "/a/model.test.ts", status: "failed", message: "", assertionResults },
      { name: "/a/trace.test.ts", status: "failed", message: "an export was slow", assertionResults: [] },
    ];
    const report = { numPassedTests: 9, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults };
    const failures = ["model.test.ts: a model samples\nexpected 1 to be 2", "trace.test.ts: an export was slow"];
    expect(countVitest(JSON.stringify(report))).toEqual({ passed: 9, failed: 4, failures });
  });

  it("end in one line", () => {
    const results = [
      { group: "lint", passed: 1, failed: 0 },
      { group: "rust", passed: 500, failed: 0 },
      { group: "lint", passed: 0, failed: 1 },
    ];
    expect(closingLine(results, 843)).toBe("npm test: 501 passed (lint 1, rust 500), 1 failed, 14 min 3 s");
    expect(duration(3.21)).toBe("3.2 s");
    expect(duration(119.7)).toBe("2 min 0 s");
  });
});

describe("the check of wrong code", () => {
  async function violations(lines: string[]) {
    const file = join(folder, "wrong.mts");
    writeFileSync(file, lines.join("\n"));
    return (await markedLineViolations(file)).violations.join("\n");
  }
  const mark = "// error";

  it("accepts a file that fails exactly on its marked lines", async () => {
    expect(await violations([`export const a: number = "x"; ${mark}`, "export const b = 1;"])).toBe("");
  });

  it("finds a marked line that compiles", async () => {
    expect(await violations([`export const a = 1; ${mark}`])).toContain("line 1 should fail but compiles");
  });

  it("finds an unmarked line that fails", async () => {
    const lines = [`export const a: number = "x"; ${mark}`, 'export const b: number = "y";'];
    expect(await violations(lines)).toContain("line 2 should compile but fails");
  });

  it("finds a file without a mark", async () => {
    expect(await violations(["export const a = 1;"])).toContain("no line is marked");
  });
});

describe("the check of hosts and paths", () => {
  function found(text: string): string {
    spawnSync("git", ["init", "--quiet"], { cwd: folder });
    writeFileSync(join(folder, "file.txt"), text);
    return hygieneViolations(folder).join("\n");
  }
  const [host, home, field] = [["registry", "npmjs", "org"].join("."), ["", "home", "me", "x"].join("/"), '"resolved"'];

  it.each([`${field}: "a.tgz"`, `see https://${host}`, `path = "${home}"`, `run ${home}`])("finds %j", (text) => {
    expect(found(`fine\n${text}\n`)).toMatch(/^file\.txt:2: /);
  });

  it.each(["https://github.com/home/me", "a/tmp/b", "/proc/meminfo", "src/root/x.ts"])("passes %j", (text) => {
    expect(found(text)).toBe("");
  });
});
