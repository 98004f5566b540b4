// Builds the addon that is published for a platform: optimised as every build, without symbols, and for old systems.
// Not the one of `npm run build`, which carries lines for its backtraces, and asks for the glibc of the machine that built it.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { artifacts, cudaCargo } from "../build-cuda.mjs";
import { root } from "../lib/paths.mjs";
import { Failure, firstLine, run } from "../lib/process.mjs";
import { addonPackage, cudaPlatform, oldestGlibc } from "./platforms.mjs";
import { zigEnvironment } from "./zig.mjs";

/** Where addons to be published lie. */
export const addons = join(root, "target", "package", "native");

/** The profile of Cargo.toml that leaves symbols out. */
const profile = "published";

/** Rust's own libraries for a target; where they are there, rustup is not needed. */
async function addTarget(target) {
  const libraries = firstLine("rustc", ["--print", "target-libdir", "--target", target]);
  if (libraries !== undefined && existsSync(libraries)) return;
  const added = await run("rustup", ["target", "add", target], { quiet: true });
  if (!added.ok) throw new Failure(`rustup could not add ${target}:\n${added.stderr}`);
}

/** The addon for a platform; resolves to its file. macOS and Windows are built on themselves, Linux on any Linux. */
export async function buildPublished(platform) {
  const { target, name, os, libc } = platform;
  const linux = os === "linux";
  if (os !== process.platform)
    throw new Failure(`The addon for ${name} is built on ${os}; this is ${process.platform}.`);
  await addTarget(target);
  const zig = linux ? await zigEnvironment() : {};
  console.log(`Building the addon for ${name} (the first time takes some minutes) …`);
  const cli = join(root, "node_modules", "@napi-rs", "cli", "dist", "cli.js");
  const args = [
    ...["build", "--platform", "--no-js", "--dts", "unused.d.ts", "--profile", profile],
    ...["--target", libc === "glibc" ? `${target}.${oldestGlibc}` : target, ...(linux ? ["--cross-compile"] : [])],
    ...["--manifest-path", join("crates", "node", "Cargo.toml"), "--package-json-path", "package.json"],
    ...["--output-dir", join("target", "package", "native")],
  ];
  const frozen = process.env.THALWEG_FROZEN ? ["--", "--locked"] : [];
  const { ok } = await run(process.execPath, [cli, ...args, ...frozen], { env: zig });
  const file = join(addons, addonPackage(platform).file);
  if (!ok || !existsSync(file)) throw new Failure(`The addon for ${name} was not built (see above).`);
  return file;
}

/** The addon with CUDA, as {@link buildPublished}; needs what `npm run build:cuda` needs. */
export async function buildPublishedCuda() {
  await addTarget(cudaPlatform.target);
  const { args, env } = await cudaCargo();
  const zig = await zigEnvironment();
  // The folder of the plain addon, with which it shares most of what is compiled.
  const shared = { PATH: [env.PATH, zig.PATH].join(":"), CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR };
  const more = ["--profile", profile, "--target", `${cudaPlatform.target}.${oldestGlibc}`];
  const build = ["zigbuild", ...args.filter((arg) => arg !== "--release"), ...more];
  const { ok, stdout } = await run("cargo", build, { hideStdout: true, env: { ...env, ...zig, ...shared } });
  const library = artifacts(stdout)
    .filter(({ target }) => target.name === "thalweg_node")
    .flatMap(({ filenames }) => filenames)
    .find((name) => name.endsWith(".so"));
  if (!ok || library === undefined) throw new Failure("The CUDA addon was not built (see above).");
  mkdirSync(addons, { recursive: true });
  const file = join(addons, addonPackage(cudaPlatform, "cuda").file);
  copyFileSync(library, file);
  return file;
}
