// Writes ts/src/generated/{config,schemas,names}.ts from the JSON schemas that the addon exports.
// Configs are defined once, in Rust; TypeScript's types and its validation follow from there.

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { textOf } from "./lib/files.mjs";
import { nativeDir, root } from "./lib/paths.mjs";
import { Failure, isEntry, main } from "./lib/process.mjs";
import { definitionsOf, namesFile } from "./lib/schema/definitions.mjs";
import { typesFile } from "./lib/schema/types.mjs";
import { validatorsFile } from "./lib/schema/validators.mjs";
import { addonTarget } from "./lib/target.mjs";

const folder = join(root, "ts", "src", "generated");

/** File name → text, for the JSON schemas by name. */
export function generated(schemas) {
  const definitions = definitionsOf(schemas);
  return {
    "config.ts": typesFile(definitions),
    "schemas.ts": validatorsFile(definitions, Object.keys(schemas)),
    "names.ts": namesFile(definitions),
  };
}

/** The JSON schemas of the addon that was built last. */
export async function addonSchemas() {
  return JSON.parse(await createRequire(import.meta.url)(join(nativeDir, `thalweg.${addonTarget()}.node`)).schemas());
}

/** Brings the generated files up to date, or refuses where they must not change. */
export async function writeGenerated() {
  for (const [name, text] of Object.entries(generated(await addonSchemas()))) {
    const file = join(folder, name);
    if (textOf(file) === text) continue;
    if (process.env.THALWEG_FROZEN) {
      throw new Failure(`ts/src/generated/${name} is stale. Remedy: run npm run build and commit the file.`);
    }
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
    console.log(`Wrote ts/src/generated/${name}`);
  }
}

if (isEntry(import.meta.url)) await main(writeGenerated);
