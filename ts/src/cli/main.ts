// One call of `thalweg`: arguments in, exit code out.
// Whatever goes wrong ends here, as a line on stderr or, with --json, as a document on stdout.
import { makeProgram } from "./commands.js";
import { codeOf, documentOf, lineOf } from "./failure.js";
import { quietPipes, writeJson } from "./output.js";
import { showWarnings } from "./warnings.js";

/** Runs the command that `args` name, and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  quietPipes();
  showWarnings();
  try {
    await makeProgram().parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = codeOf(error);
    if (process.exitCode === 0) return;
    if (args.includes("--json")) await writeJson(documentOf(error));
    else process.stderr.write(lineOf(error));
  }
}
