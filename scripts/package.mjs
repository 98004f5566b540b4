// npm run package: the tarballs to publish, in target/packages: the main one, and that of this platform's addon.
// -- --main: the main one alone; -- --target <platform>: the addon's alone, for that platform; -- --cuda: the addon's with CUDA alone.
import { statSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { install } from "./install.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main } from "./lib/process.mjs";
import { checkNode, checkRust } from "./lib/requirements.mjs";
import { addonTarget } from "./lib/target.mjs";

function wanted() {
  try {
    const options = {
      main: { type: "boolean" },
      target: { type: "string", multiple: true },
      cuda: { type: "boolean" },
    };
    const { values } = parseArgs({ options });
    return Object.keys(values).length > 0 ? values : { main: true, target: [addonTarget()] };
  } catch (error) {
    throw new Failure(`${error.message}\nUsage: npm run package [-- --main] [--target <platform>] [--cuda]`);
  }
}

await main(async () => {
  const { main: mainToo, target = [], cuda } = wanted();
  checkNode();
  if (target.length > 0 || cuda) checkRust();
  await install();
  // Only now, since they use installed packages.
  const { cudaPlatform, platformOf } = await import("./package/platforms.mjs");
  const { buildPublished, buildPublishedCuda } = await import("./package/build.mjs");
  const { packAddon, packMain } = await import("./package/pack.mjs");
  const made = mainToo ? [await packMain()] : [];
  for (const platform of target.map(platformOf)) made.push(await packAddon(platform, await buildPublished(platform)));
  if (cuda) made.push(await packAddon(cudaPlatform, await buildPublishedCuda(), "cuda"));
  for (const file of made) console.log(`${relative(root, file)}  ${(statSync(file).size / 1e6).toFixed(2)} MB`);
});
