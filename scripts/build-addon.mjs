// Builds both addons, the plain one and the one with test hooks, only where their sources changed.
// Plain cargo, not "napi build": that one sets --target and would compile every dependency again.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeGenerated } from "./generate-schemas.mjs";
import { hashOf, textOf } from "./lib/files.mjs";
import { generatedAddon, nativeDir, root } from "./lib/paths.mjs";
import { Failure, firstLine, isEntry, main, run } from "./lib/process.mjs";
import { addonTarget } from "./lib/target.mjs";

const sources = [
  "Cargo.toml",
  "Cargo.lock",
  "crates",
  ".cargo",
  "scripts/build-addon.mjs",
  "scripts/generate-schemas.mjs",
  "scripts/lib/schema",
];
const typeHeader = `// The addon's exports, written by scripts/build-addon.mjs from the Rust sources.
// Do not edit: it is rewritten whenever the addon is built. Names with __ exist in the test addon only.

`;

/** Runs cargo build; resolves to the path of the library it made. */
async function compile(features, env) {
  const args = ["build", "--release", "--package", "thalweg-node", "--message-format=json-render-diagnostics"];
  if (features.length > 0) args.push("--features", features.join(","));
  if (process.env.THALWEG_FROZEN) args.push("--locked");
  const { ok, stdout } = await run("cargo", args, { hideStdout: true, env });
  if (!ok) throw new Failure("The addon did not compile (see above).");
  const library = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ reason, target }) => reason === "compiler-artifact" && target.name === "thalweg_node")
    .flatMap(({ filenames }) => filenames)
    .find((name) => /\.(so|dylib|dll)$/.test(name));
  if (library === undefined) throw new Failure("cargo built no addon library.");
  return library;
}

/** A new file beside the old one, then a rename: a running process keeps the old library. */
function place(library, name) {
  mkdirSync(nativeDir, { recursive: true });
  const target = join(nativeDir, name);
  // Its own name, as two builds may run at once.
  const made = `${target}.${process.pid}.new`;
  copyFileSync(library, made);
  renameSync(made, target);
}

/** Writes the TypeScript declarations of the exports, or refuses where they must not change. */
async function writeTypes(typeDefDir) {
  const { generateTypeDef } = await import("@napi-rs/cli");
  const { dts } = await generateTypeDef({ typeDefDir, cwd: root, noDtsHeader: true, constEnum: false });
  const text = `${typeHeader}${dts.trim()}\n`;
  if (textOf(generatedAddon) === text) return;
  if (process.env.THALWEG_FROZEN) {
    throw new Failure("ts/src/generated/addon.ts is stale. Remedy: run npm run build and commit the file.");
  }
  mkdirSync(dirname(generatedAddon), { recursive: true });
  writeFileSync(generatedAddon, text);
  console.log("Wrote ts/src/generated/addon.ts");
}

export async function buildAddons() {
  const target = addonTarget();
  const names = { plain: `thalweg.${target}.node`, test: `thalweg-test.${target}.node` };
  const stamp = join(nativeDir, "stamp");
  const hash = hashOf(root, sources, [firstLine("rustc", ["--version"]) ?? ""]);
  const present = [names.plain, names.test].every((name) => existsSync(join(nativeDir, name)));
  if (present && existsSync(generatedAddon) && textOf(stamp) === hash) return;

  console.log("Building the native addon (the first time takes a few minutes) …");
  rmSync(stamp, { force: true });
  place(await compile([]), names.plain);
  const typeDefDir = join(nativeDir, "types");
  mkdirSync(typeDefDir, { recursive: true });
  const env = { NAPI_TYPE_DEF_TMP_FOLDER: typeDefDir };
  // Declarations are a by-product of compiling; where they are missing, cargo must compile again.
  if (!existsSync(join(typeDefDir, "thalweg-node"))) env.NAPI_FORCE_BUILD_THALWEG_NODE = String(Date.now());
  place(await compile(["test-hooks"], env), names.test);
  await writeTypes(typeDefDir);
  await writeGenerated();
  writeFileSync(stamp, hash);
}

if (isEntry(import.meta.url)) await main(buildAddons);
