// Two copies of thalweg in one process, and worker threads: what is installed twice, or loaded several times, works side by side.
// The programs are those that scripts/test-package.mjs runs where the tarballs are installed.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addonFile } from "../ts/src/addon.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
let folder: string;

/** A folder with a copy of thalweg. */
function place(name: string): string {
  const modules = join(folder, name, "node_modules");
  const copy = join(modules, "thalweg");
  mkdirSync(join(copy, "ts", "native"), { recursive: true });
  for (const part of ["package.json", join("ts", "dist")])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  const addon = addonFile("plain");
  copyFileSync(addon.file, join(copy, "ts", "native", addon.name));
  for (const name of ["zod", "vega", "dejavu-fonts-ttf", "fast-png", "@resvg"])
    symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
  return join(folder, name);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-copies-"));
  cpSync(join(root, "scripts", "package", "programs"), place("one"), { recursive: true });
  place("other");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program, which ends with another status where something is not as it should be. */
function run(...args: string[]): void {
  const env = { ...process.env, THALWEG_ADDON: "", THALWEG_DEVICE: "cpu" };
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: join(folder, "one"), env, encoding: "utf8" });
  expect(status, stderr).toBe(0);
}

it("two copies train side by side, and refuse what is of the other with an error that says so", () => {
  run("copies.mjs", join(folder, "other"));
});

it("pictures of two copies and of a worker thread are drawn at once, and the process ends", () => {
  run("plots.mjs", join(folder, "other"));
});

it("worker threads train at once to the bits of one alone, and ending some of them harms nothing", () => {
  run("workers.mjs");
});
