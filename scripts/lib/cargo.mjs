// Programs of the workspace, built so that nothing is compiled twice.
import { Failure, run } from "./process.mjs";

/** Builds a program of a package (`--bin name` or `--example name`); resolves to its path. */
export async function program(name, ...target) {
  // With the addon's package, so that cargo finds the features of every dependency as they were compiled for it.
  const packages = ["--package", "thalweg-node", "--package", name];
  const args = ["build", "--release", ...packages, ...target, "--message-format=json-render-diagnostics"];
  const { ok, stdout } = await run("cargo", args, { hideStdout: true });
  const artifact = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .find(({ reason, executable }) => reason === "compiler-artifact" && executable);
  if (!ok || artifact === undefined) throw new Failure(`${name} did not compile (see above).`);
  return artifact.executable;
}
