// npm run bench [-- --quick | --list | name …]: the set-up, the peers, then the rows of bench/rows, all or those named.
// A run that is not quick writes docs/generated/performance.{md,png}; see bench/main.ts.
import { installPeers } from "./lib/bench-peers.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main, runInherited } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  const args = process.argv.slice(2);
  if (!args.includes("--list")) {
    await setup();
    await installPeers();
  }
  const env = { TSX_TSCONFIG_PATH: `${root}/tsconfig.base.json` };
  const status = await runInherited(process.execPath, ["--import", "tsx", "bench/main.ts", ...args], env);
  if (status !== 0) throw new Failure("The benchmark did not run to its end (see above).");
});
