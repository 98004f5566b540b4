// thalweg init: what it writes for each kind of data is taken by the other commands, and the programs run.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { writeNpy } from "../../ts/src/data/npy.js";
import { writeNpz } from "../../ts/src/data/npz.js";
import { randn } from "../../ts/src/tensor/create.js";
import { randInt } from "../../ts/src/tensor/integers.js";
import { temporary, thalweg, writeAnimals } from "./support.js";

const root = join(import.meta.dirname, "..", "..");

const configIn = (folder: string) => JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));

/** Runs a program of a folder against the sources. */
async function runProgram(folder: string): Promise<void> {
  mkdirSync(join(folder, "node_modules", "thalweg"), { recursive: true });
  symlinkSync(join(root, "ts", "src"), join(folder, "node_modules", "thalweg", "src"));
  const manifest = { name: "thalweg", type: "module", exports: "./src/index.ts" };
  writeFileSync(join(folder, "node_modules", "thalweg", "package.json"), JSON.stringify(manifest));
  const program = join(folder, "train.ts");
  writeFileSync(program, readFileSync(program, "utf8").replace("steps: 5000", "steps: 2"));
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  await promisify(execFile)(process.execPath, ["--import", loader, program], { cwd: folder });
}

describe("init looks at data", () => {
  it.each([
    ["points", "points.npy", () => randn([120, 3], { seed: 0 }), { xSize: 3 }],
    ["series", "series.npy", () => randn([8, 2, 16], { seed: 0 }), { xSize: [2, 16] }],
    ["images", "pictures.npy", () => randn([8, 3, 8, 8], { seed: 0 }), { xSize: [3, 8, 8] }],
    [
      "images",
      "bytes.npy",
      () => randInt(0, 256, [8, 8, 8, 3], { seed: 0 }),
      { xSize: [3, 8, 8], read: { pixels: true, channelsLast: true } },
    ],
  ] as const)("as %s in %s, and the config trains", async (kind, name, data, expected) => {
    const folder = temporary();
    await writeNpy(join(folder, name), data());
    const { code, stdout } = await thalweg(folder, "init", "--data", name, "--json");
    expect([code, JSON.parse(stdout).kind]).toEqual([0, kind]);
    expect(configIn(folder)).toMatchObject(expected);
    const small = ["--steps", "1", "--batch-size", "2", "--quiet", "--json"];
    const trained = await thalweg(folder, "train", "config.json", "--data", name, "--out", "a", ...small);
    expect([trained.code, JSON.parse(trained.stdout).step]).toEqual([0, 1]);
  });

  it("that are labelled: then classes are conditions", async () => {
    const folder = temporary();
    const labelled = { images: randInt(0, 256, [12, 8, 8], { seed: 0 }), labels: randInt(0, 3, [12], { seed: 0 }) };
    await writeNpz(join(folder, "digits.npz"), labelled);
    expect((await thalweg(folder, "init", "--data", "digits.npz")).code).toBe(0);
    const config = configIn(folder);
    expect(config).toMatchObject({ xSize: [1, 8, 8], conditionSize: 1, read: { pixels: true } });
    expect(config.model.args.backbone.args.numClasses).toBe(3);
    const args = ["--data", "digits.npz", "--out", "a", "--steps", "1", "--batch-size", "4"];
    expect((await thalweg(folder, "train", "config.json", ...args)).code).toBe(0);
    const drawn = await thalweg(
      folder,
      "sample",
      "a",
      "--condition",
      "2",
      "--count",
      "2",
      "--steps",
      "2",
      "--guidance",
      "1",
    );
    expect(drawn.stdout.trim().split("\n")).toHaveLength(3);
  });

  it("of a table: its encoding keeps what is missing, and columns can be conditions", async () => {
    const folder = temporary();
    writeAnimals(folder);
    const { code, stdout } = await thalweg(folder, "init", "--data", "animals.csv", "--condition", "kind");
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("thalweg train config.json --data animals.csv --out runs/a"),
    ]);
    const config = configIn(folder);
    expect(config).toMatchObject({
      encoding: { numbers: "quantile", columns: { mass: { missing: "keep" } }, condition: ["kind"] },
      xSize: 3,
      conditionSize: 3,
    });
    const checked = await thalweg(folder, "config", "check", "config.json", "--data", "animals.csv");
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining("a DiffusionModel of xSize 3") });
  });
});

