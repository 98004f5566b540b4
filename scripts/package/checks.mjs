// Checks of tarballs by themselves: what is in them, their size, their metadata, and the glibc that their addons need.
// Nothing is installed; what an installation does is in installation.mjs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesBelow } from "../lib/files.mjs";
import { root } from "../lib/paths.mjs";
import { Failure, run } from "../lib/process.mjs";
import { oldEnough } from "./glibc.mjs";

/** The most bytes of an addon's tarball; one with CUDA has kernels, too. */
const largest = { plain: 12e6, cuda: 20e6 };

/** Scripts that npm runs when a package is installed. */
const installScripts = ["preinstall", "install", "postinstall", "prepare"];

/** Unpacks a tarball into a folder, as `package`. */
export function unpack(tarball, folder) {
  const { status, stderr } = spawnSync("tar", ["-xzf", tarball, "-C", folder], { encoding: "utf8" });
  if (status !== 0) throw new Failure(`tar could not unpack ${tarball}:\n${stderr}`);
  return join(folder, "package");
}

/** Unpacks a tarball for as long as `use` takes. */
async function unpacked(tarball, use) {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-unpacked-"));
  try {
    return await use(unpack(tarball, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** publint: whether the fields of package.json fit the files. */
export async function publint(tarball) {
  const { publint: lint } = await import("publint");
  const { formatMessage } = await import("publint/utils");
  const { messages, pkg } = await unpacked(tarball, (pkgDir) => lint({ pkgDir, pack: false, strict: true }));
  if (messages.length > 0) throw new Failure(messages.map((message) => formatMessage(message, pkg)).join("\n"));
  return "no message";
}

/** Are the types wrong: whether types resolve as the code does, for a package of ECMAScript modules alone. */
export async function typesResolve(tarball) {
  const cli = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
  const args = [cli, tarball, "--profile", "esm-only", "--format", "ascii", "--no-color", "--no-emoji"];
  const { ok, stdout, stderr } = await run(process.execPath, args, { quiet: true });
  if (!ok) throw new Failure(`${stdout}${stderr}`);
  return "node16 and bundler";
}

/** No script runs when the package is installed, and nothing is in it that was not meant to be. */
export async function contents(tarball, allowed) {
  return await unpacked(tarball, (folder) => {
    const { scripts = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const run = installScripts.filter((name) => name in scripts);
    if (run.length > 0) throw new Failure(`the package runs ${run.join(", ")} when it is installed`);
    const files = filesBelow(folder).map((file) => file.slice(folder.length + 1).replaceAll("\\", "/"));
    const strange = files.filter((file) => !allowed.test(file));
    if (strange.length > 0) throw new Failure(`not meant to be in the package: ${strange.join(", ")}`);
    return `${files.length} files, no install script`;
  });
}

/** The size of an addon's tarball. */
export function size(tarball, cuda) {
  const [bytes, most] = [statSync(tarball).size, largest[cuda ? "cuda" : "plain"]];
  const text = `${(bytes / 1e6).toFixed(2)} MB`;
  if (bytes > most) throw new Failure(`${text}; at most ${most / 1e6} MB are allowed`);
  return text;
}

/** The glibc that an addon needs. */
export async function glibc(tarball) {
  return await unpacked(tarball, (folder) => {
    const addon = readdirSync(folder).find((name) => name.endsWith(".node"));
    return `glibc ${oldEnough(join(folder, addon))}`;
  });
}
