// npm run test:cuda: the tests of everything that runs programs, with the GPU as their device: the engine's properties, golden data, training,
// solvers. Needs an NVIDIA GPU and its driver.
import { dirname, relative } from "node:path";
import { buildCudaTests } from "./build-cuda.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";

await main(async () => {
  const { made, libraries } = await buildCudaTests(["thalweg-nn", "thalweg-solver", "thalweg-model"]);
  const env = { THALWEG_CUDA_LIBRARIES: libraries, THALWEG_DEVICE: "cuda" };
  const failed = [];
  // Allocations are counted on the host alone.
  for (const { target, executable, manifest_path } of made.filter(({ target }) => target.name !== "allocation")) {
    const folder = dirname(manifest_path);
    const name = `${relative(root, folder)}: ${target.name}`;
    console.log(name);
    const { ok } = await run(executable, process.argv.slice(2), { env, cwd: folder });
    if (!ok) failed.push(name);
  }
  if (failed.length > 0) throw new Failure(`Tests on the GPU failed (see above): ${failed.join(", ")}.`);
});
