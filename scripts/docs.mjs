// npm run docs: the reference of every public name into docs/api, and the site of all of docs into docs/.vitepress/dist.
// `--dev` serves the site instead, with pages that follow their files.
import { tools } from "./lib/paths.mjs";
import { Failure, main, run, runInherited } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

/** What vitepress and the tools below it mark warnings by. */
const WARNING = /\(!\)|\bwarn(ing)?\b/i;

async function build() {
  const { ok, stdout, stderr } = await run(process.execPath, [tools.vitepress, "build", "docs"]);
  if (!ok) throw new Failure("The site was not built (see above).");
  const warnings = `${stdout}\n${stderr}`.split("\n").filter((line) => WARNING.test(line));
  if (warnings.length > 0) throw new Failure(`The site was built with warnings:\n${warnings.join("\n")}`);
}

await main(async () => {
  await setup();
  const { ok } = await run(process.execPath, [tools.typedoc]);
  if (!ok) throw new Failure("typedoc failed (see above).");
  if (process.argv.includes("--dev")) {
    process.exitCode = await runInherited(process.execPath, [tools.vitepress, "dev", "docs"]);
  } else await build();
});
