// npm run build:cuda: the addon that runs programs on NVIDIA GPUs, too. No GPU and no driver are needed to build it, or to load it.
// The toolkit is that of CUDA_HOME, or made of wheels; the first time takes about ten minutes.
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { toolkit } from "./cuda/toolkit.mjs";
import { shim } from "./cuda/shim.mjs";
import { nativeDir, root } from "./lib/paths.mjs";
import { Failure, isEntry, main, run } from "./lib/process.mjs";
import { addonTarget } from "./lib/target.mjs";

/** Builds it; resolves to where it lies. */
export async function buildCuda() {
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
  const args = ["build", "--release", "--package", "thalweg-node", "--features", "cuda", "--message-format=json-render-diagnostics"];
  if (process.env.THALWEG_FROZEN) args.push("--locked");
  const { ok, stdout } = await run("cargo", args, { hideStdout: true, env });
  const library = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ reason, target }) => reason === "compiler-artifact" && target.name === "thalweg_node")
    .flatMap(({ filenames }) => filenames)
    .find((name) => name.endsWith(".so"));
  if (!ok || library === undefined) throw new Failure("The CUDA addon did not compile (see above).");
  mkdirSync(nativeDir, { recursive: true });
  const target = join(nativeDir, `thalweg-cuda.${addonTarget()}.node`);
  copyFileSync(library, `${target}.new`);
  renameSync(`${target}.new`, target);
  return target;
}

if (isEntry(import.meta.url)) await main(async () => console.log(await buildCuda()));
