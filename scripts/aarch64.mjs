// npm run test:aarch64: builds the kernels and the engine for 64-bit ARM and runs their tests under qemu's user-mode emulation.
// Needs qemu-user and gcc-aarch64-linux-gnu (apt) and rustup's target; says so where one is missing.
import { root } from "./lib/paths.mjs";
import { Failure, firstLine, main, run } from "./lib/process.mjs";

const target = "aarch64-unknown-linux-gnu";
const packages = ["thalweg-graph", "thalweg-lane", "thalweg-jit", "thalweg-engine"];

await main(async () => {
  const needed = {
    "qemu-aarch64": "apt install qemu-user",
    "aarch64-linux-gnu-gcc": "apt install gcc-aarch64-linux-gnu",
  };
  for (const [program, remedy] of Object.entries(needed)) {
    if (firstLine(program, ["--version"]) === undefined) throw new Failure(`${program} is missing. Remedy: ${remedy}.`);
  }
  const added = await run("rustup", ["target", "add", target], { quiet: true });
  if (!added.ok) throw new Failure(`rustup could not add ${target}:\n${added.stderr}`);
  const prefix = `CARGO_TARGET_${target.toUpperCase().replaceAll("-", "_")}`;
  const env = {
    [`${prefix}_LINKER`]: "aarch64-linux-gnu-gcc",
    [`${prefix}_RUNNER`]: "qemu-aarch64 -L /usr/aarch64-linux-gnu",
    // Bounds of time are those of real processors.
    THALWEG_EMULATED: "1",
  };
  const named = process.argv.slice(2);
  const chosen = (named.length > 0 ? named : packages).flatMap((name) => ["-p", name]);
  const { ok } = await run("cargo", ["test", "--release", "--target", target, ...chosen], { env, cwd: root });
  if (!ok) throw new Failure("The tests on 64-bit ARM failed (see above).");
});
