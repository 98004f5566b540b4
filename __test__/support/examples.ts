// Code of the documentation as programs: what the examples in docstrings and the blocks of pages share.
// Numbers in the thousands are cut to tens, so that an example of training takes a second.
import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

/** Steps and counts in the thousands cut to tens. */
export const shortened = (code: string) => code.replace(/\b\d+_000\b/g, "40");

/** `expression; // JSON` as a check of the expression's value. */
export function withChecks(code: string): string {
  return code.replace(
    /^(?!\s*(?:const|let|class|declare) )(.+?); \/\/ (\[.*\]|\d+(?:\.\d+)?|".*"|\{.*\}|true|false)$/gm,
    (_, expression, value) => {
      const awaited = expression.startsWith("await ") ? expression : `await ${expression}`;
      return `check(${awaited}, ${value});`;
    },
  );
}

/** A new folder with the files that examples read. */
export async function exampleFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-examples-"));
  const golden = fileURLToPath(new URL("../golden/", import.meta.url));
  for (const name of ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]) {
    copyFileSync(join(golden, "data", name), join(folder, name));
  }
  copyFileSync(join(golden, "checkpoint", "checkpoint_7.pt"), join(folder, "checkpoint_7.pt"));
  const vega = dirname(createRequire(import.meta.url).resolve("vega-datasets"));
  for (const name of ["weather.csv", "data.csv", "test.csv"]) {
    copyFileSync(join(vega, "..", "data", "seattle-weather.csv"), join(folder, name));
  }
  mkdirSync(join(folder, "photos", "cats"), { recursive: true });
  const colour = { create: { width: 8, height: 8, channels: 3, background: "#f80" } } as const;
  await sharp(colour).toFile(join(folder, "photos", "cats", "tom.png"));
  return folder;
}
