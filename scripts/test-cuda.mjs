// npm run test:cuda: the engine's tests with the GPU as their device. Needs an NVIDIA GPU and its driver.
import { join } from "node:path";
import { buildCudaTests } from "./build-cuda.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";

await main(async () => {
  const { programs, libraries } = await buildCudaTests();
  const env = { THALWEG_CUDA_LIBRARIES: libraries, THALWEG_DEVICE: "cuda" };
  const { ok } = await run(programs.engine, process.argv.slice(2), { env, cwd: join(root, "crates", "engine") });
  if (!ok) throw new Failure("The tests on the GPU failed (see above).");
});
