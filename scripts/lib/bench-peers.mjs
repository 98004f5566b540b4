// The peers of npm run bench: a Python environment of their own in bench/.peers, with the versions of bench/peers/requirements.txt.
// Where the packages come from is pip's own configuration. THALWEG_BENCH_PYTHON names an interpreter that has them already.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf, textOf } from "./files.mjs";
import { root } from "./paths.mjs";
import { Failure, firstLine, run } from "./process.mjs";

const folder = join(root, "bench", ".peers");
const requirements = join("bench", "peers", "requirements.txt");

/** The interpreter that runs the peers. */
export function python() {
  const own = process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  return process.env.THALWEG_BENCH_PYTHON ?? own;
}

/** Its version. */
export const pythonVersion = () => firstLine(python(), ["-c", "import platform; print(platform.python_version())"]);

/** Installs the peers, only where they are missing or their versions changed. */
export async function installPeers() {
  if (process.env.THALWEG_BENCH_PYTHON !== undefined) return;
  const stamp = join(folder, "stamp");
  const base = ["python3", "python"].find((name) => firstLine(name, ["--version"])?.startsWith("Python 3"));
  if (base === undefined) throw new Failure("The peers of the benchmark need Python ≥ 3.11. Remedy: install it.");
  const hash = hashOf(root, [requirements], [firstLine(base, ["--version"]) ?? ""]);
  if (textOf(stamp) === hash && existsSync(python())) return;
  console.log("Installing the peers of the benchmark into bench/.peers (some minutes, up to 6 GB) …");
  rmSync(folder, { recursive: true, force: true });
  const made = await run(base, ["-m", "venv", folder]);
  if (!made.ok) throw new Failure("Python could not make an environment (see above). Remedy: install its venv module.");
  const { ok } = await run(python(), ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
  if (!ok) throw new Failure("pip could not install the peers (see above).");
  writeFileSync(stamp, hash);
}
