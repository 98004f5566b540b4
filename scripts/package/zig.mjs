// cargo-zigbuild and zig, as wheels in target/package: no root and no container is needed to build for an older Linux.
// Their version is pinned, since zig decides which symbols an addon asks for.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { hashOf, textOf } from "../lib/files.mjs";
import { root } from "../lib/paths.mjs";
import { environment, Failure, firstLine, run } from "../lib/process.mjs";

const folder = join(root, "target", "package", "zig");
const requirements = join("scripts", "package", "requirements.txt");

/** What `cargo zigbuild` needs in its environment; fetched where it is missing. */
export async function zigEnvironment() {
  const python = ["python3", "python"].find((name) => firstLine(name, ["--version"])?.startsWith("Python 3"));
  if (python === undefined) throw new Failure("zig comes by pip, which needs Python 3. Remedy: install it.");
  const stamp = join(folder, "stamp");
  const hash = hashOf(root, [requirements]);
  const zig = join(folder, "ziglang", "zig");
  if (textOf(stamp) !== hash || !existsSync(zig)) {
    console.log("Fetching zig into target/package (about 90 MB) …");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const pip = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"];
    const { ok } = await run(python, [...pip, "--target", folder, "--requirement", requirements]);
    if (!ok) throw new Failure("pip could not fetch zig (see above). Remedy: check the network.");
    writeFileSync(stamp, hash);
  }
  return { PATH: `${join(folder, "bin")}${delimiter}${environment().PATH}`, CARGO_ZIGBUILD_ZIG_PATH: zig };
}
