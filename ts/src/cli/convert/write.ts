// thalweg config convert: a converted config to a file or to stdout, and what is to be said of it to stderr.
// A file that is there is left alone, unless it may be replaced.
import { existsSync } from "node:fs";
import { bytesOfFile, writeWhole } from "../../data/file.js";
import { ConfigError } from "../../errors.js";
import type { Outcome } from "../command.js";
import { compact } from "../compact.js";
import { note } from "../output.js";
import { type ConvertSettings, convert } from "./convert.js";

/** The flags of `thalweg config convert`. */
export interface ConvertOptions extends ConvertSettings {
  readonly out?: string;
  readonly force?: true;
  readonly json?: true;
}

/** Converts, and writes. */
export async function write(file: string, { out, force, json, ...settings }: ConvertOptions): Promise<Outcome> {
  if (out !== undefined && !force && existsSync(out)) {
    const [expected, got] = ["a file that is not there yet, or --force", "one that is there"];
    throw new ConfigError(`--out ${out}: expected ${expected}, got ${got}`, { expected, got, path: out });
  }
  const text = new TextDecoder().decode(await bytesOfFile(file));
  const { config, notes, lines } = await convert(file, text, settings);
  if (!json) for (const line of lines) note(line);
  const written = `${compact(config)}\n`;
  if (out !== undefined) await writeWhole(out, written);
  return {
    json: { config, notes, ...(out !== undefined && { file: out }) },
    text: out === undefined ? written : `${out}\n`,
  };
}
