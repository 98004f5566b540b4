// Running other programs, and failing in one plain line.
// A script's user sees what to do, never a stack trace of the script.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./paths.mjs";

/** A failure whose message is meant for the user. */
export class Failure extends Error {}

/** Whether a module (its import.meta.url) is the script that Node was started with. */
export function isEntry(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(url));
}

/** Runs a script's main function; a Failure ends it with its message and exit code 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

/** This process's environment, with rustup's folder on the PATH: a new install is not there yet. */
export function environment(extra = {}) {
  const rustup = join(homedir(), ".cargo", "bin");
  const path = process.env.PATH ?? "";
  const found = existsSync(rustup) && !path.split(delimiter).includes(rustup);
  return { ...process.env, PATH: found ? `${path}${delimiter}${rustup}` : path, ...extra };
}

/** The first line a program prints, or undefined where the program cannot be started. */
export function firstLine(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8", env: environment(), cwd: root });
  return status === 0 ? stdout.split("\n")[0].trim() : undefined;
}

/**
 * Runs a program to its end, showing what it prints unless `quiet`.
 * Resolves to { ok, status, stdout, stderr }; only a program that cannot be started throws.
 */
export function run(program, args, { env, quiet = false, cwd = root, hideStdout = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: environment(env),
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && ["npm", "npx"].includes(program),
    });
    const printed = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => {
        printed[stream] += text;
        if (!quiet && !(hideStdout && stream === "stdout")) process[stream].write(text);
      });
    }
    child.on("error", () => reject(new Failure(`${program} could not be started.`)));
    child.on("close", (status) => resolve({ ok: status === 0, status, ...printed }));
  });
}

/** Runs a program on this terminal; resolves to its exit status. */
export function runInherited(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env: environment(env), stdio: "inherit" });
    child.on("error", () => reject(new Failure(`${program} could not be started.`)));
    child.on("close", (status) => resolve(status ?? 1));
  });
}
