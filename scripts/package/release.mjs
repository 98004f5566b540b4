// What of target/packages is published, and in which order: the addons first, so that whoever installs the main package finds them.
// Nothing is published where a package is missing, or where the tag names another version.

import { Failure } from "../lib/process.mjs";
import { addonPackage, cudaPlatform, manifest, platforms, tarballName } from "./platforms.mjs";

/** The packages of a release in the order in which they are published, as names with their tarballs. */
export function release(files, tag) {
  if (tag !== undefined && tag !== `v${manifest.version}`) {
    throw new Failure(`The tag is ${tag}, but package.json says ${manifest.version}.`);
  }
  const addons = platforms.map((platform) => addonPackage(platform).packageName);
  const names = [...addons, addonPackage(cudaPlatform, "cuda").packageName, manifest.name];
  const packages = names.map((name) => ({ name, tarball: tarballName(name) }));
  const missing = packages.filter(({ tarball }) => !files.includes(tarball)).map(({ name }) => name);
  if (missing.length > 0) throw new Failure(`These packages of the release were not built: ${missing.join(", ")}.`);
  return packages;
}
