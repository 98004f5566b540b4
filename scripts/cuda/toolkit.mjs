// The CUDA toolkit that the addon is built with: the one of CUDA_HOME where that is set, else one made of wheels in target/cuda.
// No GPU, no driver and no root are needed; Python and pip, gcc and binutils are.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { hashOf, textOf } from "../lib/files.mjs";
import { root } from "../lib/paths.mjs";
import { Failure, firstLine, run } from "../lib/process.mjs";

const folder = join(root, "target", "cuda");
const requirements = join("scripts", "cuda", "requirements.txt");

/** Functions of the driver by their names in its header. */
export function driverFunctions(home) {
  const header = readFileSync(join(home, "include", "cuda.h"), "utf8");
  return [...new Set(header.match(/\bcu[A-Z][A-Za-z0-9]*(?:_v\d+)?\b/g))].sort();
}

/** Wheels carry versioned names alone; a linker asks for those without a version. */
function plainNames(lib) {
  for (const file of readdirSync(lib)) {
    const [, plain] = file.match(/^(lib[^.]+)\.so\.[\d.]+$/) ?? [];
    if (plain !== undefined && !existsSync(join(lib, `${plain}.so`))) symlinkSync(file, join(lib, `${plain}.so`));
  }
}

/**
 * A driver to link against, of functions that answer CUDA_ERROR_STUB_LIBRARY: no wheel has one.
 * It is never loaded, because the addon has functions of these names itself (shim.mjs).
 */
async function stubDriver(home) {
  const stubs = join(home, "lib", "stubs");
  mkdirSync(stubs, { recursive: true });
  const source = join(stubs, "driver.c");
  writeFileSync(
    source,
    driverFunctions(home)
      .map((name) => `int ${name}(void) { return 34; }\n`)
      .join(""),
  );
  const args = ["-w", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", join(stubs, "libcuda.so"), source];
  if (!(await run("gcc", args)).ok) throw new Failure("gcc could not make a stand-in for the driver (see above).");
}

/** nvcc that embeds PTX where it is asked for machine code of sm_80: what candle compiles then runs on later cards, too. */
function portableCompiler(home) {
  const path = join(home, "bin", "nvcc-ptx");
  writeFileSync(path, `#!/bin/bash\nexec "$(dirname "$0")/nvcc" "\${@/%code=sm_80/code=compute_80}"\n`);
  chmodSync(path, 0o755);
}

async function assemble(python) {
  const [wheels, home] = [join(folder, "wheels"), join(folder, "toolkit")];
  for (const old of [wheels, home]) rmSync(old, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--only-binary=:all:"];
  const { ok } = await run(python, [...pip, "--target", wheels, "--requirement", requirements]);
  if (!ok)
    throw new Failure(
      "pip could not fetch the CUDA toolkit (see above). Remedy: set CUDA_HOME to a CUDA 13.0 toolkit.",
    );
  // nvcc finds its parts from where it lies, so that the folder is moved as it is.
  renameSync(join(wheels, "nvidia", "cu13"), home);
  rmSync(wheels, { recursive: true });
  plainNames(join(home, "lib"));
  for (const part of ["bin", join("nvvm", "bin")]) {
    for (const file of readdirSync(join(home, part))) chmodSync(join(home, part, file), 0o755);
  }
  symlinkSync("lib", join(home, "lib64"));
  await stubDriver(home);
  portableCompiler(home);
  return home;
}

/** The folder of a toolkit, and its nvcc. */
export async function toolkit() {
  const given = process.env.CUDA_HOME;
  if (given !== undefined && given !== "") {
    const nvcc = join(given, "bin", "nvcc");
    if (!existsSync(nvcc))
      throw new Failure(`CUDA_HOME is ${given}, where there is no bin/nvcc. Remedy: correct or unset it.`);
    return { home: given, nvcc };
  }
  const python = ["python3", "python"].find((name) => firstLine(name, ["--version"])?.startsWith("Python 3"));
  if (python === undefined)
    throw new Failure("The CUDA toolkit comes by pip, which needs Python 3. Remedy: install it, or set CUDA_HOME.");
  const [stamp, home] = [join(folder, "toolkit.stamp"), join(folder, "toolkit")];
  const hash = hashOf(root, [requirements, join("scripts", "cuda", basename(import.meta.filename))]);
  if (textOf(stamp) !== hash || !existsSync(join(home, "bin", "nvcc"))) {
    console.log("Fetching the CUDA toolkit into target/cuda (about 1.2 GB) …");
    await assemble(python);
    writeFileSync(stamp, hash);
  }
  return { home, nvcc: join(home, "bin", "nvcc-ptx") };
}
