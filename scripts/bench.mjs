// npm run bench [-- name …]: the set-up, then the named benchmarks of bench/, or all of them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root, tsx } from "./lib/paths.mjs";
import { Failure, main, runInherited } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  const known = readdirSync(join(root, "bench"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -3));
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Failure(`No benchmark ${unknown}; there are: ${known.join(", ")}.`);
  await setup();
  for (const name of named.length > 0 ? named : known) {
    const status = await runInherited(process.execPath, tsx(`bench/${name}.ts`));
    if (status !== 0) throw new Failure(`bench/${name}.ts failed.`);
  }
});
