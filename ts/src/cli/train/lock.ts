// One training at a time in a run's folder: a lock with the id of the process that trains there, for as long as it does.
// Two would replace each other's checkpoints, and neither would notice.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError, DataError } from "../../errors.js";

const LOCK = "run.lock";

/** Whether a name in a run's folder is that of its lock, or of one that is being taken over. */
export const isLock = (name: string): boolean => name === LOCK || name.startsWith(`${LOCK}.`);

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** The process that a lock names; undefined where there is no lock, NaN where it names none. */
function ownerOf(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether a process lives that is not this one: a container that is started again may give its one process the same id. */
function livesBeside(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

function refused(folder: string, file: string, pid: number): ConfigError {
  const got = Number.isNaN(pid) ? "one that is locked" : `one in which process ${pid} trains`;
  const expected = "a folder in which nothing trains";
  const remedy = `Wait for its end or choose another folder; where nothing trains there, remove ${file}`;
  return new ConfigError(`--out ${folder}: expected ${expected}, got ${got}. ${remedy}`, {
    expected,
    got,
    path: folder,
  });
}

/** Removes a lock whose process lives no more. It is moved away first, so that of two that would remove it none removes the new lock of the other. */
function removeStale(folder: string, file: string): void {
  const owner = ownerOf(file);
  if (owner === undefined) return;
  if (Number.isNaN(owner) || livesBeside(owner)) throw refused(folder, file, owner);
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    // Another one was faster.
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  const moved = ownerOf(aside);
  if (moved !== owner) {
    renameSync(aside, file);
    throw refused(folder, file, moved ?? Number.NaN);
  }
  rmSync(aside);
}

function take(folder: string, file: string): void {
  const make = () => writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
  try {
    make();
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    removeStale(folder, file);
    try {
      make();
    } catch (again) {
      if (codeOf(again) !== "EEXIST") throw again;
      throw refused(folder, file, ownerOf(file) ?? Number.NaN);
    }
  }
}

/** Removes folders that were made for a lock and hold nothing else. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  try {
    for (let path = resolve(folder); ; path = dirname(path)) {
      await rmdir(path);
      if (path === resolve(first)) return;
    }
  } catch {
    // They hold something by now.
  }
}

/**
 * Does work while no other process trains in a folder.
 *
 * @param folder - made where there is none, and removed again where the work leaves nothing in it
 * @throws ConfigError that names the process that trains there; DataError where the folder cannot be written to
 */
export async function locked<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const file = join(folder, LOCK);
  let made: string | undefined;
  try {
    made = await mkdir(folder, { recursive: true });
    take(folder, file);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${folder} could not be written to: ${reason}`, { path: folder, cause });
  }
  const release = () => {
    if (ownerOf(file) === process.pid) rmSync(file);
  };
  // Also where a second Ctrl-C ends the process at once.
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
    if (made !== undefined) await removeEmpty(folder, made);
  }
}
