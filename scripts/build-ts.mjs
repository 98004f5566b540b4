// Compiles ts/src, with the pages that are made of ts/page, to ts/dist; tsc itself skips what did not change.
import { writePages } from "./generate-pages.mjs";
import { tools } from "./lib/paths.mjs";
import { Failure, isEntry, main, run } from "./lib/process.mjs";

export async function buildTypeScript() {
  await writePages();
  const { ok } = await run(process.execPath, [tools.tsc, "-p", "tsconfig.build.json"]);
  if (!ok) throw new Failure("The TypeScript sources did not compile (see above).");
}

if (isEntry(import.meta.url)) await main(buildTypeScript);