describe("columns from which nothing is learned", () => {
  const rows = 40;
  const write = (folder: string) => {
    const lines = Array.from({ length: rows }, (_, i) => {
      const cells = [i, 7919 * (i + 1), `name ${i}`, `${(i * 7) % 60}`, ["a", "b"][i % 2], (i % 9) / 4, ""];
      return cells.join(",");
    });
    writeFileSync(join(folder, "data.csv"), `,customer_id,name,note,kind,size,gone\n${lines.join("\n")}\n`);
  };
  const args = ["--data", "data.csv"];

  it("are left out, which is said, and the other commands do without them", async () => {
    const folder = temporary();
    write(folder);
    const { code, stdout } = await thalweg(folder, "init", ...args);
    expect(code).toBe(0);
    expect(stdout).toContain('left out: "column1", a row number\n');
    expect(stdout).toContain('left out: "customer_id", an identifier: every row has another\n');
    expect(stdout).toContain('left out: "name", an identifier or a text: every row has another\n');
    expect(stdout).toContain('left out: "gone", which has no values\n');
    const skipped = { column1: "skip", customer_id: "skip", name: "skip", gone: "skip" };
    expect(configIn(folder)).toMatchObject({ read: { columns: skipped }, xSize: 4 });
    const small = ["--out", "a", "--steps", "1", "--batch-size", "4", "--quiet"];
    expect((await thalweg(folder, "train", "config.json", ...args, ...small)).stderr).toBe("");
    const drawn = await thalweg(folder, "sample", "a", "--count", "2", "--steps", "1");
    expect(drawn.stdout.split("\n")[0]).toBe("note,kind,size");
  });

  it("are kept on request, and others left out; the program does the same", async () => {
    const folder = temporary();
    write(folder);
    const flags = ["--skip", "note", "--keep", "customer_id", "--condition", "kind", "--template", "table", "--json"];
    const { code, stdout } = await thalweg(folder, "init", ...args, ...flags);
    expect(code).toBe(0);
    const { leftOut } = JSON.parse(stdout) as { leftOut: { name: string; asked: boolean }[] };
    expect(leftOut.map(({ name, asked }) => [name, asked])).toEqual([
      ["column1", false],
      ["name", false],
      ["note", true],
      ["gone", false],
    ]);
    expect(configIn(folder)).toMatchObject({ xSize: 2, conditionSize: 2 });
    expect(readFileSync(join(folder, "train.ts"), "utf8")).toContain('"name": "skip"'.replaceAll('"name"', "name"));
    await runProgram(folder);
  }, 60_000);

  it("are those of the table, and not all of them", async () => {
    const folder = temporary();
    write(folder);
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [["--skip", "sise"], "--skip: expected a column of the table (column1, customer_id"],
      [["--skip", "kind", "--keep", "kind"], 'expected one of --skip and --keep, got "kind" in both'],
      [["--skip", "note", "kind", "size"], "expected columns of which a model can learn"],
    ];
    for (const [flags, message] of wrong) {
      const { code, stderr } = await thalweg(folder, "init", ...args, ...flags);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    const points = await thalweg(folder, "init", "--data", "datasets.moons", "--condition", "kind");
    expect(points).toMatchObject({ code: 2, stderr: expect.stringContaining("data with columns: a table") });
  });
});

