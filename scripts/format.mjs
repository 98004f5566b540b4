// npm run format: rewrites Rust and TypeScript sources in the project's format.
import { install } from "./install.mjs";
import { tools } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";

await main(async () => {
  await install();
  const rust = await run("cargo", ["fmt", "--all"]);
  const rest = await run(process.execPath, [tools.biome, "check", "--write"]);
  if (!rust.ok || !rest.ok) throw new Failure("Not everything could be formatted (see above).");
});
