// npm run solvers: measures solvers by evaluations, to docs/generated/solvers.md.
import { tsx } from "./lib/paths.mjs";
import { main, runInherited } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup();
  process.exitCode = await runInherited(process.execPath, tsx("bench/solvers.ts"));
});
