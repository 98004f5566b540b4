// npm run profile [-- train 512 | sample 500 | --write]: where the time of a step goes, each kernel beside its limit.
// --write: for the works of the benchmark, to docs/generated/profile.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./lib/cargo.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";

const works = ["train 128 200", "train 512 80", "train 4096 12", "sample 500 200", "sample 1 2000"];

/** The table of one work. */
async function table(profile, args, hideStdout) {
  const { ok, stdout } = await run(profile, args, { hideStdout });
  if (!ok) throw new Failure(`The profile of ${args.join(" ")} did not run to its end (see above).`);
  return stdout.trim();
}

await main(async () => {
  const args = process.argv.slice(2);
  if (args.join(" ") !== "--write") {
    if (
      args.length > 0 &&
      (!["train", "sample"].includes(args[0]) || args.slice(1).some((arg) => !/^\d+$/.test(arg)))
    ) {
      throw new Failure(`Usage: npm run profile [-- train|sample [rows [steps]] | --write]; got ${args.join(" ")}.`);
    }
  }
  const profile = await program("thalweg-model", "--example", "profile");
  if (args[0] !== "--write") {
    await table(profile, args.length > 0 ? args : ["train", "512"], false);
    return;
  }
  const parts = [
    "# Where the time goes",
    "Written by `npm run profile -- --write`. A product or pass that takes less than 0.4 % of the time is only in the sums.",
  ];
  for (const work of works) parts.push(`## ${work.replace(/ \d+$/, "")}`, await table(profile, work.split(" "), true));
  writeFileSync(join(root, "docs", "generated", "profile.md"), `${parts.join("\n\n")}\n`);
});
