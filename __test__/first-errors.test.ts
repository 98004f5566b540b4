// The first mistakes that people make: each yields the message of the page, which is up to date, and TypeScript refuses those that the page says it does.
// And what is no mistake yields no warning.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as thalweg from "thalweg";
import {
  adamw,
  DiffusionModel,
  fitEncoding,
  IndependentConditionalFlowModel,
  load,
  Module,
  randn,
  registerModule,
  Table,
  type Tensor,
  tensor,
  trainStep,
} from "thalweg";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { beginning, page, seats } from "../scripts/lib/first-errors.mjs";
import { LossWatch } from "../ts/src/train/loss-watch.ts";
import { mlp, planar, small } from "./model/support.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const all = seats.flatMap(({ mistakes }) => mistakes);

/** The warnings of thalweg that were given. */
let warnings: string[] = [];
const note = (warning: Error & { code?: string }) => {
  if (warning.name === "ThalwegWarning") warnings.push(`${warning.code}: ${warning.message}`);
};

let folder: string;
const cwd = process.cwd();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-first-errors-"));
  process.chdir(folder);
  process.on("warning", note);
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterAll(() => {
  process.off("warning", note);
  process.chdir(cwd);
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  warnings = [];
});

/** Warnings come a turn after what they are about; what looks at data beside a fit needs some more. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 150));

const AsyncFunction = (async () => undefined).constructor as new (
  ...args: string[]
) => (...values: unknown[]) => Promise<void>;

/** Runs a piece of code after the beginning of all of them. */
async function run(code: string): Promise<void> {
  const { outputText } = ts.transpileModule(`${beginning}\n${code}`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const names = Object.keys(thalweg);
  // A fit that fails where nobody waits for it is an unhandled rejection, as it should be; here it is the outcome.
  const awaited = outputText.replace(/^(?=\w+\.fit\(.*$)(?![\s\S]*await)/gm, "await ");
  await new AsyncFunction(...names, awaited)(...names.map((name) => Reflect.get(thalweg, name)));
}

const pattern = (message: string) =>
  new RegExp(`^${message.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", "[^]*")}$`);

describe("the first mistakes", () => {
  it.each(all)("$title", async ({ code, gives, message }) => {
    const failure = await run(code).then(
      () => undefined,
      (error: unknown) => error as thalweg.ThalwegError,
    );
    await settled();
    if (gives.startsWith("THALWEG_")) {
      expect(failure).toBeUndefined();
      const ours = warnings.filter((warning) => warning.startsWith(`${gives}: `));
      expect(ours).toHaveLength(1);
      expect(ours[0]?.slice(gives.length + 2)).toMatch(pattern(message));
    } else {
      expect(failure?.code).toBe(gives);
      expect(failure?.message).toMatch(pattern(message));
    }
  });

  it("are at least twenty, and on a page that is up to date", () => {
    expect(all.length).toBeGreaterThanOrEqual(20);
    expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
    expect(
      readFileSync(join(root, "docs", "guide", "first-errors.md"), "utf8"),
      "run: node scripts/first-errors.mjs",
    ).toBe(page());
  });

  it("TypeScript refuses those of which the page says so, and no others", () => {
    const names = Object.keys(thalweg).join(", ");
    const text = (code: string) =>
      `import { ${names} } from "thalweg";\nimport type { Tensor as T } from "thalweg";\n${beginning}\nexport async function mistake() {\n${code}\n}\nexport type Used = T;\n`;
    const files = new Map(all.map(({ code }, i) => [join(root, "__test__", `mistake-${i}.ts`), text(code)]));
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists, readFile } = host;
    host.fileExists = (file) => files.has(file) || fileExists(file);
    host.readFile = (file) => files.get(file) ?? readFile(file);
    host.getSourceFile = (file, version, ...rest) => {
      const code = files.get(file);
      return code === undefined
        ? getSourceFile(file, version, ...rest)
        : ts.createSourceFile(file, code, version, true);
    };
    const program = ts.createProgram([...files.keys()], options, host);
    const refused = [...files.keys()].map(
      (file) => program.getSemanticDiagnostics(program.getSourceFile(file)).length > 0,
    );
    expect(all.filter((_, i) => refused[i]).map(({ title }) => title)).toEqual(
      all.filter(({ typed }) => typed).map(({ title }) => title),
    );
  }, 120_000);
});

describe("what is no mistake gives no warning", () => {
  const settings = { batchSize: 64, progress: false } as const;
  const rows = randn([256, 2], { seed: 1 });
  afterEach(async () => {
    await settled();
    expect(warnings).toEqual([]);
  });

  it("data of any units that are normalised, and data in good units that are not", async () => {
    await small().fit(rows.mul(1_000).add(5_000), { ...settings, steps: 2 });
    await small().fit(rows.mul(0.3), { ...settings, steps: 2, normalize: false });
    await small().fit(rows.mul(0), { ...settings, steps: 2, normalize: false });
  });

  it("pixels beside noise of their own size, pairs, and tables", async () => {
    const pixels = rows.abs().mul(100);
    const edm = new DiffusionModel({
      ...planar(),
      path: { type: "ve", sigmaMin: 1, sigmaMax: 500 },
      xSize: 2,
      model: { type: "noise_function", args: { backbone: mlp } },
    });
    await edm.fit(pixels, { ...settings, steps: 2, normalize: false });
    const flow = new IndependentConditionalFlowModel({
      xSize: 2,
      model: { type: "velocity_function", args: { backbone: mlp } },
    });
    await flow.fit({ x0: pixels, x1: pixels }, { ...settings, steps: 2, normalize: false });
    const table = Table.fromColumns({ a: [1_000, 2_000, 3_500], b: [5e6, 2e6, 1e6] });
    const ofTables = new DiffusionModel({ ...planar(), xSize: 2, data: await fitEncoding(table) });
    await ofTables.fit(table, { ...settings, steps: 2 });
  });

  it("samples of a model that was trained, loaded, given its parameters, or has none", async () => {
    const model = small();
    await model.fit(rows, { ...settings, steps: 100 });
    await model.sample({ batchSize: 2 });
    await model.save(join(folder, "trained"));
    await (await load(join(folder, "trained"))).sample({ batchSize: 2 });
    const other = small();
    await other.loadStateDict(model.stateDict());
    await other.sample({ batchSize: 2 });
    class Still extends Module {
      override forward(_t: Tensor, x: Tensor): Tensor {
        return x.neg();
      }
    }
    const still = registerModule("StillOfFirstErrors", Still);
    const exact = new DiffusionModel({
      ...planar(),
      xSize: 2,
      model: { type: "velocity_function", args: { backbone: still({}) } },
    });
    await exact.sample({ batchSize: 2 });
  });

  it("samples of a model with a training loop of one's own, and within its fit", async () => {
    const own = small();
    const step = trainStep(own, (x: Tensor) => own.flowMatchingLoss(x));
    for (let i = 0; i < 100; i++) await step(rows);
    await own.sample({ batchSize: 2 });
    const model = small();
    await model.fit(rows, {
      ...settings,
      steps: 3,
      every: { steps: 1, call: () => model.sample({ batchSize: 2 }) },
    });
    const other = small();
    for await (const _ of other.fit(rows, { ...settings, steps: 100 })) await other.sample({ batchSize: 2 });
  });

  it("a fit that goes on, also with other data of the same kind", async () => {
    const model = small();
    await model.fit(rows, { ...settings, steps: 100 });
    await model.fit(rows.mul(1.5).add(1), { ...settings, steps: 120, resume: true });
    await model.fit(rows, { ...settings, steps: 120 });
  });

  it("losses that are noisy, or few", async () => {
    const watch = (losses: readonly number[]) => {
      const seen = new LossWatch();
      for (const loss of losses) seen.push(loss);
      return seen.rose();
    };
    expect(watch([1, 1, 50, 1, 60, 1, 1, 1, 99, 50])).toBeUndefined();
    expect(watch([1, 100, 100, 100])).toBeUndefined();
    expect(watch([5, 4, 3, 2, 1, Number.NaN, 20, 30, 40, 45, 49])).toBeUndefined();
    expect(watch([1, 1, 20, 30, 19, 80, 2, 1, 1, 1])).toEqual({ from: 1, to: 20 });
    const model = small();
    const optimizer = adamw({ lr: 1e-3 });
    await model.fit(rows, { ...settings, steps: 100, optimizer, every: { steps: 5, call: () => undefined } });
    expect(await tensor([1]).item()).toBe(1);
  });
});

describe("warnings", () => {
  it("come once for each model", async () => {
    const model = small();
    for (let i = 0; i < 3; i++) await model.sample({ batchSize: 1 });
    await settled();
    expect(warnings).toHaveLength(1);
    await small(1).sample({ batchSize: 1 });
    await settled();
    expect(warnings).toHaveLength(2);
  });
});
