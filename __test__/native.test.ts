// The addon's door: panics and errors become classes, every way to load works, and a bad addon is explained.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InternalError, ThalwegError, version } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addonTarget } from "../ts/src/addon.ts";
import { native, testHooks, unwrap } from "../ts/src/native.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
}

describe("a panic in Rust", () => {
  it("is an InternalError that says what and where, and the process lives on", () => {
    for (let i = 0; i < 100; i++) {
      const error = thrownBy(() => testHooks().__panic());
      expect(error).toBeInstanceOf(InternalError);
      expect(error).toMatchObject({ code: "InternalError", name: "InternalError" });
      expect((error as InternalError).message).toContain("a deliberate panic");
      expect((error as InternalError).where).toMatch(/^__panic \(.*hooks\.rs:\d+\)$/);
    }
    expect(version()).toBe(manifest.version);
  });

  it("prints nothing and ends a process with the code that the process chooses", () => {
    const script = `
      const { testHooks } = await import("./ts/dist/native.js");
      try { testHooks().__panic(); } catch (error) { console.log(error.code); }
      process.exitCode = 7;`;
    const env = { ...process.env, THALWEG_ADDON: "test" };
    const args = ["--input-type=module", "--eval", script];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 7, stdout: "InternalError\n", stderr: "" });
  });
});

describe("the counters of the test addon", () => {
  it("count native calls and record the CPU time of each export", () => {
    const hooks = testHooks();
    hooks.__resetCounters();
    for (let i = 0; i < 5; i++) native.version();
    expect(hooks.__nativeCalls()).toBe(5);
    const cpu = hooks.__exportCpu();
    expect(Object.keys(cpu)).toEqual(["version"]);
    expect(cpu.version).toBeGreaterThan(0);
    expect(cpu.version).toBeLessThan(10);
    hooks.__resetCounters();
    expect([hooks.__nativeCalls(), hooks.__exportCpu()]).toEqual([0, {}]);
  });

  it("tell the thread's CPU time, which grows with work", () => {
    const hooks = testHooks();
    const start = hooks.__threadCpu();
    let sum = 0;
    for (let i = 0; i < 2e6; i++) sum += Math.sqrt(i);
    expect(sum).toBeGreaterThan(0);
    expect(hooks.__threadCpu()).toBeGreaterThan(start);
  });
});

describe("unwrap", () => {
  it("turns the addon's JSON into a class and leaves a caller's own error as it is", async () => {
    const reason = JSON.stringify({ code: "ShapeError", message: "inner sizes differ", expected: "[2]", got: "[3]" });
    const error = await unwrap(Promise.reject(new Error(reason))).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ShapeError", message: "inner sizes differ", expected: "[2]", got: "[3]" });
    expect(error).toBeInstanceOf(ThalwegError);
    const own = new RangeError("mine");
    expect(await unwrap(Promise.reject(own)).catch((thrown: unknown) => thrown)).toBe(own);
    expect(await unwrap(Promise.resolve(3))).toBe(3);
  });
});

describe("loading thalweg", () => {
  const print = "console.log(JSON.stringify([thalweg.version(), thalweg.ConfigError.name]))";
  const expected = [manifest.version, "ConfigError"];
  const plain = { ...process.env, THALWEG_ADDON: "" };

  it("works by require, also where the caller is CommonJS", () => {
    const source = `const thalweg = require("thalweg"); ${print}`;
    const args = ["--input-type=commonjs", "--no-warnings", "--eval", source];
    expect(JSON.parse(execFileSync(process.execPath, args, { cwd: root, env: plain, encoding: "utf8" }))).toEqual(
      expected,
    );
  });

  it("works by import", () => {
    const args = ["--input-type=module", "--eval", `import * as thalweg from "thalweg"; ${print}`];
    expect(JSON.parse(execFileSync(process.execPath, args, { cwd: root, env: plain, encoding: "utf8" }))).toEqual(
      expected,
    );
  });

  it("loads the plain addon by default, which has no test hooks", () => {
    const source = `import { testHooks } from "./ts/dist/native.js";
      try { testHooks(); } catch (error) { console.log(error.code, error.message); }`;
    const args = ["--input-type=module", "--eval", source];
    const printed = execFileSync(process.execPath, args, { cwd: root, env: plain, encoding: "utf8" });
    expect(printed).toMatch(/^AddonError .*THALWEG_ADDON=test/);
    const file = join(root, "ts", "native", `thalweg.${addonTarget()}.node`);
    expect(Object.keys(createRequire(import.meta.url)(file)).filter((name) => name.startsWith("__"))).toEqual([]);
  });
});

describe("an addon that cannot be used", () => {
  let folder: string;
  const name = `thalweg.${addonTarget()}.node`;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "thalweg-addon-"));
    cpSync(join(root, "ts", "dist"), join(folder, "ts", "dist"), { recursive: true });
    mkdirSync(join(folder, "ts", "native"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", version: "99.0.0" }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What importing the copy throws, as its name and message. */
  function importError(): string {
    const source = 'import("./ts/dist/native.js").catch((error) => console.log(String(error)))';
    const env = { ...process.env, THALWEG_ADDON: "" };
    return execFileSync(process.execPath, ["--eval", source], { cwd: folder, env, encoding: "utf8" });
  }

  it("because it is missing: the error names the platform and the remedy", () => {
    expect(importError()).toMatch(
      new RegExp(`^AddonError: the native addon for ${addonTarget()} is missing.*npm run build`),
    );
  });

  it("because it was made for another platform: the error names this one and the remedy", () => {
    writeFileSync(join(folder, "ts", "native", name), "no library");
    expect(importError()).toMatch(
      new RegExp(`^AddonError: thalweg\\.\\S+ could not be loaded on ${addonTarget()}[^]*npm run build`),
    );
  });

  it("because it is of another version: the error names both", () => {
    copyFileSync(join(root, "ts", "native", name), join(folder, "ts", "native", name));
    expect(importError()).toContain(`is version ${manifest.version}, but thalweg is version 99.0.0`);
  });
});
