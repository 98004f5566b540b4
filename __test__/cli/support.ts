// The real command in a process of its own, in a folder of its own.
// What tests of the command line share.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** How a call ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A call that goes on. */
export interface Call {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once stderr has this. */
  said(text: string): Promise<void>;
}

/** The arguments of node for a call. */
export const nodeArguments = (args: readonly string[]): string[] => [
  "--import",
  loader,
  join(root, "ts", "src", "cli.ts"),
  ...args,
];

/** Starts `thalweg` with these arguments in a folder. */
export function start(folder: string, args: readonly string[], env: Record<string, string> = {}): Call {
  const child = spawn(process.execPath, nodeArguments(args), {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  const waiting: (() => void)[] = [];
  child.stdout.on("data", (bytes) => {
    stdout += bytes;
  });
  child.stderr.on("data", (bytes) => {
    stderr += bytes;
    for (const look of waiting) look();
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stderr.includes(text) && resolve();
      waiting.push(look);
      look();
      ended.then(() => reject(new Error(`it ended without saying ${JSON.stringify(text)}: ${stderr}`)));
    });
  return { child, ended, said };
}

/** The end of a call. */
export const thalweg = (folder: string, ...args: readonly string[]): Promise<Ended> => start(folder, args).ended;

/** A folder for one test. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A config of a small network on the plane, with these fields replaced. */
export const planar = (fields: object = {}) => ({
  class: "DiffusionModel",
  xSize: 2,
  path: { type: "linear_vp_sde" },
  model: {
    type: "velocity_function",
    args: {
      backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 16], outputSize: 2, activation: "silu" } },
    },
  },
  train: { steps: 20, batchSize: 32 },
  read: { count: 200 },
  ...fields,
});

/** Writes a value as JSON. */
export function writeJson(folder: string, name: string, value: unknown): void {
  writeFileSync(join(folder, name), JSON.stringify(value));
}

/** A table of animals, of which one has a missing value. */
export function writeAnimals(folder: string, name = "animals.csv", rows = 120): void {
  const kinds = ["cat", "dog", "eel"];
  const lines = Array.from({ length: rows }, (_, i) => {
    const size = 10 * (i % 3) + (i % 7);
    return `${kinds[i % 3]},${size + 0.5},${i === 5 ? "" : 2 * size}`;
  });
  writeFileSync(join(folder, name), `kind,size,mass\n${lines.join("\n")}\n`);
}
