// npm run test:cuda-build: builds the CUDA addon and tests what of it needs no GPU: it loads where there is no CUDA library and says what is
// missing, its kernels compile for several generations of cards, its plans are what they should be.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildCuda, buildCudaTests } from "./build-cuda.mjs";
import { buildTypeScript } from "./build-ts.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";

/** A program that asks for a GPU, and prints what it is told where there is none. */
const asking = `
  const { randn } = await import(${JSON.stringify(join(root, "ts", "dist", "index.js"))});
  try { await randn([4], { seed: 1 }).data(); console.log("computed"); } catch (error) { console.log(error.name, error.message); }
`;

await main(async () => {
  console.log(await buildCuda());
  await buildTypeScript();
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", asking], {
    encoding: "utf8",
    env: { ...process.env, THALWEG_DEVICE: "cuda" },
  });
  if (!/^(computed|DeviceError .*no CUDA device: )/.test(stdout))
    throw new Failure(`The CUDA addon did not load or answer:\n${stdout}${stderr}`);
  console.log(`the addon loads and answers: ${stdout.trim()}`);
  const automatic = spawnSync(process.execPath, ["--input-type=module", "--eval", asking], {
    encoding: "utf8",
    env: { ...process.env, THALWEG_DEVICE: "auto" },
  });
  if (automatic.stdout.trim() !== "computed" || !/^thalweg: device (cpu|cuda:0) \(.+\)\n$/.test(automatic.stderr))
    throw new Failure(`The device was not chosen, or not said once:\n${automatic.stdout}${automatic.stderr}`);
  console.log(`the device of "auto": ${automatic.stderr.trim()}`);
  const doctor = spawnSync(process.execPath, [join(root, "ts", "dist", "cli.js"), "doctor"], { encoding: "utf8" });
  if (doctor.status !== 0 || !/^NVRTC /m.test(doctor.stdout))
    throw new Failure(`thalweg doctor did not ask the CUDA addon:\n${doctor.stdout}${doctor.stderr}`);
  console.log(doctor.stdout);
  const { programs, libraries } = await buildCudaTests();
  const env = { THALWEG_CUDA_LIBRARIES: libraries };
  for (const [name, filter, folder] of [
    ["thalweg_engine", "cuda::", "engine"],
    ["engine", "cuda::", "engine"],
    ["thalweg_model", "fit::on_gpu::", "model"],
  ]) {
    const { ok } = await run(programs[name], [filter], { env, cwd: join(root, "crates", folder) });
    if (!ok) throw new Failure(`The tests of ${name} without a GPU failed (see above).`);
  }
});
