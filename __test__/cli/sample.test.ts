// thalweg sample: formats, conditions, solvers, pipes. Every test draws from runs that are trained once.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../ts/src/data/npy.js";
import { readNpz, writeNpz } from "../../ts/src/data/npz.js";
import { readTable } from "../../ts/src/data/read-table.js";
import { load } from "../../ts/src/model/registry.js";
import { randn, tensor } from "../../ts/src/tensor/create.js";
import { marks, paths } from "../plot/support.js";
import { nodeArguments, planar, thalweg, writeAnimals, writeJson } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-cli-sample-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mlp = (first: number, last: number) => ({
  type: "velocity_function",
  args: {
    backbone: {
      type: "MultiLayerPerceptron",
      args: { hiddenSizes: [first, 16], outputSize: last, activation: "silu" },
    },
  },
});

const { read: _, ...plain } = planar();

async function train(name: string, config: object, ...args: string[]): Promise<void> {
  writeJson(folder, `${name}.json`, config);
  const { code, stderr } = await thalweg(folder, "train", `${name}.json`, "--out", name, ...args);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
}

beforeAll(async () => {
  writeAnimals(folder);
  const labels = tensor(BigInt64Array.from({ length: 60 }, (_, i) => BigInt(i % 3)));
  await writeNpz(join(folder, "labelled.npz"), {
    x: randn([60, 2], { seed: 0 }),
    y: labels,
  });
  await writeNpy(join(folder, "images.npy"), randn([40, 1, 4, 4], { seed: 0 }));
  await writeNpy(join(folder, "source.npy"), randn([50, 2], { seed: 1 }));
  await train("plane", planar(), "--data", "datasets.moons");
  const encoding = { condition: ["kind"], columns: { mass: { missing: "keep" } } };
  const { xSize: _x, ...animals } = { ...plain, encoding, model: mlp(7, 3), conditionDropout: 0.1 };
  await train("animals", animals, "--data", "animals.csv");
  const { xSize: _y, ...labelled } = { ...plain, conditionSize: 3, model: mlp(6, 2) };
  await train("labelled", labelled, "--data", "labelled.npz");
  await train("images", { ...plain, xSize: [1, 4, 4], model: mlp(17, 16) }, "--data", "images.npy");
  const days = Array.from({ length: 60 }, (_, i) => {
    const date = new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
    return `${date},${(i % 9) + 0.5},${(i % 7) / 2},${i % 3 === 0 ? "rain" : "sun"}`;
  });
  writeFileSync(join(folder, "days.csv"), `day,temp,wind,kind\n${days.join("\n")}\n`);
  const { xSize: _z, ...ofDays } = { ...plain, model: mlp(6, 5) };
  await train("days", ofDays, "--data", "days.csv");
  const bridge = { ...plain, class: "IndependentConditionalFlowModel", path: { type: "independent" } };
  await train("between", bridge, "--data", "datasets.moons", "--source", "source.npy");
}, 120_000);

