// npm run docs: writes the API reference into docs/api.
import { tools } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup();
  const { ok } = await run(process.execPath, [tools.typedoc]);
  if (!ok) throw new Failure("typedoc failed (see above).");
});
