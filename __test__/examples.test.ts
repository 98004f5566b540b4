// The examples in the documentation of ts/src run, and give the numbers that their comments promise.
// They share what they use without saying where it comes from, such as a model and data.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as thalweg from "thalweg";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numbers, small } from "./model/support.ts";
import { exampleFolder, shortened, withChecks } from "./support/examples.ts";
import { pages } from "./support/pages.ts";

const source = fileURLToPath(new URL("../ts/src/", import.meta.url));

interface Example {
  readonly place: string;
  readonly code: string;
}

/** Every ```ts block in a documentation comment. */
function examples(): Example[] {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return files.sort().flatMap((name) => {
    const text = readFileSync(join(source, name), "utf8");
    return [...text.matchAll(/ \* ```ts\n(.*?) \* ```/gs)].map((match) => ({
      place: `${name}:${text.slice(0, match.index).split("\n").length}`,
      code: shortened((match[1] ?? "").replace(/^ *\* ?/gm, "")),
    }));
  });
}

class MyModule extends thalweg.Module {
  readonly layer: thalweg.nn.Linear;
  constructor({ xSize }: { xSize: number; tDim: number; hiddenSizes: number[] }) {
    super();
    this.layer = new thalweg.nn.Linear(xSize, xSize);
  }
  override forward(_t: thalweg.Tensor, x: thalweg.Tensor): thalweg.Tensor {
    return this.layer.forward(x);
  }
}

/** What examples use without saying where it comes from. */
const given = () => ({
  data: thalweg.randn([64, 2], { seed: 1 }),
  samples: thalweg.randn([64, 2], { seed: 2 }),
  x: thalweg.randn([64, 2], { seed: 3 }),
  weight: thalweg.ones([64]),
  a: thalweg.ones([2]),
  b: thalweg.zeros([2]),
  x0: thalweg.randn([64, 2], { seed: 4 }),
  x1: thalweg.randn([64, 2], { seed: 5 }),
  model: small(),
  worse: small(1),
  MyModule,
});

let folder: string;
const cwd = process.cwd();
beforeAll(async () => {
  folder = await exampleFolder();
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true, force: true });
});

describe("examples", () => {
  const all = examples();

  it("are found", () => {
    expect(all.length).toBeGreaterThan(20);
  });

  it.each(all)("$place", async ({ code }) => {
    const isType = code.startsWith("declare module");
    const target = ts.ScriptTarget.ES2022;
    const compiled = ts.transpileModule(withChecks(code), {
      compilerOptions: { target, module: ts.ModuleKind.ESNext },
    });
    const names: Record<string, unknown> = {
      ...thalweg,
      ...given(),
      check: (got: unknown, wanted: unknown) => expect(got).toEqual(wanted),
    };
    // What the example declares hides what is given.
    const free = Object.keys(names).filter(
      (name) => !new RegExp(`\\b(const|class) (\\{[^}]*)?\\b${name}\\b`).test(code),
    );
    const AsyncFunction = (async () => undefined).constructor as new (
      ...args: string[]
    ) => (...values: unknown[]) => Promise<void>;
    const run = new AsyncFunction(...free, compiled.outputText.replace(/^export \{\};$/m, ""));
    await run(...free.map((name) => names[name]));
    expect(isType || /\w/.test(compiled.outputText)).toBe(true);
  });

  it("none looks for certain steps among events, which are ten a second at most: that is what every is for", () => {
    const folder = fileURLToPath(new URL("../examples/", import.meta.url));
    const programs = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    const texts = [
      ...pages().map(({ text }) => text),
      ...programs.map((name) => readFileSync(join(folder, name), "utf8")),
    ];
    for (const code of [...texts, ...all.map((example) => example.code)]) {
      expect(code).not.toMatch(/for await[^{]*\{[^}]*\bstep\b[^}]*\}[^}]*\bstep %/);
    }
  });

  it("a promise that is not kept fails", async () => {
    expect(withChecks("await f(1); // [2]")).toBe("check(await f(1), [2]);");
    expect(withChecks("zeros([2]).shape; // [3]")).toBe("check(await zeros([2]).shape, [3]);");
    expect(await numbers(thalweg.tensor([1]))).toEqual([1]);
  });
});
