// A run's folder: a checkpoint, and beside it what the run was told (`run.json`) and its log.
// What is in a folder is looked at before anything is written to it.
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { packageVersion } from "../../addon.js";
import { unreadable, writeWhole } from "../../data/file.js";
import { ConfigError, DataError } from "../../errors.js";
import { readJson, type Section } from "../config/file.js";
import { isLock } from "./lock.js";

const RECORD = "run.json";

/** Which files a checkpoint has; a first save that was interrupted late has it in a folder of its own. */
const MANIFESTS = ["manifest.json", join(".saving", "manifest.json")];

/** What a run's folder may have beside its checkpoint. */
const BESIDE = /^(run\.json|log\.jsonl|events\.out\.tfevents\..*|\.saving|manifest\.json)$/;

/** What a run was told. */
export interface RunRecord {
  readonly thalweg: string;
  /** Absolute paths, and names of data sets of the library; null where the run does not say. */
  readonly data: string | null;
  readonly source?: string;
  readonly condition?: string;
  readonly config?: string;
  readonly read: Section;
  /** When it began. */
  readonly started: string;
  /** The settings of the fit. */
  readonly options: Section;
}

/** What a folder is: not there or empty, a run that has no checkpoint yet, one that has, or something else. */
export type FolderState = "empty" | "begun" | "trained" | "other";

/** Looks at a folder. */
export async function folderState(folder: string): Promise<FolderState> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => !isLock(name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "empty";
    throw unreadable(folder, cause);
  }
  if (MANIFESTS.some((file) => existsSync(join(folder, file)))) return "trained";
  if (names.includes(RECORD)) return "begun";
  return names.length === 0 ? "empty" : "other";
}

/** The record of a run; undefined where its folder has none, as one that `model.save` wrote. */
export async function recordOf(folder: string): Promise<RunRecord | undefined> {
  const file = join(folder, RECORD);
  if (!existsSync(file)) return undefined;
  const record = await readJson(file);
  if (typeof record === "object" && record !== null && "options" in record) return { read: {}, ...record } as RunRecord;
  const [expected, got] = ["what thalweg train wrote", "something else"];
  throw new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
}

/** Writes the record of a run. */
export async function writeRecord(folder: string, record: Omit<RunRecord, "thalweg">): Promise<void> {
  await mkdir(folder, { recursive: true });
  const text = JSON.stringify({ thalweg: packageVersion(), ...record }, undefined, 2);
  await writeWhole(join(folder, RECORD), `${text}\n`);
}

/**
 * Refuses a folder from which a new run would take something.
 *
 * @throws ConfigError that says what to do
 */
export async function checkFree(folder: string, force: boolean): Promise<void> {
  const state = await folderState(folder);
  if (state === "empty" || (force && state !== "other")) return;
  const [expected, got] = ["a new or empty folder", state === "other" ? "one with other files" : "that of a run"];
  const remedy = state === "other" ? "" : "; --resume goes on with it, --force replaces it";
  throw new ConfigError(`--out ${folder}: expected ${expected}, got ${got}${remedy}`, { expected, got, path: folder });
}

/** The names of the files of a folder's checkpoint. */
async function checkpointFiles(folder: string): Promise<string[]> {
  const file = join(folder, "manifest.json");
  if (!existsSync(file)) return [];
  const { files } = (await readJson(file)) as { readonly files: readonly { readonly name: string }[] };
  return files.map(({ name }) => basename(name));
}

/** The names of the files that are a run's. */
export async function filesOfRun(folder: string): Promise<string[]> {
  const beside = (await readdir(folder)).filter((name) => BESIDE.test(name));
  return [...beside, ...(await checkpointFiles(folder))];
}

/** Removes the run that a folder has, and nothing else: its checkpoint must not be taken for that of the run that comes. */
export async function clear(folder: string): Promise<void> {
  if ((await folderState(folder)) === "empty") return;
  const old = await filesOfRun(folder);
  await Promise.all(old.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
