// Checks that no file of ours names a package registry's host or a path of somebody's machine.
// A clone must build anywhere, behind any mirror.
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { Failure, isEntry, main } from "./lib/process.mjs";

const registries = [
  /\bregistry\.(npmjs|yarnpkg|npmmirror)\./i,
  /\b(npm|cargo|crates|pypi)\.[a-z0-9.-]*(mirror|proxy|artifactory|nexus)/i,
  /\b(static|index)\.crates\.io\b/i,
  /\bgithub\.com-[0-9a-f]{16}\b/,
  /\b(files\.pythonhosted|pypi)\.org\b/i,
  /"resolved"\s*:/,
];
const machinePath = /(?<![\w.~*)\]}-])\/(?:work|root|tmp|home|Users|mnt|media|private)\/[\w.]/;
// Cargo writes its index's canonical name into every lock file and offers no way to leave it out.
const cargoIndex = 'source = "registry+https://github.com/rust-lang/crates.io-index"';

/** Files that git has or would take; a folder that is not a repository has none. */
function ourFiles(base) {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { status, stdout } = spawnSync("git", args, { cwd: base, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Failure("git could not list the files of the repository.");
  return stdout.split("\0").filter((name) => name !== "" && existsSync(join(base, name)));
}

/** Every host name or machine path in the files of a repository, as file:line sentences. */
export function hygieneViolations(base) {
  return ourFiles(base).flatMap((name) => {
    const path = join(base, name);
    if (!lstatSync(path).isFile()) return [];
    const content = readFileSync(path);
    if (content.subarray(0, 8192).includes(0)) return [];
    return content
      .toString("utf8")
      .split("\n")
      .flatMap((line, i) => {
        if (line.trim() === cargoIndex) return [];
        const host = registries.some((pattern) => pattern.test(line));
        const what = host ? "a registry's host" : machinePath.test(line) ? "a machine path" : undefined;
        return what === undefined ? [] : [`${name}:${i + 1}: ${what}: ${line.trim().slice(0, 100)}`];
      });
  });
}

if (isEntry(import.meta.url)) {
  await main(() => {
    const found = hygieneViolations(root);
    if (found.length > 0) throw new Failure(`Names that bind us to a machine:\n  ${found.join("\n  ")}`);
  });
}
