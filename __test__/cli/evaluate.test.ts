// thalweg evaluate and plot: figures that are known beforehand, floors beside them, and files where they belong.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../ts/src/data/npy.js";
import { randn } from "../../ts/src/tensor/create.js";
import { randInt } from "../../ts/src/tensor/integers.js";
import { planar, thalweg, writeAnimals, writeJson } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-cli-evaluate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const network = (type: string, first: number, last: number) => ({
  type,
  args: {
    backbone: {
      type: "MultiLayerPerceptron",
      args: { hiddenSizes: [first, 16], outputSize: last, activation: "silu" },
    },
  },
});

const { read: _, ...plain } = planar();

beforeAll(async () => {
  writeAnimals(folder);
  await writeNpy(join(folder, "normal.npy"), randn([800, 2], { seed: 7 }));
  await writeNpy(join(folder, "far.npy"), randn([800, 2], { seed: 8 }).add(10));
  await writeNpy(join(folder, "tokens.npy"), randInt(0, 3, [200, 4], { seed: 0 }));
  await writeNpy(join(folder, "double.npy"), randn([40, 2, 2, 2], { seed: 1 }));
  // A velocity of 0 carries noise to itself: the model is the standard normal distribution, exactly.
  const zero = network("velocity_function", 3, 2);
  const frozen = { steps: 1, batchSize: 32, normalize: false, optimizer: { type: "sgd", lr: 1e-30 }, ema: null };
  const args = { ...zero.args.backbone.args, scale: 1e-20 };
  const still = { ...zero, args: { backbone: { ...zero.args.backbone, args: { ...args, finalActivation: "tanh" } } } };
  const flow = { class: "IndependentConditionalFlowModel", xSize: 2, model: still, train: frozen };
  const { xSize: _x, ...animals } = { ...plain, model: network("velocity_function", 6, 5) };
  const tokens = {
    class: "DiscreteFlowMatchingModel",
    xSize: 4,
    vocabulary: 3,
    model: network("data_prediction_function", 13, 12),
    train: plain.train,
  };
  const runs: readonly (readonly [string, object, string])[] = [
    ["normal", flow, "normal.npy"],
    ["animals", { ...animals, encoding: { columns: { mass: { missing: "fill" } } } }, "animals.csv"],
    ["tokens", tokens, "tokens.npy"],
    [
      "scarce",
      { ...plain, model: network("velocity_function", 3, 2), train: { steps: 30, batchSize: 64, ema: { decay: 0.9 } } },
      "normal.npy",
    ],
    ["double", { ...plain, xSize: [2, 2, 2], model: network("velocity_function", 9, 8) }, "double.npy"],
  ];
  for (const [name, config, data] of runs) {
    writeJson(folder, `${name}.json`, config);
    const { code, stderr } = await thalweg(folder, "train", `${name}.json`, "--data", data, "--out", name);
    expect([name, code, stderr]).toEqual([name, 0, expect.any(String)]);
  }
}, 120_000);

