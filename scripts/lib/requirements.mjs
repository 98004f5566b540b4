// What a machine must have before anything can be built: Node and Rust, new enough.
// Checked first, so that the user reads a remedy instead of a compiler error.
import { Failure, firstLine } from "./process.mjs";

export const required = { node: "20.19.0", rust: "1.89.0" };

/** Whether version `have` is at least `want`, number by number. */
export function atLeast(have, want) {
  const numbers = (version) => version.split(".").map((part) => Number.parseInt(part, 10));
  const [a, b] = [numbers(have), numbers(want)];
  const differing = b.findIndex((part, i) => part !== a[i]);
  return differing < 0 || a[differing] > b[differing];
}

/** Throws a Failure with a remedy where Node is too old. */
export function checkNode(have = process.versions.node) {
  if (atLeast(have, required.node)) return;
  throw new Failure(
    `thalweg needs Node ${required.node} or newer; this is Node ${have}.\n` +
      "Remedy: install a current Node from https://nodejs.org, then run the command again.",
  );
}

/** Throws a Failure with a remedy where cargo or rustc is missing or too old. */
export function checkRust() {
  const remedy = "then open a new terminal and run the command again.";
  for (const tool of ["cargo", "rustc"]) {
    const line = firstLine(tool, ["--version"]);
    if (line === undefined) {
      throw new Failure(
        `thalweg builds a Rust addon and needs ${tool} ${required.rust} or newer; none was found.\n` +
          `Remedy: install Rust from https://rustup.rs, ${remedy}`,
      );
    }
    const have = /\d+\.\d+\.\d+/.exec(line)?.[0] ?? "0.0.0";
    if (!atLeast(have, required.rust)) {
      throw new Failure(
        `thalweg needs ${tool} ${required.rust} or newer; this is "${line}".\n` +
          `Remedy: run "rustup update stable" (https://rustup.rs), ${remedy}`,
      );
    }
  }
}
