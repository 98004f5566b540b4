// npm run build:cuda: the addon that runs programs on NVIDIA GPUs, too. No GPU and no driver are needed to build it, or to load it.
// The toolkit is that of CUDA_HOME, or made of wheels; the first time takes about ten minutes.
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { shim } from "./cuda/shim.mjs";
import { toolkit } from "./cuda/toolkit.mjs";
import { nativeDir, root } from "./lib/paths.mjs";
import { Failure, isEntry, main, run } from "./lib/process.mjs";
import { addonTarget } from "./lib/target.mjs";

/** What cargo is called with and in which environment, so that a build and its tests share their dependencies. */
export async function cudaCargo() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Failure(`The CUDA addon is for linux on x64; this is ${process.platform} on ${process.arch}.`);
  }
  const { home, nvcc } = await toolkit();
  const env = {
    CUDA_HOME: home,
    NVCC: nvcc,
    // What cudarc would ask an nvcc on the path for.
    CUDARC_CUDA_VERSION: "13000",
    PATH: `${join(home, "bin")}:${process.env.PATH}`,
    // PTX for the oldest cards that are supported; newer ones compile it for themselves.
    CUDA_COMPUTE_CAP: "80",
    THALWEG_CUDA_SHIM: await shim(home),
    // A folder of its own, since other features mean other dependencies.
    CARGO_TARGET_DIR: join(root, "target", "cuda", "build"),
  };
  const packages = ["thalweg-node", "thalweg-engine", "thalweg-model"].flatMap((name) => ["--package", name]);
  const args = [
    "--release",
    ...packages,
    "--features",
    "thalweg-node/cuda,thalweg-engine/cuda",
    "--message-format=json-render-diagnostics",
  ];
  if (process.env.THALWEG_FROZEN) args.push("--locked");
  return { args, env, home };
}

/** The artifacts that cargo says it made. */
export function artifacts(stdout) {
  const messages = stdout.split("\n").filter((line) => line.startsWith("{"));
  return messages.map((line) => JSON.parse(line)).filter(({ reason }) => reason === "compiler-artifact");
}

/** Builds it; resolves to where it lies. */
export async function buildCuda() {
  const { args, env } = await cudaCargo();
  const { ok, stdout } = await run("cargo", ["build", ...args], { hideStdout: true, env });
  const library = artifacts(stdout)
    .filter(({ target }) => target.name === "thalweg_node")
    .flatMap(({ filenames }) => filenames)
    .find((name) => name.endsWith(".so"));
  if (!ok || library === undefined) throw new Failure("The CUDA addon did not compile (see above).");
  mkdirSync(nativeDir, { recursive: true });
  const target = join(nativeDir, `thalweg-cuda.${addonTarget()}.node`);
  copyFileSync(library, `${target}.new`);
  renameSync(`${target}.new`, target);
  return target;
}

/**
 * Builds the engine's tests, or those of `packages`, too; resolves to what cargo says of each program, to the engine's and the models' by name (`engine`,
 * `thalweg_engine`, `thalweg_model`), and to the folder of NVIDIA's libraries.
 */
export async function buildCudaTests(packages = []) {
  const { args, env, home } = await cudaCargo();
  const tests = packages.length > 0 ? ["--tests"] : ["--test", "engine"];
  const more = packages.flatMap((name) => ["--package", name]);
  const { ok, stdout } = await run("cargo", ["test", ...args, ...more, "--lib", ...tests, "--no-run"], {
    hideStdout: true,
    env,
  });
  if (!ok) throw new Failure("The tests did not compile with CUDA (see above).");
  const made = artifacts(stdout).filter(({ executable }) => executable !== null);
  const programs = Object.fromEntries(made.map(({ target, executable }) => [target.name, executable]));
  return { made, programs, libraries: join(home, "lib") };
}

if (isEntry(import.meta.url)) await main(async () => console.log(await buildCuda()));