const evaluated = async (...args: string[]) => {
  const { code, stdout, stderr } = await thalweg(folder, "evaluate", ...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
};

describe("evaluate", () => {
  it("finds a model that is the data's distribution at the floor, with its entropy as likelihood and straight paths", async () => {
    const { rows, distances, nll, flow } = await evaluated("normal", "--data", "normal.npy");
    expect(rows).toBe(800);
    for (const name of ["slicedWasserstein", "wasserstein", "energyDistance"]) {
      const { value, floor } = distances[name];
      expect([name, value / floor > 0.5 && value / floor < 2]).toEqual([name, true]);
    }
    expect(Math.abs(distances.mmdSquared.value)).toBeLessThan(0.01);
    // The entropy of the standard normal distribution in the plane: 1 + log 2π.
    expect(Math.abs(nll.mean - (1 + Math.log(2 * Math.PI)))).toBeLessThan(4 * nll.standardError);
    expect(flow.straightness).toBeLessThan(1e-6);
  });

  it("finds other data far away", async () => {
    const { distances, nll } = await evaluated("normal", "--data", "far.npy", "--limit", "200");
    expect(distances.wasserstein.value).toBeGreaterThan(13);
    expect(distances.wasserstein.value / distances.wasserstein.floor).toBeGreaterThan(10);
    expect(nll.mean).toBeGreaterThan(80);
  });

  it("measures tables in the units of their encoding, and tokens as one-hot vectors", async () => {
    const [animals, tokens] = await Promise.all([
      evaluated("animals", "--data", "animals.csv"),
      evaluated("tokens", "--data", "tokens.npy"),
    ]);
    // A category has no density; that of its code would be a number of no meaning.
    expect(animals).toMatchObject({ rows: 120, encoded: true, trainingData: true });
    expect(animals.nll.reason).toMatch(/^expected columns of numbers or dates alone, got "kind" of categories/);
    expect(tokens).toMatchObject({ encoded: false, flow: null, nll: { reason: "a flow of tokens has no density" } });
    // Two tokens of four that differ are a distance of 2 or less.
    expect(tokens.distances.wasserstein.value).toBeLessThan(Math.sqrt(8));
    expect(tokens.distances.wasserstein.value).toBeGreaterThan(0);
  });

  it("measures the rows that training held out where no data are named, and says where there are none", async () => {
    const args = ["--data", "normal.npy", "--out", "held", "--validation", "0.25", "--seed", "3"];
    expect((await thalweg(folder, "train", "normal.json", ...args)).code).toBe(0);
    const { rows, data, trainingData } = await evaluated("held");
    expect([rows, trainingData]).toEqual([200, false]);
    expect(data).toMatch(/normal\.npy, those that were held out$/);
    const none = await thalweg(folder, "evaluate", "normal");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("since the run held none out (validation)")]);
  });

  it("takes tables without the columns that were left out, such as samples", async () => {
    const skipping = {
      ...JSON.parse(readFileSync(join(folder, "animals.json"), "utf8")),
      read: { columns: { mass: "skip" } },
    };
    skipping.model.args.backbone.args = { ...skipping.model.args.backbone.args, hiddenSizes: [5, 16], outputSize: 4 };
    writeJson(folder, "skipping.json", skipping);
    delete skipping.encoding;
    writeJson(folder, "skipping.json", skipping);
    const trained = await thalweg(folder, "train", "skipping.json", "--data", "animals.csv", "--out", "skipping");
    expect([trained.code, trained.stderr]).toEqual([0, expect.any(String)]);
    await thalweg(folder, "sample", "skipping", "--count", "40", "--out", "drawn.csv");
    expect((await evaluated("skipping", "--data", "drawn.csv")).rows).toBe(40);
  });

  it("prints a table for people", async () => {
    const { stdout } = await thalweg(folder, "evaluate", "animals", "--data", "animals.csv");
    expect(stdout).toMatch(
      /^animals on 120 rows of animals.csv, in the units of the encoding\nThese are the data of training: [^\n]+\n\n +samples to data +data to data +ratio\n/,
    );
    expect(stdout).toMatch(/\nsliced W2 +[\d.]+ +[\d.]+ +[\d.]+\n/);
    expect(stdout).toMatch(/\nnegative log-likelihood {2}none: expected columns of numbers/);
    const numbers = await thalweg(folder, "evaluate", "normal", "--data", "far.npy", "--limit", "100");
    expect(numbers.stdout).toMatch(
      /^normal on 100 rows of far.npy\n\n[\s\S]*\nnegative log-likelihood {2}-?[\d.]+ ± [\d.]+ nats\n/,
    );
  });
});

