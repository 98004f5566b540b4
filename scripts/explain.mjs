// npm run explain [-- file.ts] [--cuda=f32|tf32|bf16] [--write]: what the compiler makes of the programs that a file runs: each graph, and the
// steps it became, or those that a GPU would do (with the addon of npm run build:cuda; no GPU is needed). Without a file: the worked example of
// docs/ARCHITECTURE.md; --write writes that to docs/generated/explain.md.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nativeDir, root, tsx } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";
import { addonTarget } from "./lib/target.mjs";
import { setup } from "./setup.mjs";

const example = join(root, "scripts", "explain", "example.ts");

await main(async () => {
  const args = process.argv.slice(2);
  const write = args.includes("--write");
  const cuda = args.find((arg) => arg.startsWith("--cuda="))?.slice("--cuda=".length);
  const files = args.filter((arg) => arg !== "--write" && !arg.startsWith("--cuda="));
  if (files.length > 1 || files.some((file) => file.startsWith("-")) || (write && files.length > 0)) {
    throw new Failure(
      `Usage: npm run explain [-- file.ts] [--cuda=f32|tf32|bf16] or npm run explain -- --write; got ${args.join(" ")}.`,
    );
  }
  if (cuda !== undefined && !existsSync(join(nativeDir, `thalweg-cuda.${addonTarget()}.node`))) {
    throw new Failure("--cuda needs the CUDA addon. Remedy: npm run build:cuda.");
  }
  await setup();
  const folder = mkdtempSync(join(tmpdir(), "thalweg-explain-"));
  try {
    const log = join(folder, "programs.txt");
    const { ok } = await run(process.execPath, tsx(files.length > 0 ? resolve(files[0]) : example), {
      env: { THALWEG_EXPLAIN: log, ...(cuda === undefined ? {} : { THALWEG_EXPLAIN_CUDA: cuda }) },
    });
    if (!ok) throw new Failure(`${files[0] ?? example} did not run to its end (see above).`);
    const programs = readFileSync(log, "utf8")
      .split("\n\n\n")
      .filter((text) => text.trim() !== "");
    // The largest one is what the file is about; the others make its inputs.
    const shown = files.length > 0 ? programs : [programs.reduce((a, b) => (b.length > a.length ? b : a))];
    console.log(shown.join("\n\n"));
    if (write) {
      const text = readFileSync(example, "utf8");
      const parts = [
        "# A program, explained",
        "Written by `npm run explain -- --write`.",
        `\`\`\`ts\n${text}\`\`\``,
        `\`\`\`text\n${shown[0].trim()}\n\`\`\``,
      ];
      writeFileSync(join(root, "docs", "generated", "explain.md"), `${parts.join("\n\n")}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
