// thalweg init: looks at data, and writes what a first run needs.
// Nothing is written where a file would be lost.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import { writeWhole } from "../../data/file.js";
import { ConfigError } from "../../errors.js";
import type { Outcome } from "../command.js";
import { compact } from "../compact.js";
import { fileSchema } from "../config/schemas.js";
import { quoted } from "../quoted.js";
import { typed } from "../typed.js";
import { configFor } from "./configs.js";
import { exampleOf } from "./examples.js";
import { type DataKind, look } from "./look.js";
import { starter } from "./starter.js";

/** The flags of `thalweg init`. */
export interface InitOptions {
  readonly data?: string;
  readonly condition?: readonly string[];
  readonly skip?: readonly string[];
  readonly keep?: readonly string[];
  readonly types?: readonly string[];
  readonly delimiter?: string;
  readonly template?: DataKind;
  readonly force?: boolean;
}

/** Refuses to replace files. */
function checkNew(folder: string, names: readonly string[], force: boolean): void {
  const old = names.filter((name) => existsSync(join(folder, name)));
  if (force || old.length === 0) return;
  const [expected, got] = ["files that are not there yet, or --force", old.join(", ")];
  throw new ConfigError(`${folder}: expected ${expected}, got ${got}`, { expected, got, path: folder });
}

/** The path of data as the folder sees it. */
function seenFrom(folder: string, data: string): string {
  if (data.startsWith("datasets.") || isAbsolute(data)) return data;
  return relative(folder, data) || ".";
}

/** The files that are to be written, apart from data. */
const namesOf = (template: DataKind | undefined) => [
  "config.json",
  "config.schema.json",
  ...(template === undefined ? [] : ["package.json", "tsconfig.json", "train.ts"]),
];

/** Types of columns, from `name=type`. */
function typesOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = texts.map((text) => {
    const at = text.lastIndexOf("=");
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)] as const;
    const expected = "column=type, as in zip=category";
    throw new ConfigError(`--types: expected ${expected}, got ${text}`, { expected, got: text, path: "--types" });
  });
  return Object.fromEntries(pairs);
}

/** Writes. */
export async function init(
  folder: string,
  { data, condition = [], skip = [], keep = [], types = [], delimiter, template, force = false }: InitOptions,
): Promise<Outcome> {
  const example = exampleOf(template ?? "points");
  const ownData = data === undefined && example.write !== undefined ? [example.data] : [];
  const names = namesOf(template);
  checkNew(folder, [...names, ...ownData], force);
  // Before anything is written: data that cannot be read leave no half a project.
  const columns = { condition, skip, keep };
  const read = { types: typesOf(types), delimiter };
  const before = data === undefined ? undefined : await look(data, columns, read);
  if (data === undefined) await example.write?.(folder);
  const path = data === undefined ? example.data : seenFrom(folder, data);
  const found = before ?? (await look(example.write === undefined ? path : join(folder, path), columns, read));
  if (template !== undefined && template !== found.kind) {
    const [expected, got] = [`data that are ${template}`, found.kind];
    throw new ConfigError(`--template: expected ${expected}, got ${got}`, { expected, got, path: "--template" });
  }
  await mkdir(folder, { recursive: true });
  const config = await configFor(found, condition);
  const files: Record<string, string> = {
    "config.json": `${compact(config)}\n`,
    "config.schema.json": `${JSON.stringify(await fileSchema())}\n`,
    ...(template && starter(basename(resolve(folder)), path, found, config)),
  };
  for (const [name, text] of Object.entries(files)) await writeWhole(join(folder, name), text);
  const written = [...Object.keys(files), ...ownData];
  const next = commands(folder, path, template, found.kind);
  const leftOut = found.kind === "table" ? found.leftOut : [];
  const lines = [
    `${found.kind}, ${found.rows} rows: wrote ${written.join(", ")}`,
    ...leftOut.map(({ name, why }) => `left out: ${JSON.stringify(name)}, ${why}`),
    ...(leftOut.some(({ asked }) => !asked) ? ["          (--keep <columns> keeps them)"] : []),
    "\nNext:",
    ...next.map((line) => `  ${line}`),
  ];
  return {
    json: { folder, kind: found.kind, rows: found.rows, leftOut, files: written, next },
    text: lines.map((line) => `${line}\n`).join(""),
  };
}

/** What to type next. */
function commands(folder: string, path: string, template: DataKind | undefined, kind: DataKind): string[] {
  const out = { table: "samples.csv", points: "samples.png", images: "samples.png", series: "samples.npy" }[kind];
  const count = kind === "images" ? "64" : "1000";
  return [
    ...(resolve(folder) === process.cwd() ? [] : [`cd ${quoted(folder)}`]),
    ...(template === undefined ? [] : ["npm install && npm run train    # the program, or with the command line:"]),
    typed(["train", "config.json", "--data", path, "--out", "runs/a"]),
    typed(["sample", "runs/a", "--count", count, "--out", out]),
  ];
}