describe("report", () => {
  it("is a page that needs nothing beside it, with losses, samples and data", async () => {
    const [flow, animals] = await Promise.all([
      thalweg(folder, "report", "normal", "--samples", "50", "--steps", "4", "--json"),
      thalweg(
        folder,
        "report",
        "animals",
        "--samples",
        "50",
        "--out",
        "animals.html",
        "--title",
        "Animals",
        "--data",
        "animals.csv",
      ),
    ]);
    expect([flow.code, JSON.parse(flow.stdout)]).toEqual([0, { run: "normal", file: join("normal", "report.html") }]);
    expect([animals.code, animals.stdout]).toEqual([0, "animals.html\n"]);
    const page = readFileSync(join(folder, "normal", "report.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain("Training loss");
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(readFileSync(join(folder, "animals.html"), "utf8")).toContain("<title>Animals</title>");
  }, 60_000);
});

describe("plot", () => {
  it("draws what a run has into its folder", async () => {
    const [points, table] = await Promise.all([
      thalweg(folder, "plot", "normal", "--count", "50"),
      thalweg(folder, "plot", "animals", "--count", "50", "--format", "svg", "--json"),
    ]);
    expect(points).toMatchObject({ code: 0, stdout: "normal/loss.png\nnormal/samples.png\nnormal/trajectories.png\n" });
    expect(
      readFileSync(join(folder, "normal", "samples.png"))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
    expect(JSON.parse(table.stdout).files).toEqual([join("animals", "loss.svg"), join("animals", "samples.svg")]);
    const picture = readFileSync(join(folder, "animals", "samples.svg"), "utf8");
    for (const word of ["samples", "data", "size", "mass", "kind", "cat"]) expect(picture).toContain(`>${word}<`);
  }, 60_000);

  it("draws two columns of numbers as points where they are asked for, and names all where one is wrong", async () => {
    const draw = (...columns: string[]) =>
      thalweg(
        folder,
        "plot",
        "animals",
        "--pictures",
        "samples",
        "--format",
        "svg",
        "--out",
        "two",
        "--columns",
        ...columns,
      );
    expect((await draw("size", "mass")).code).toBe(0);
    const picture = readFileSync(join(folder, "two", "samples.svg"), "utf8");
    for (const word of ["samples", "data", "size", "mass"]) expect(picture).toContain(`>${word}<`);
    expect(picture).not.toContain(">kind<");
    const { code, stderr } = await draw("size", "weight");
    const message = "--columns: expected one of kind, size, mass, each once, got";
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }, 60_000);

  it("draws every other picture on request, and refuses where a model has none of them", async () => {
    const others = ["density", "field", "marginals", "snapshots"];
    const [drawn, refused, both] = await Promise.all([
      thalweg(folder, "plot", "normal", "--pictures", ...others, "--out", "pictures", "--data", "normal.npy"),
      thalweg(folder, "plot", "animals", "--pictures", "density"),
      thalweg(folder, "plot", "animals", "--pictures", "density", "trajectories"),
    ]);
    expect(both).toMatchObject({ code: 2, stdout: "" });
    expect(both.stderr).toMatch(/^without trajectories: expected .*\nConfigError: --pictures density: expected /);
    expect([drawn.code, drawn.stderr]).toEqual([0, ""]);
    expect(readdirSync(join(folder, "pictures")).sort()).toEqual(others.map((name) => `${name}.png`));
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("--pictures density: expected states that are points in the plane");
  }, 60_000);

  it("draws samples as it is told to: solver, steps, guidance, weights", async () => {
    const draw = async (out: string, ...flags: string[]) => {
      const asked = ["--pictures", "samples", "trajectories", "snapshots", "marginals", "density", "field"];
      const given = ["--format", "svg", "--count", "20", "--quiet", "--data", "normal.npy"];
      const { code, stderr } = await thalweg(folder, "plot", "scarce", ...asked, ...given, "--out", out, ...flags);
      expect([out, code, stderr]).toEqual([out, 0, ""]);
      return Object.fromEntries(
        readdirSync(join(folder, out)).map((name) => [name, readFileSync(join(folder, out, name), "utf8")]),
      );
    };
    const [own, again, euler, sde, raw] = [
      await draw("own"),
      await draw("again"),
      await draw("euler", "--solver", "euler", "--steps", "2"),
      await draw("sde", "--solver", "euler_maruyama", "--steps", "5"),
      await draw("raw", "--weights", "raw"),
    ];
    expect(again).toEqual(own);
    const other = (drawn: Record<string, string>) => Object.keys(drawn).filter((name) => drawn[name] !== own[name]);
    // The density has a solver of its own, since it is one of the flow; so have trajectories where the samples' is none.
    expect(other(euler)).toEqual(["field.svg", "marginals.svg", "samples.svg", "snapshots.svg", "trajectories.svg"]);
    expect(other(sde)).toEqual(["field.svg", "marginals.svg", "samples.svg", "snapshots.svg"]);
    expect(other(raw)).toEqual(Object.keys(own));
    const refused = await thalweg(folder, "plot", "tokens", "--solver", "euler");
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("--solver: expected none, since tokens are drawn by steps");
    const guided = await thalweg(folder, "plot", "scarce", "--pictures", "samples", "--guidance", "2");
    expect([guided.code, guided.stdout]).toEqual([2, ""]);
    expect(guided.stderr).toContain("guidance");
  }, 60_000);

  it("draws what it can of what is asked for, and says what is missing for the rest", async () => {
    const asked = ["--pictures", "density", "samples", "field", "loss", "--out", "some"];
    const [text, json] = await Promise.all([
      thalweg(folder, "plot", "animals", ...asked),
      thalweg(folder, "plot", "animals", ...asked, "--json"),
    ]);
    const files = [join("some", "samples.png"), join("some", "loss.png")];
    expect([text.code, text.stdout]).toEqual([0, files.map((file) => `${file}\n`).join("")]);
    const expected = "states that are points in the plane";
    expect(text.stderr).toBe(`without density: expected ${expected}\nwithout field: expected ${expected}\n`);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      0,
      { run: "animals", files, skipped: ["density", "field"].map((name) => ({ name, expected })) },
    ]);
  }, 60_000);

  it("draws the loss of a model whose samples have no picture", async () => {
    const { code, stdout, stderr } = await thalweg(folder, "plot", "double", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      {
        files: [join("double", "loss.png")],
        skipped: [{ name: "samples", expected: expect.stringContaining("images") }],
      },
    ]);
    expect(stderr).toMatch(/^without samples: a picture: expected samples /);
  });

  it("does without data that are gone, and says so", async () => {
    renameSync(join(folder, "tokens.npy"), join(folder, "moved.npy"));
    const { code, stdout, stderr } = await thalweg(folder, "plot", "tokens");
    expect([code, stdout]).toEqual([0, "tokens/loss.png\ntokens/samples.png\n"]);
    expect(stderr).toMatch(/^without data to compare with: .*tokens.npy could not be read/);
  });
});
