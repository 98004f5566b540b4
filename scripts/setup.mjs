// All set-up of a clone: tools checked, packages installed, addons and TypeScript built.
// Every command runs it first; each part is skipped where nothing changed.
import { buildAddons } from "./build-addon.mjs";
import { buildTypeScript } from "./build-ts.mjs";
import { install } from "./install.mjs";
import { isEntry, main } from "./lib/process.mjs";
import { checkNode, checkRust } from "./lib/requirements.mjs";

export async function setup() {
  checkNode();
  checkRust();
  await install();
  await buildAddons();
  await buildTypeScript();
}

if (isEntry(import.meta.url)) await main(setup);
