// The file that a user writes: what a model's class takes, and beside it how data are read and encoded and how the model is trained.
// A checkpoint's own config.json is understood, too.
import { stat } from "node:fs/promises";
import { nearest } from "../../config/nearest.js";
import { bytesOfFile, unreadable } from "../../data/file.js";
import { ConfigError, DataError, relabelled } from "../../errors.js";
import { placeIn } from "../convert/place.js";

/** The names that a file has beside those of the model's class. */
export const OWN = ["$schema", "class", "read", "encoding", "train"] as const;

/** Settings of a section. */
export type Section = Readonly<Record<string, unknown>>;

/** A config as it was written. */
export interface ConfigFile {
  /** The name of the model's class. */
  readonly className: string;
  /** What the class takes. */
  readonly model: Section;
  /** How data are read. */
  readonly read: Section;
  /** How a table is encoded: what `fitEncoding` takes. */
  readonly encoding: Section;
  /** What `fit` takes. */
  readonly train: Section;
}

const isSection = (value: unknown): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function refused(path: string, expected: string, value: unknown): ConfigError {
  const got = JSON.stringify(value) ?? "nothing";
  return new ConfigError(`${path}: expected ${expected}, got ${got.length > 80 ? `${got.slice(0, 77)}…` : got}`, {
    expected,
    got,
    path,
  });
}

/** A section by its name. */
function sectionOf(value: Section, name: string): Section {
  const section = value[name] ?? {};
  if (isSection(section)) return section;
  throw refused(name, "an object", section);
}

/**
 * The parts of a config.
 *
 * @throws ConfigError where it is no object, or has a name that is nearly one of ours
 */
export function partsOf(value: unknown): ConfigFile {
  if (!isSection(value)) throw refused("the config", "an object", value);
  if ("format" in value && typeof value.model === "string" && isSection(value.config)) {
    return { className: value.model, model: value.config, read: {}, encoding: {}, train: {} };
  }
  const { $schema: _, class: className = "DiffusionModel", read: _r, encoding: _e, train: _t, ...model } = value;
  if (typeof className !== "string") throw refused("class", "the name of a model's class", className);
  for (const key of Object.keys(model)) {
    const meant = nearest(key, OWN);
    if (meant === undefined) continue;
    const hint = `did you mean ${JSON.stringify(meant)}?`;
    throw new ConfigError(`${key}: unknown key; ${hint}`, { expected: "a known key", got: key, path: key });
  }
  const [read, encoding, train] = ["read", "encoding", "train"].map((name) => sectionOf(value, name));
  return { className, model, read: read ?? {}, encoding: encoding ?? {}, train: train ?? {} };
}

/** An error of a section's field, which names it as the file does; another one as it is. */
export function below<E>(section: string, error: E): E {
  if (!(error instanceof ConfigError)) return error;
  return relabelled(error, `${section}.${error.message}`, { path: `${section}.${error.path}` });
}

/** Objects and lists within each other that a file may have; more than any config. */
const DEEPEST = 100;

/** Whether a value is nested deeper than {@link DEEPEST}; level by level, since such a value may be too deep for a function that calls itself. */
function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}

/**
 * The JSON of a file.
 *
 * @throws ConfigError where it is none, or nested as no config is; DataError where it cannot be read
 */
export async function readJson(file: string): Promise<unknown> {
  // Whatever else has a name, such as a device or a pipe, may have no end.
  const found = await stat(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  if (!found.isFile()) {
    const [expected, got] = ["a file", found.isDirectory() ? "a folder" : "something else"];
    throw new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
  }
  const text = new TextDecoder().decode(await bytesOfFile(file));
  const value = parsed(file, text);
  if (!isTooDeep(value)) return value;
  const [expected, got] = [`JSON that is nested at most ${DEEPEST} deep`, "more"];
  throw new ConfigError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
}

/** What JSON's parser says, with line and column in the place of a position. */
function placed(message: string, text: string): string {
  if (/line \d/.test(message)) return message;
  return message.replace(/position (\d+)/, (_, position: string) => {
    const { line, column } = placeIn(text, Number(position));
    return `line ${line}, column ${column}`;
  });
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const got = placed(cause instanceof Error ? cause.message : String(cause), text);
    throw new ConfigError(`${file}: expected JSON: ${got}`, { expected: "JSON", got, path: file, cause });
  }
}

/**
 * Reads a config.
 *
 * @throws ConfigError where it is no JSON object; DataError where it cannot be read
 */
export async function readConfig(file: string): Promise<ConfigFile> {
  return partsOf(await readJson(file));
}