describe("samples", () => {
  it("are those of the library, in each format", async () => {
    const model = await load(join(folder, "plane"));
    const expected = await (model as unknown as { sample(s: object): Promise<ReturnType<typeof tensor>> }).sample({
      batchSize: 6,
      seed: 3,
    });
    const numbers = Array.from(await expected.data(), Number);
    const sample = (...args: string[]) => thalweg(folder, "sample", "plane", "--count", "6", "--seed", "3", ...args);
    const [printed, json] = await Promise.all([sample(), sample("--json")]);
    const cells = printed.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(cells[0]).toEqual(["x0", "x1"]);
    expect(
      cells
        .slice(1)
        .flat()
        .map((cell) => Math.fround(Number(cell))),
    ).toEqual(numbers);
    const document = JSON.parse(json.stdout);
    expect(document.samples.flatMap((row: object) => Object.values(row)).map(Math.fround)).toEqual(numbers);
    for (const name of ["s.csv", "s.tsv", "s.jsonl", "s.parquet"]) {
      const { code, stdout } = await sample("--out", name);
      expect([code, stdout]).toEqual([0, `6 samples: ${name}\n`]);
      const rows = (await readTable(join(folder, name))).toRows().flatMap((row) => Object.values(row));
      expect(rows.map((value) => Math.fround(Number(value)))).toEqual(numbers);
    }
    expect((await sample("--out", "s.npy")).code).toBe(0);
    expect(Array.from(await (await readNpy(join(folder, "s.npy"))).data(), Number)).toEqual(numbers);
    expect((await sample("--out", "s.npz")).code).toBe(0);
    expect(Object.keys(await readNpz(join(folder, "s.npz")))).toEqual(["samples"]);
  }, 60_000);

  it("are pictures: points, and a grid of images", async () => {
    const [points, images] = await Promise.all([
      thalweg(folder, "sample", "plane", "--count", "20", "--out", "points.svg"),
      thalweg(folder, "sample", "images", "--count", "9", "--out", "images.png"),
    ]);
    expect([points.code, images.code]).toEqual([0, 0]);
    expect(readFileSync(join(folder, "points.svg"), "utf8")).toMatch(/^<svg/);
    expect(readFileSync(join(folder, "images.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  it("have the same dates as JSON, JSON lines and CSV: without a time of day where there is none", async () => {
    const draw = (...args: string[]) => thalweg(folder, "sample", "days", "--count", "5", "--seed", "2", ...args);
    const [csv, json] = await Promise.all([draw(), draw("--json"), draw("--out", "days.jsonl")]);
    const dates = csv.stdout
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[0]);
    expect(dates).toHaveLength(5);
    for (const date of dates) expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
    const datesOf = (rows: readonly { day: string }[]) => rows.map(({ day }) => day);
    expect(datesOf(JSON.parse(json.stdout).samples)).toEqual(dates);
    const lines = readFileSync(join(folder, "days.jsonl"), "utf8").trim().split("\n");
    expect(datesOf(lines.map((line) => JSON.parse(line)))).toEqual(dates);
  });

  it("of a table are a picture of every column; two columns of numbers are points", async () => {
    const draw = (name: string, ...columns: string[]) => {
      const asked = columns.length > 0 ? ["--columns", ...columns] : [];
      return thalweg(folder, "sample", "days", "--count", "30", "--out", name, ...asked);
    };
    const [all, two, one] = await Promise.all([
      draw("all.svg"),
      draw("two.svg", "wind", "temp"),
      draw("one.svg", "kind"),
    ]);
    expect([all.code, two.code, one.code]).toEqual([0, 0, 0]);
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    for (const name of ["day", "temp", "wind", "kind", "sun"]) expect(read("all.svg")).toContain(`>${name}<`);
    expect(marks(read("two.svg"), "symbol").map((group) => paths(group).length)).toContain(30);
    expect(read("one.svg")).toContain(">kind<");
    expect(read("one.svg")).not.toContain(">wind<");
  });

  it("have the columns that are asked for, in every format; a wrong name tells which there are", async () => {
    const [arrays, table, plane, wrong, none] = await Promise.all([
      thalweg(folder, "sample", "plane", "--columns", "x1", "--out", "x1.npz"),
      thalweg(folder, "sample", "days", "--count", "2", "--columns", "kind", "day"),
      thalweg(folder, "sample", "plane", "--count", "2", "--json", "--columns", "x1"),
      thalweg(folder, "sample", "days", "--columns", "wnd"),
      thalweg(folder, "sample", "images", "--columns", "x0"),
    ]);
    expect([arrays.code, arrays.stderr]).toEqual([
      2,
      expect.stringContaining("--columns: expected none for a file of"),
    ]);
    expect(table.stdout).toMatch(/^kind,day\n(sun|rain),\d{4}-/);
    expect(JSON.parse(plane.stdout).samples).toEqual(Array(2).fill({ x1: expect.any(Number) }));
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain(
      '--columns: expected one of day, temp, wind, kind, each once, got "wnd"; did you mean "wind"?',
    );
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("--columns: expected none")]);
  });

  it("are refused before they are drawn where no file could hold them", async () => {
    const { code, stderr } = await thalweg(folder, "sample", "plane", "--out", "samples.xls");
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected a file that ends in .csv")]);
  });

  it("go into a pipe that closes early without complaint", async () => {
    const command = [process.execPath, ...nodeArguments(["sample", "plane", "--count", "100000"])];
    const quoted = command.map((word) => `'${word}'`).join(" ");
    const script = `set -o pipefail; ${quoted} | head -2; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], { cwd: folder });
    expect(stdout.trim().split("\n")).toEqual(["x0,x1", expect.stringMatching(/^-?[\d.e-]+,-?[\d.e-]+$/), "0"]);
    expect(stderr).toBe("");
  }, 60_000);
});

describe("conditions", () => {
  it("of a table are values by the names of columns, or a file of rows", async () => {
    const values = await thalweg(
      folder,
      "sample",
      "animals",
      "--condition",
      "kind=eel",
      "--count",
      "3",
      "--guidance",
      "1",
      "--steps",
      "4",
    );
    expect(values.stdout.trim().split("\n")).toEqual([
      "kind,size,mass",
      ...Array(3).fill(expect.stringMatching(/^eel,/)),
    ]);
    const file = await thalweg(folder, "sample", "animals", "--condition", "animals.csv", "--json");
    const rows = JSON.parse(file.stdout).samples as { kind: string }[];
    expect(rows).toHaveLength(120);
    expect(rows.slice(0, 3).map(({ kind }) => kind)).toEqual(["cat", "dog", "eel"]);
    const wrong = await thalweg(folder, "sample", "animals", "--condition", "species=eel");
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain("--condition: expected a file that is there, or kind=…, got species=eel");
    const unknown = await thalweg(folder, "sample", "animals", "--condition", "kind=cow");
    expect(unknown.stderr).toContain("--condition: expected a category of kind (cat, dog, eel), got cow");
  }, 60_000);

  it("that are not given are missed, which is said", async () => {
    const { code, stdout, stderr } = await thalweg(folder, "sample", "animals", "--count", "3", "--steps", "4");
    expect([code, stdout.split("\n")[0]]).toEqual([0, "size,mass"]);
    expect(stderr).toMatch(/^without --condition: samples are of no kind in particular.*--condition kind=…/);
  });

  it("of a tensor are numbers, or one label", async () => {
    const [label, vector] = await Promise.all([
      thalweg(folder, "sample", "labelled", "--condition", "2", "--count", "4", "--seed", "5"),
      thalweg(folder, "sample", "labelled", "--condition", "0,0,1", "--count", "4", "--seed", "5"),
    ]);
    expect(label.code).toBe(0);
    expect(label.stdout.trim().split("\n")).toHaveLength(5);
    expect(vector.stdout).toBe(label.stdout);
  });

  it("are starts of a model between two sets, which says so where there are none", async () => {
    const [carried, none] = await Promise.all([
      thalweg(folder, "sample", "between", "--source", "source.npy", "--json"),
      thalweg(folder, "sample", "between"),
    ]);
    expect(JSON.parse(carried.stdout).count).toBe(50);
    expect(none.code).not.toBe(0);
    expect(none.stderr).toContain("x0");
  });
});

describe("samples of a table", () => {
  it("have as many decimals as its columns", async () => {
    const { stdout } = await thalweg(folder, "sample", "animals", "--count", "20", "--steps", "4", "--quiet");
    const sizes = stdout
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[0] ?? "");
    for (const size of sizes) expect(size).toMatch(/^-?\d+(\.\d)?$/);
  });

  it("are not written over the data of training", async () => {
    const { code, stderr } = await thalweg(folder, "sample", "animals", "--out", "./animals.csv");
    expect([code, stderr]).toEqual([2, expect.stringContaining("a file that is not among what is read")]);
    expect(readFileSync(join(folder, "animals.csv"), "utf8")).toMatch(/^kind,size,mass\ncat,/);
  });

  it("are not written over anything that is read, by whichever name, nor over files of the run", async () => {
    if (process.platform !== "win32") symlinkSync("animals.csv", join(folder, "linked.csv"));
    writeFileSync(join(folder, "given.csv"), "kind\ncat\n");
    const wrong = await Promise.all([
      thalweg(folder, "sample", "animals", "--out", "linked.csv"),
      thalweg(folder, "sample", "animals", "--condition", "given.csv", "--out", "given.csv"),
      thalweg(folder, "sample", "animals", "--out", "animals/log.jsonl"),
    ]);
    expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(wrong[2].stderr).toContain("a file that is not the run's");
    expect(readFileSync(join(folder, "given.csv"), "utf8")).toBe("kind\ncat\n");
    expect((await thalweg(folder, "sample", "animals", "--count", "2", "--out", "animals/samples.csv")).code).toBe(0);
  });
});

describe("a solver", () => {
  it("is chosen by its name and its steps", async () => {
    const draw = (...args: string[]) => thalweg(folder, "sample", "plane", "--count", "5", ...args);
    const [own, euler, dpm, more, sde] = await Promise.all([
      draw(),
      draw("--solver", "euler", "--steps", "3"),
      draw("--solver", "dpm", "--steps", "6"),
      draw("--solver", "euler", "--steps", "4"),
      draw("--solver", "euler_maruyama", "--steps", "5"),
    ]);
    const all = [own, euler, dpm, more, sde];
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(5);
  });
});
