// npm run demo: the set-up, then the main job.
import { tsx } from "./lib/paths.mjs";
import { main, runInherited } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup();
  const args = [...tsx("examples/demo.ts"), ...process.argv.slice(2)];
  process.exitCode = await runInherited(process.execPath, args);
});
