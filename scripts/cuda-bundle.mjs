// npm run cuda-bundle: everything that the engine's tests and the benchmark need on a machine with a GPU, its driver, CUDA 13, Python and
// PyTorch, but without Node, Rust or a network, in one folder of less than 60 MiB: out/cuda-bundle. There: sh run.sh test | check | bench.
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { buildCuda, buildCudaTests } from "./build-cuda.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";

const folder = join(root, "out", "cuda-bundle");
const app = join(folder, "app");
const limit = 60 * 2 ** 20;

/** A program without its symbols, compressed. */
async function packed(from, to) {
  for (const [program, args] of [
    ["strip", ["-o", to, from]],
    ["xz", ["--threads=0", "-6", "--force", to]],
  ]) {
    const { ok } = await run(program, args);
    if (!ok) throw new Failure(`${program} failed on ${from}. Remedy: install binutils and xz-utils.`);
  }
}

/** Runs the tests, or the benchmark: libraries of CUDA are found where the system or PyTorch keeps them. */
const script = `#!/bin/sh
# sh run.sh test [seconds] | check | bench [folder for results] [works] [contestants] [precisions] [rounds]
cd "$(dirname "$0")" || exit 1
python3 -c '
import glob, lzma, os, shutil
for path in glob.glob("**/*.xz", recursive=True):
    if os.path.exists(path[:-3]): continue
    with lzma.open(path) as packed, open(path[:-3], "wb") as plain: shutil.copyfileobj(packed, plain, 1 << 22)
    os.chmod(path[:-3], 0o755)
' || exit 1
if [ -z "$THALWEG_CUDA_LIBRARIES" ]; then
  for found in $(find / -name libnvrtc.so.13 -not -path '/proc/*' 2>/dev/null; find / -name libcublas.so.13 -not -path '/proc/*' 2>/dev/null); do
    THALWEG_CUDA_LIBRARIES="$THALWEG_CUDA_LIBRARIES:$(dirname "$found")"
  done
  export THALWEG_CUDA_LIBRARIES="\${THALWEG_CUDA_LIBRARIES#:}"
fi
what="$1"; [ $# -gt 0 ] && shift
case "$what" in
  test) THALWEG_DEVICE=cuda timeout "\${1:-600}" ./engine --test-threads 16 ;;
  check) ./node app/ts/dist/check.mjs ;;
  bench) ./node app/ts/dist/cuda.mjs "$@" ;;
  *) echo "usage: sh run.sh test [seconds] | check | bench [folder] [works] [contestants] [precisions] [rounds]"; exit 2 ;;
esac
`;

function size(path) {
  const stat = statSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0) : stat.size;
}

await main(async () => {
  const addon = await buildCuda();
  const { programs } = await buildCudaTests();
  rmSync(folder, { recursive: true, force: true });
  const [dist, native] = [join(app, "ts", "dist"), join(app, "ts", "native")];
  for (const made of [join(dist, "peers"), native, join(app, "node_modules")]) mkdirSync(made, { recursive: true });
  await packed(process.execPath, join(folder, "node"));
  await packed(programs.engine, join(folder, "engine"));
  await packed(addon, join(native, addon.split("/").at(-1)));
  await build({
    entryPoints: {
      worker: join(root, "bench", "own", "worker.ts"),
      cuda: join(root, "bench", "cuda.ts"),
      check: join(root, "bench", "cuda-check.ts"),
    },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outdir: dist,
    outExtension: { ".js": ".mjs" },
    tsconfig: join(root, "tsconfig.base.json"),
    alias: { thalweg: join(root, "ts", "src", "index.ts") },
    external: ["@resvg/resvg-js", "sharp"],
    logLevel: "warning",
  });
  // Loaded by name when it is first needed.
  await build({
    entryPoints: ["zod"],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: join(app, "node_modules", "zod", "index.js"),
    logLevel: "warning",
  });
  writeFileSync(join(app, "node_modules", "zod", "package.json"), '{ "name": "zod", "main": "index.js" }\n');
  copyFileSync(join(root, "package.json"), join(app, "package.json"));
  for (const name of ["path.py", "serve.py", "torch_cuda.py", "torch_networks.py"]) {
    copyFileSync(join(root, "bench", "peers", name), join(dist, "peers", name));
  }
  writeFileSync(join(folder, "run.sh"), script);
  const bytes = size(folder);
  if (bytes > limit) throw new Failure(`The bundle has ${bytes} bytes; at most ${limit} were meant to be.`);
  console.log(`${folder}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
});
