// npm run profile [-- row … | --write]: where the time of a row of the benchmark goes, each kernel beside its limit.
// --write: for the rows of bench/profile.ts, to docs/generated/profile.md.
import { root, tsx } from "./lib/paths.mjs";
import { Failure, main, runInherited } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup();
  const status = await runInherited(process.execPath, [...tsx(`${root}/bench/profile.ts`), ...process.argv.slice(2)]);
  if (status !== 0) throw new Failure("The profile did not run to its end (see above).");
});
