// The platforms that thalweg is published for, made of `napi.targets` in package.json, and the names of their packages.
// One list, so that builds, manifests, the loader and the workflow cannot disagree; a test compares the last two with it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseTriple } from "@napi-rs/cli";
import { root } from "../lib/paths.mjs";
import { Failure } from "../lib/process.mjs";

/** The repository's package.json. */
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Builds of Linux run where glibc is of this version or later: Node 20 asks for the same. */
export const oldestGlibc = "2.28";

const libraries = { gnu: "glibc", musl: "musl" };

/** Every platform: cargo's target, the name in packages and files, and npm's fields that choose it. */
export const platforms = manifest.napi.targets.map((target) => {
  const { platformArchABI, platform, arch, abi } = parseTriple(target);
  const libc = platform === "linux" ? libraries[abi] : undefined;
  return { target, name: platformArchABI, os: platform, cpu: arch, libc };
});

/** The one platform that there is a CUDA addon for. */
export const cudaPlatform = platforms.find(({ name }) => name === "linux-x64-gnu");

/** The platform with this name or cargo target. */
export function platformOf(wanted) {
  const found = platforms.find(({ name, target }) => name === wanted || target === wanted);
  if (found !== undefined) return found;
  throw new Failure(
    `${wanted} is no platform of ours; expected one of ${platforms.map(({ name }) => name).join(", ")}.`,
  );
}

/** The package of an addon, and the name of its file. */
export function addonPackage({ name }, kind = "plain") {
  const cuda = kind === "cuda";
  return {
    packageName: `@thalweg/${cuda ? "cuda-" : ""}${name}`,
    file: `thalweg${cuda ? "-cuda" : ""}.${name}.node`,
  };
}

/** The tarball that `npm pack` makes of a package. */
export function tarballName(packageName, version = manifest.version) {
  return `${packageName.replace(/^@/, "").replace("/", "-")}-${version}.tgz`;
}
