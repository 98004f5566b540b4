// Makes ts/dist of ts/src, with the pages that are made of ts/page: declarations by tsc, which skips what did not change, and programs in a few files by esbuild.
// As one file instead of two hundred, thalweg is imported in half the time: reading modules is most of it.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writePages } from "./generate-pages.mjs";
import { filesBelow, textOf } from "./lib/files.mjs";
import { root, tools } from "./lib/paths.mjs";
import { Failure, isEntry, main, run } from "./lib/process.mjs";

/** What is started or imported by itself; what several of them use is in files that they share. */
const entries = ["index", "cli", "native"];

async function bundle(outdir) {
  // Only now: in a fresh clone the packages are installed by the same program.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: entries.map((name) => join(root, "ts", "src", `${name}.ts`)),
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    // Errors name classes; a bundle may have to rename one.
    keepNames: true,
    write: false,
    logLevel: "warning",
  });
  const made = new Set(outputFiles.map(({ path }) => path));
  mkdirSync(outdir, { recursive: true });
  // Only what changed is written, since a program that runs may read a file later.
  for (const { path, text } of outputFiles) if (textOf(path) !== text) writeFileSync(path, text);
  const old = filesBelow(outdir).filter((path) => /\.js(\.map)?$/.test(path) && !made.has(path));
  for (const path of old) rmSync(path);
}

/** Compiles into a folder; `more` are further options of tsc. */
export async function buildTypeScript(outdir = join(root, "ts", "dist"), more = []) {
  await writePages();
  const { ok } = await run(process.execPath, [tools.tsc, "-p", "tsconfig.build.json", "--outDir", outdir, ...more]);
  if (!ok) throw new Failure("The TypeScript sources did not compile (see above).");
  await bundle(outdir);
}

if (isEntry(import.meta.url)) await main(() => buildTypeScript());
