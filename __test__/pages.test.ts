// Every block of code of the README and of the pages in docs runs, compiles as a user's would, and names commands that there are.
// Each page is one program; steps and counts in the thousands are cut to tens.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { start } from "./cli/support.ts";
import { exampleFolder } from "./support/examples.ts";
import { blocks, commands, moduleOf, pages, root } from "./support/pages.ts";

/** Whose code ends in errors, one piece at a time: first-errors.test.ts. */
const OTHERS = ["docs/first-errors.md"];

const programs = pages().flatMap((page) => {
  if (OTHERS.includes(page.place)) return [];
  const code = moduleOf(page);
  const file = join(root, "out", "pages", `${page.place.replaceAll("/", "-")}.ts`);
  return code === undefined ? [] : [{ place: page.place, code, file }];
});

let folder: string;
const cwd = process.cwd();
beforeAll(async () => {
  const made = join(root, "out", "pages");
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  for (const { file, code } of programs) writeFileSync(file, code);
  folder = await exampleFolder();
  process.chdir(folder);
  // What pages print is for readers.
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterAll(() => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true, force: true });
});

describe("pages", () => {
  it("have code", () => {
    expect(programs.length).toBeGreaterThan(15);
  });

  it.each(programs)("$place runs", async ({ file }) => {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  });

  it("compile", () => {
    const read = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, root);
    const host = { ...ts.createCompilerHost(options), getCurrentDirectory: () => root };
    const program = ts.createProgram(
      programs.map(({ file }) => file),
      options,
      host,
    );
    const wrong = programs.flatMap(({ file }) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
    expect(ts.formatDiagnostics(wrong, host)).toBe("");
  });

  it.each(pages())("$place names commands that there are", ({ text }) => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const commands = blocks(text, "sh")
      .join("")
      .matchAll(/^npm (?:run )?([\w:-]+)/gm);
    const named = [...commands].map(([, name = ""]) => name).filter((name) => !["install", "ci"].includes(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe("the command line of", () => {
  const all = pages().map(({ place, text }) => ({ place, lines: commands(text) }));

  it.each(all.filter(({ lines }) => lines.length > 0))("$place runs", { timeout: 240_000 }, async ({ lines }) => {
    const place = await exampleFolder();
    const guide = readFileSync(join(root, "docs", "guide", "from-generativerl.md"), "utf8");
    writeFileSync(join(place, "swiss_roll.py"), blocks(guide, "python").join("\n"));
    for (const line of lines) {
      const { code, stderr } = await start(place, line).ended;
      expect(`${line.join(" ")}: ${code} ${code === 0 ? "" : stderr}`).toBe(`${line.join(" ")}: 0 `);
    }
    rmSync(place, { recursive: true, force: true });
  });
});

describe("a page's program", () => {
  const page = (...code: string[]) => ({
    place: "page.md",
    text: code.map((each) => `\`\`\`ts\n${each}\n\`\`\`\n`).join(""),
  });

  it("imports each name once, and lets a later block name anew", () => {
    const code = moduleOf(
      page(
        'import { type Tensor, tensor } from "thalweg";\nconst a = 1;',
        'import { Tensor } from "thalweg";\nconst a = 2;',
      ),
    );
    expect(code).toContain('import { tensor, Tensor } from "thalweg";');
    expect(code).toContain("{\nconst a = 1;\n{\nconst a = 2;\n}\n}\n");
  });

  it("checks what a comment promises", () => {
    expect(moduleOf(page("tensor([1]).shape; // [2]"))).toContain("check(await tensor([1]).shape, [2]);");
  });

  it("has what a comment gives it", () => {
    expect(blocks("<!-- given ts\nconst a = 1;\n-->\n", "ts")).toEqual(["const a = 1;\n"]);
  });
});
