// npm run verify [-- --quick]: the set-up, then every check of theory against the library; writes docs/generated/correctness.{md,png}.
// Exits with 1 where a row is outside of its bound, and names it. --quick takes seconds, checks a part, and writes nothing.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./lib/cargo.mjs";
import { root, tsx } from "./lib/paths.mjs";
import { Failure, isEntry, main, run } from "./lib/process.mjs";
import { picture } from "./lib/verify/picture.mjs";
import { failures, report } from "./lib/verify/report.mjs";
import { setup } from "./setup.mjs";

/** What the command line asks for. */
export function parse(args) {
  const unknown = args.find((arg) => arg !== "--quick");
  if (unknown !== undefined) throw new Failure(`Usage: npm run verify [-- --quick]; got ${unknown}.`);
  return { quick: args.length > 0 };
}

/** The rows that a program prints as its last line. */
export function rowsOf(stdout, program) {
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  try {
    const rows = JSON.parse(last);
    if (Array.isArray(rows) && rows.length > 0 && rows.every(({ section, name, bound }) => section && name && bound))
      return rows;
  } catch {
    // Said below, like a list of something else.
  }
  throw new Failure(`${program} printed no rows.`);
}

async function rowsFrom(name, program, args, env) {
  console.log(`\n── ${name}`);
  const { ok, stdout } = await run(program, args, { hideStdout: true, env });
  if (!ok) throw new Failure(`${name} did not run to its end (see above).`);
  return rowsOf(stdout, name);
}

/** The rows of crates/verify. */
async function exact(quick) {
  const executable = await program("thalweg-verify", "--bin", "thalweg-verify");
  return rowsFrom("exact checks", executable, quick ? ["--quick"] : []);
}

/** The rows of scripts/verify/*.ts that print any. */
async function trained(quick) {
  const names = readdirSync(join(root, "scripts", "verify")).filter(
    (name) => name.endsWith(".ts") && name !== "row.ts",
  );
  const rows = [];
  for (const name of names.sort()) {
    const env = quick ? { THALWEG_SHORT: "1" } : {};
    rows.push(
      ...(await rowsFrom(`scripts/verify/${name}`, process.execPath, tsx(join("scripts", "verify", name)), env)),
    );
  }
  return rows;
}

if (isEntry(import.meta.url)) {
  await main(async () => {
    const { quick } = parse(process.argv.slice(2));
    await setup();
    const rows = [...(await exact(quick)), ...(await trained(quick))];
    if (!quick) {
      const folder = join(root, "docs", "generated");
      writeFileSync(join(folder, "correctness.md"), report(rows));
      writeFileSync(join(folder, "correctness.png"), await picture(rows));
      console.log("\nWrote docs/generated/correctness.md and .png");
    }
    const failed = failures(rows);
    if (failed.length > 0)
      throw new Failure(
        `${failed.length} of ${rows.length} checks are outside of their bounds:\n  ${failed.join("\n  ")}`,
      );
    console.log(`\n${rows.length} checks, all within their bounds.`);
  });
}