describe("files as spreadsheets write them", () => {
  it("are read with the delimiter that their heading shows, and the config says so", async () => {
    const folder = temporary();
    const rows = Array.from({ length: 30 }, (_, i) => `${i % 7};"a;b";${i / 4}`);
    writeFileSync(join(folder, "data.csv"), `count;"text;kind";size\n${rows.join("\n")}\n`);
    expect((await thalweg(folder, "init", "--data", "data.csv")).code).toBe(0);
    expect(configIn(folder)).toMatchObject({ read: { delimiter: ";" }, xSize: 3 });
    const args = ["--data", "data.csv", "--out", "a", "--steps", "1", "--batch-size", "4", "--quiet"];
    expect((await thalweg(folder, "train", "config.json", ...args)).code).toBe(0);
  });

  it("have types that can be given, and texts that look like numbers are told of", async () => {
    const folder = temporary();
    const rows = Array.from(
      { length: 80 },
      (_, i) => `${1000 + (i % 4)},"$1,${100 + i}.50",${i === 9 ? "n/a" : i / 4}`,
    );
    writeFileSync(join(folder, "data.csv"), `zip,price,size\n${rows.join("\n")}\n`);
    const { code, stdout } = await thalweg(folder, "init", "--data", "data.csv", "--types", "zip=category");
    expect([code, stdout]).toEqual([0, expect.stringContaining('texts that look like numbers, such as "$1,100.50"')]);
    // Four categories, a number, and whether it is there.
    expect(configIn(folder)).toMatchObject({ read: { columns: { zip: "category", price: "skip" } }, xSize: 6 });
    const wrong = await thalweg(folder, "init", "--data", "data.csv", "--types", "zip", "--force");
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("expected column=type")]);
  });

  it("without a row, or in another encoding, are refused with what to do", async () => {
    const folder = temporary();
    writeFileSync(join(folder, "head.csv"), "a,b\n");
    writeFileSync(join(folder, "latin.csv"), Buffer.from("name,size\nM\u00fcller,1\n", "latin1"));
    const [head, latin] = [
      await thalweg(folder, "init", "--data", "head.csv"),
      await thalweg(folder, "init", "--data", "latin.csv"),
    ];
    expect([head.code, head.stderr]).toEqual([1, expect.stringContaining("expected at least one row, got a heading")]);
    expect([latin.code, latin.stderr]).toEqual([1, expect.stringMatching(/expected text in UTF-8.*save it as UTF-8/)]);
  });
});

describe("init", () => {
  it("replaces nothing, unless it may", async () => {
    const folder = temporary();
    writeFileSync(join(folder, "config.json"), "{}");
    const { code, stderr } = await thalweg(folder, "init", "--data", "datasets.moons");
    expect([code, stderr]).toEqual([2, expect.stringContaining("or --force, got config.json")]);
    expect(readdirSync(folder)).toEqual(["config.json"]);
    expect((await thalweg(folder, "init", "--data", "datasets.moons", "--force")).code).toBe(0);
    expect(configIn(folder).class).toBe("DiffusionModel");
  });

  it("leaves nothing where data cannot be read", async () => {
    const folder = temporary();
    const { code } = await thalweg(folder, "init", "project", "--data", "gone.csv");
    expect([code, existsSync(join(folder, "project"))]).toEqual([1, false]);
  });

  it("names the schema of configs, which knows every class and every option of a fit", async () => {
    const folder = temporary();
    expect((await thalweg(folder, "init")).code).toBe(0);
    const config = configIn(folder);
    const schema = JSON.parse(readFileSync(join(folder, config.$schema), "utf8"));
    expect(schema.oneOf.map(({ title }: { title: string }) => title)).toContain(
      "SchrodingerBridgeConditionalFlowModel",
    );
    const known = schema.oneOf.find(({ title }: { title: string }) => title === config.class).properties;
    for (const key of Object.keys(config)) expect(known).toHaveProperty([key]);
    for (const key of Object.keys(config.train)) expect(known.train.properties).toHaveProperty([key]);
  });

  it.each(["points", "table", "images", "series"])(
    "--template %s writes a program that runs, and data where they are needed",
    async (template) => {
      const folder = temporary();
      const { code, stdout } = await thalweg(folder, "init", "first", "--template", template);
      expect([code, stdout]).toEqual([0, expect.stringContaining("  cd first\n  npm install && npm run train")]);
      const project = join(folder, "first");
      // A net that is quick to train, since it is the program that is tested.
      const program = readFileSync(join(project, "train.ts"), "utf8");
      const quick = program.replace("modelChannels: 32", "modelChannels: 4").replace("batchSize: 64,", "batchSize: 2,");
      writeFileSync(join(project, "train.ts"), quick.replace("batchSize: 64, seed", "batchSize: 2, seed"));
      await runProgram(project);
      expect(readdirSync(join(project, "runs", "a"))).toContain("model.safetensors");
      expect(readdirSync(project)).toContain(template === "table" ? "samples.csv" : "samples.npy");
      if (template !== "series") expect(readdirSync(project)).toContain("samples.png");
    },
    60_000,
  );
});
