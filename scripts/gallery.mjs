// npm run gallery: runs the examples in full, and keeps their pictures and what they print in docs/gallery.
// About a quarter of an hour on two cores; `-- density digits` runs some of them and leaves the others as they are.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { entries } from "./gallery/entries.mjs";
import { page } from "./gallery/page.mjs";
import { root, tsx } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

/** Times as examples print them: ` in 12 s`, `, 61 s in all`. */
const TIMES = /(?: in|,) \d+ s(?: in all)?/g;

const gallery = join(root, "docs", "gallery");

/** The examples named on the command line, or all of them. */
function chosen(args) {
  const unknown = args.find((arg) => !entries.some(({ name }) => name === arg));
  const names = entries.map(({ name }) => name);
  if (unknown !== undefined)
    throw new Failure(`Usage: npm run gallery [-- <examples>], with examples from: ${names.join(" ")}`);
  return args.length > 0 ? args : names;
}

const pngs = (folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".png"))
    .sort();

/** The file of a program, and where it writes: an example is told, what a page shows writes where it runs. */
function programOf({ name, source }, out) {
  if (source.endsWith(".ts")) return { file: join(root, source), options: {} };
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(root, source), "utf8")) ?? [];
  if (code === undefined) throw new Failure(`${source} has no block of TypeScript.`);
  mkdirSync(out, { recursive: true });
  const file = join(out, `${name}.ts`);
  writeFileSync(file, code);
  return { file, options: { cwd: out } };
}

/** Runs an example in full; its pictures, and what it printed, take the place of those of the run before. */
async function made(entry) {
  const { name, source } = entry;
  console.log(`\n${source}`);
  const out = join(root, "out", "gallery", name);
  rmSync(out, { recursive: true, force: true });
  const { file, options } = programOf(entry, out);
  const { ok, stdout } = await run(process.execPath, [...tsx(file), out], options);
  if (!ok) throw new Failure(`${source} failed (see above); its part of the gallery is as it was.`);
  const folder = join(gallery, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // A palette of 256 colours: a third of the bytes, and no difference to the eye.
  for (const file of pngs(out)) {
    await sharp(join(out, file)).png({ palette: true, quality: 100, effort: 10 }).toFile(join(folder, file));
  }
  // Where it wrote them, and how long it took, is of this machine and its other work alone.
  const lines = stdout.split("\n").filter((line) => !line.includes(out));
  const printed = lines.join("\n").replace(TIMES, "").trim();
  writeFileSync(join(folder, "printed.txt"), `${printed}\n`);
}

await main(async () => {
  const names = chosen(process.argv.slice(2));
  await setup();
  for (const entry of entries) if (names.includes(entry.name)) await made(entry);
  const shown = entries
    .map((entry) => ({ ...entry, folder: join(gallery, entry.name) }))
    .filter(({ folder }) => existsSync(folder))
    .map(({ folder, ...entry }) => ({
      ...entry,
      pictures: pngs(folder),
      printed: readFileSync(join(folder, "printed.txt"), "utf8"),
    }));
  writeFileSync(join(gallery, "index.md"), page(shown));
  console.log("\ndocs/gallery holds the pictures and the page.");
});
