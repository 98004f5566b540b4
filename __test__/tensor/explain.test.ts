// THALWEG_EXPLAIN names a file that every program is written to; one that cannot be written is an error, not silence.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "thalweg-explain-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program of one product prints, or how it fails. */
function run(file: string) {
  const index = pathToFileURL(join(import.meta.dirname, "../../ts/dist/index.js")).href;
  const program = `
    import { compile, ones } from ${JSON.stringify(index)};
    try {
      console.log(await compile((x) => x.matmul(x))(ones([2, 2])).data());
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  const env = { ...process.env, THALWEG_EXPLAIN: file };
  return spawnSync(process.execPath, ["--input-type=module", "-e", program], { env, encoding: "utf8" }).stdout;
}

describe("THALWEG_EXPLAIN", () => {
  it("names the file that graphs and their programs are appended to", () => {
    const file = join(folder, "programs.txt");
    expect(run(file)).toContain("2, 2, 2, 2");
    expect(readFileSync(file, "utf8")).toMatch(/product \[2, 2\] × \[2, 2\]/);
  });

  it("is an error where that file cannot be written", () => {
    const said = run(join(folder, "absent", "programs.txt"));
    expect(said).toContain("DataError");
    expect(said).toMatch(/THALWEG_EXPLAIN names a file that cannot be written.*absent/s);
  });

  it("asks for nothing where it is empty", () => {
    expect(run("")).toContain("2, 2, 2, 2");
  });
});
