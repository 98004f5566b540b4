// Puts a package together in a folder of its own, and makes its tarball: what lies in the folder is what is published.
// In fresh folders, since ts/dist and ts/native may hold what older builds left there.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildTypeScript } from "../build-ts.mjs";
import { root } from "../lib/paths.mjs";
import { Failure, run } from "../lib/process.mjs";
import { oldEnough } from "./glibc.mjs";
import { addonManifest, addonReadme, mainManifest } from "./manifests.mjs";
import { addonPackage, tarballName } from "./platforms.mjs";

/** Where tarballs are written. */
export const tarballs = join(root, "target", "packages");

/** An empty folder to put a package together in. */
function staged(name) {
  const folder = join(root, "target", "package", "stage", name.replace("/", "-"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  return folder;
}

async function pack(folder, manifest) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  mkdirSync(tarballs, { recursive: true });
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { ok, stdout, stderr } = await run("npm", args, { cwd: folder, quiet: true });
  if (!ok) throw new Failure(`npm could not pack ${manifest.name}:\n${stderr}`);
  const name = tarballName(manifest.name);
  if (!existsSync(join(folder, name))) throw new Failure(`npm packed ${manifest.name} as another file:\n${stdout}`);
  renameSync(join(folder, name), join(tarballs, name));
  return join(tarballs, name);
}

/** The tarball of the main package, which has no addon. */
export async function packMain() {
  const manifest = mainManifest();
  const folder = staged(manifest.name);
  await buildTypeScript(join(folder, "ts", "dist"), ["--incremental", "false", "--tsBuildInfoFile", "null"]);
  for (const name of ["README.md", "CHANGELOG.md"]) copyFileSync(join(root, name), join(folder, name));
  return await pack(folder, manifest);
}

/** The tarball of an addon's package, of the file of its addon. */
export async function packAddon(platform, addon, kind = "plain") {
  const { packageName, file } = addonPackage(platform, kind);
  if (platform.libc === "glibc") oldEnough(addon);
  const folder = staged(packageName);
  copyFileSync(addon, join(folder, file));
  writeFileSync(join(folder, "README.md"), addonReadme(platform, kind));
  return await pack(folder, addonManifest(platform, kind));
}
