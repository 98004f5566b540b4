// Builds the addon that is published for a platform: optimised as every build, without symbols, and for old systems.
// Not the one of `npm run build`, which carries lines for its backtraces, and asks for the glibc of the machine that built it.
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
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

/**
 * candle's build script asks for its library of kernels by a name alone, which zig takes for a shared library. So there is one in
 * the folder of the shim, which is searched, too: a text that leads to the archive. The script runs in a check as in a build.
 * Resolves to that file, which no other build may find.
 */
async function leadToKernels(args, env) {
  const { ok, stdout } = await run("cargo-zigbuild", ["check", ...args], { hideStdout: true, env });
  const messages = stdout.split("\n").filter((line) => line.startsWith("{"));
  const kernels = messages
    .map((line) => JSON.parse(line))
    .find((each) => each.reason === "build-script-executed" && each.package_id.includes("candle-kernels"));
  if (!ok || kernels === undefined) throw new Failure("The kernels of the CUDA addon did not compile (see above).");
  const lead = join(env.THALWEG_CUDA_SHIM, "libmoe.so");
  writeFileSync(lead, `INPUT(${join(kernels.out_dir, "libmoe.a")})\n`);
  return lead;
}

/** The addon with CUDA, as {@link buildPublished}; needs what `npm run build:cuda` needs. */
export async function buildPublishedCuda() {
  await addTarget(cudaPlatform.target);
  const cuda = await cudaCargo();
  const zig = await zigEnvironment();
  // The folder of the plain addon, with which it shares most of what is compiled.
  const shared = { PATH: [cuda.env.PATH, zig.PATH].join(":"), CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR };
  const env = { ...cuda.env, ...zig, ...shared };
  const target = ["--profile", profile, "--target", `${cudaPlatform.target}.${oldestGlibc}`];
  const args = [...cuda.args.filter((arg) => arg !== "--release"), ...target];
  const lead = await leadToKernels(args, env);
  const { ok, stdout } = await run("cargo", ["zigbuild", ...args], { hideStdout: true, env });
  rmSync(lead);
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
