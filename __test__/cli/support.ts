// The real command in a process of its own, in a folder of its own.
// What tests of the command line share.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/**
 * The command as it is published, compiled from the sources as they are: a third of the time of a call is saved, and there are many. It lies beside links to
 * what it needs.
 */
function compiled(): string {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-cli-compiled-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const sources = join(root, "ts", "src");
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  buildSync({
    entryPoints: files.map((name) => join(sources, name)),
    outdir: join(folder, "ts", "dist"),
    format: "esm",
    target: "es2022",
    logLevel: "error",
  });
  for (const name of ["node_modules", "package.json", join("ts", "native")]) {
    symlinkSync(join(root, name), join(folder, name));
  }
  return join(folder, "ts", "dist", "cli.js");
}

const executable = compiled();

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
  /** What it said on stderr so far. */
  stderr(): string;
  /** Resolves once stderr has this. */
  said(text: string): Promise<void>;
}

/** The arguments of node for a call. */
export const nodeArguments = (args: readonly string[]): string[] => [executable, ...args];

/** Starts `thalweg` with these arguments in a folder; ends it with the test. */
export function start(folder: string, args: readonly string[], env: Record<string, string> = {}): Call {
  const call = started(folder, args, env);
  onTestFinished(() => void call.child.kill("SIGKILL"));
  return call;
}

function started(folder: string, args: readonly string[], env: Record<string, string> = {}): Call {
  const child = spawn(process.execPath, nodeArguments(args), {
    cwd: folder,
    // As in a shell, and not as under the package manager that runs the tests.
    env: { ...process.env, NO_COLOR: "1", npm_config_user_agent: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
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
  return { child, ended, said, stderr: () => stderr };
}

/** The end of a call. */
export const thalweg = (folder: string, ...args: readonly string[]): Promise<Ended> => started(folder, args).ended;

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
