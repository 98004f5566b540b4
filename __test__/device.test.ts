// Which addon a process loads, what THALWEG_DEVICE may say, and what doctor finds.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Diagnosis } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addonFile } from "../ts/src/addon.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const [plain, cuda] = [addonFile("plain"), addonFile("cuda")];
let folder: string;

// A copy of the package with the plain addon alone: here a CUDA addon may or may not be installed.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-device-"));
  for (const part of ["package.json", join("ts", "dist")])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  mkdirSync(join(folder, "ts", "native"));
  copyFileSync(plain.file, join(folder, "ts", "native", plain.name));
  cpSync(join(root, "node_modules", "commander"), join(folder, "node_modules", "commander"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = (more: object) => ({ ...process.env, THALWEG_ADDON: "", THALWEG_DEVICE: "", ...more });

/** What a program that imports the copy says, on both streams. */
function said(program: string, device = ""): { readonly out: string; readonly err: string } {
  const source = `const { native } = await import("./ts/dist/native.js"); ${program}`;
  const wrapped = `(async () => { ${source} })().catch((error) => console.log(String(error)))`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--eval", wrapped], {
    cwd: folder,
    env: environment({ THALWEG_DEVICE: device }),
    encoding: "utf8",
  });
  return { out: stdout.trim(), err: stderr.trim() };
}

/** Puts a CUDA addon that cannot be loaded into the copy, for the time of a test. */
function withDamaged<T>(test: () => T): T {
  const file = join(folder, "ts", "native", cuda.name);
  writeFileSync(file, "no library");
  try {
    return test();
  } finally {
    rmSync(file);
  }
}

const ask = (device: string) => `console.log(await native.deviceOf(${JSON.stringify(device)}))`;

describe("THALWEG_DEVICE", () => {
  it.each(["", "auto", "cpu"])("%j is the CPU where there is no CUDA addon, without a word", (device) => {
    expect(said(ask("auto"), device)).toEqual({ out: "cpu", err: "" });
  });

  it.each(["gpu", "cuda:", "CPU", "cuda:-1"])("%j is refused with what is allowed", (device) => {
    const { out } = said(ask("auto"), device);
    expect(out).toMatch(/^DeviceError: THALWEG_DEVICE: expected "auto", "cpu", "cuda" or "cuda:<index>", got /);
    expect(out).toContain(JSON.stringify(device));
  });

  it.each(["cuda", "cuda:1"])("%j without the CUDA addon is an error that names it and how to get it", (device) => {
    expect(said(ask("auto"), device).out).toMatch(
      new RegExp(`^AddonError: the CUDA addon .* is missing: there is no ${cuda.name}.*npm run build:cuda`),
    );
  });
});

describe("a device that a model names", () => {
  it("and that needs an addon that is not installed is an error that says so", () => {
    const { out } = said(ask("cuda"));
    expect(out).toMatch(new RegExp(`^DeviceError: no CUDA device: .*there is no ${cuda.name}.*npm run build:cuda`));
  });

  it("is an error where the environment keeps its addon away", () => {
    expect(said(ask("cuda:1"), "cpu").out).toMatch(
      /^DeviceError: no CUDA device: THALWEG_DEVICE is "cpu".*got "cuda:1"/,
    );
  });
});

describe("a CUDA addon that cannot be loaded", () => {
  it("leaves the CPU, and is said once", () => {
    const { out, err } = withDamaged(() => said(`${ask("auto")}; ${ask("auto")}`));
    expect(out).toBe("cpu\ncpu");
    expect(err.split("\n").filter((line) => line.startsWith("thalweg: device cpu ("))).toHaveLength(1);
    expect(err).toContain(cuda.name);
  });

  it("is an error where it was asked for, and no matter where it was not", () => {
    expect(withDamaged(() => said(ask("auto"), "cuda")).out).toMatch(
      /^AddonError: thalweg-cuda\..* could not be loaded/,
    );
    expect(withDamaged(() => said(ask("auto"), "cpu"))).toEqual({ out: "cpu", err: "" });
  });
});

describe("thalweg doctor", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, "ts", "dist", "cli.js"), ...args], {
      env: environment({ THALWEG_NUM_THREADS: "2" }),
      encoding: "utf8",
    });

  it("finds the addon, the processor and its kernels, and times a product", () => {
    const { status, stdout } = run("doctor", "--json");
    const found: Diagnosis = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(found).toMatchObject({ node: process.versions.node, cuda: null, device: "cpu", problems: [] });
    expect(found.addons.map(({ kind, installed }) => [kind, installed])).toEqual([
      ["plain", true],
      ["cuda", false],
    ]);
    expect(found.variables.THALWEG_NUM_THREADS).toBe("2");
    expect(found.cpu?.threads).toBe(2);
    expect(found.cpu?.machineCode).toBe(found.cpu?.features.includes("AVX2"));
    expect(found.products).toEqual([{ device: "cpu", gflops: expect.any(Number) }]);
    expect((found.products[0] as { gflops: number }).gflops).toBeGreaterThan(0.1);
  });

  it("prints it for people", () => {
    const { status, stdout } = run("doctor");
    expect(status).toBe(0);
    for (const line of [
      /^platform +\S+$/m,
      /^kernels +\S/m,
      /^machine code +\S/m,
      /^threads +2 of/m,
      /^product on cpu +[\d]+ GFLOP\/s$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it("names what is wrong with an addon, and goes on", () => {
    const found: Diagnosis = JSON.parse(withDamaged(() => run("doctor", "--json").stdout));
    expect(found.problems).toEqual([expect.stringContaining(cuda.name)]);
    expect(found.cpu?.kernels).toMatch(/\w/);
    const native = join(folder, "ts", "native", plain.name);
    rmSync(native);
    try {
      const { status, stdout } = run("doctor");
      expect(status).toBe(1);
      expect(stdout).toMatch(/^problem +thalweg\..* is missing/m);
    } finally {
      copyFileSync(plain.file, native);
    }
  });

  it("explains itself", () => {
    expect(
      execFileSync(process.execPath, [join(folder, "ts", "dist", "cli.js"), "--help"], { encoding: "utf8" }),
    ).toContain("doctor");
    expect(run("doctor", "--help").stdout).toContain("--json");
    expect(run("cure").status).toBe(2);
  });
});
