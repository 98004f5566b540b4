// Installs the locked npm packages, only where they are missing or the lock file changed.
// The stamp lies inside node_modules, so that deleting the folder deletes it too.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf, textOf } from "./lib/files.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, run } from "./lib/process.mjs";

export async function install() {
  const stamp = join(root, "node_modules", ".thalweg-lock");
  const hash = hashOf(root, ["package.json", "package-lock.json", ".npmrc"]);
  if (textOf(stamp) === hash) return;
  console.log("Installing the locked npm packages …");
  // No package needs an install script; not running any is quicker and safer.
  const { ok } = await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
  if (!ok) throw new Failure("npm ci failed (see above). Remedy: check the network and run the command again.");
  writeFileSync(stamp, hash);
}
