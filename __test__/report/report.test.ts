// Reports: what stands in the file is what the model gives, nothing of a user's becomes markup, and what cannot be is said.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortError,
  arange,
  ConfigError,
  type config,
  DataError,
  DiffusionModel,
  DiscreteFlowMatchingModel,
  DTypeError,
  type FitEvent,
  fitEncoding,
  GuidedDiffusionModel,
  IndependentConditionalFlowModel,
  jsonLinesLog,
  metrics,
  type Report,
  randInt,
  randn,
  report,
  ShapeError,
  Table,
  tensor,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PointView } from "../../ts/src/report/payload.ts";
import { numbers, small } from "../model/support.ts";
import { diffusion, network, payloadOf, rowOf, solver, standing, textOf } from "./support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-report-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plane = randn([400, 2], { seed: 3 }).add(tensor([4, -2]));
const few = { samples: 50, particles: 20, frames: 5 } as const;
const kinds = async (...given: Parameters<typeof report>) =>
  payloadOf(await report(...given)).flow?.views.map(({ kind }) => kind);

/** The points of a page. */
function pointsOf(page: Report): PointView {
  const [view] = payloadOf(page).flow?.views ?? [];
  if (view?.kind !== "points") throw new Error("the page shows no points");
  return view;
}

/** That numbers are those numbers, each up to a bound. */
function expectClose(given: readonly number[], exact: readonly number[], bound: number): void {
  expect(given.length).toBe(exact.length);
  const errors = given.map((value, i) => Math.abs(value - (exact[i] as number)));
  expect(Math.max(...errors)).toBeLessThan(bound);
}

const event = (step: number, more: Partial<FitEvent> = {}): FitEvent => ({
  ...{ step, steps: 100, epoch: 0, loss: 1 / step, gradNorm: 1, learningRate: 1e-3, stepsPerSecond: 5, secondsLeft: 1 },
  ...more,
});

describe("what is drawn", () => {
  it("is the way to the samples that the model gives with the same seed", async () => {
    const model = small();
    await model.fit(plane, { steps: 5 });
    const page = await report(model, { data: plane, ...few, particles: 50, seed: 4 });
    const samples = await model.sample({ batchSize: 50, seed: 4 });
    const view = pointsOf(page);
    const span = Array.from({ length: 5 }, (_, i) => i / 4);
    const states = await model.sampleForwardProcess({ batchSize: 50, seed: 4, tSpan: span });
    expect(payloadOf(page).flow?.times).toEqual([1, 0.75, 0.5, 0.25, 0]);
    for (const [axis, packed] of [view.x, view.y].entries()) {
      const fineness = (packed.high - packed.low) / 65_534;
      for (const frame of [0, 2, 4]) {
        const exact = await numbers(states.select(0, frame).select(1, axis));
        expectClose(rowOf(packed, frame), exact, fineness);
      }
      const last = await numbers(samples.select(1, axis));
      expectClose(rowOf(packed, 4), last, 5e-3);
    }
  });

  it("goes to the axes that are asked for, by number and by name", async () => {
    const model = diffusion(3, 3);
    const page = await report(model, { ...few, axes: ["c", 0], columns: ["a", "b", "c"] });
    const view = pointsOf(page);
    expect(view.names).toEqual(["c", "a"]);
    const samples = await model.sample({ batchSize: 20 });
    expect(rowOf(view.x, 4)[7]).toBeCloseTo((await numbers(samples))[7 * 3 + 2] ?? 9e9, 2);
  });

  it.each([
    ["a number", 1, ["histogram"]],
    ["a vector", 5, ["points"]],
    ["a series", [2, 6], ["series"]],
    ["grey images", [1, 4, 3], ["images"]],
    ["images of two channels", [2, 2, 3], ["series"]],
    ["videos", [3, 2, 2, 2], ["images"]],
    ["parts", { a: 2, image: [1, 2, 2], b: 1 }, ["points", "images"]],
    ["one part of one number", { a: 1 }, ["histogram"]],
  ])("%s has a picture of its kind", async (_, xSize, expected) => {
    const width = JSON.stringify(xSize)
      .match(/\[[^\]]*\]|\d+/g)
      ?.reduce((sum, part) => sum + part.match(/\d+/g)!.reduce((product, size) => product * Number(size), 1), 0);
    expect(await kinds(diffusion(xSize as never, width ?? 0) as never, few)).toEqual(expected);
  });

  it("images of any size fit into the file", async () => {
    const flat = new DiffusionModel({
      xSize: [3, 96, 96],
      path: { type: "gvp" },
      solver,
      model: network(27_649, 27_648),
    });
    const page = await report(flat, { samples: 4, frames: 20 });
    const [view] = payloadOf(page).flow?.views ?? [];
    expect(view?.kind === "images" && view.pixels.shape).toEqual([20, 6, 3, 64, 64]);
    expect(page.toHtml().length).toBeLessThan(3e6);
  });

  it("2000 particles in the plane take less than 1 MB", async () => {
    const page = await report(small(), { data: plane });
    expect(pointsOf(page).x.shape).toEqual([61, 2000]);
    expect(page.toHtml().length).toBeLessThan(1e6);
  });

  it("times follow the path: even on most, on edm as Karras et al. have them", async () => {
    const timesOf = async (path: config.Path) => payloadOf(await report(diffusion(2, 2, path), few)).flow?.times ?? [];
    expectClose(await timesOf({ type: "cosine_vp" }), [0.9946, 0.74595, 0.4973, 0.24865, 0], 1e-12);
    const [low, high] = [0.002 ** (1 / 7), 80 ** (1 / 7)];
    const exact = [0, 1, 2, 3, 4].map((i) => (high + (low - high) * (i / 4)) ** 7);
    expectClose(await timesOf({ type: "edm" }), exact, 1e-9);
  });

  it.each(["edm", "ve", "cosine_vp", "linear"] as const)("a model along %s shows its way", async (type) => {
    const page = payloadOf(await report(diffusion(2, 2, { type }), few));
    expect(page.flow?.times.length).toBe(5);
  });

  it("tokens are exact, and end without masks", async () => {
    const backbone = {
      type: "MultiLayerPerceptron",
      args: { hiddenSizes: [13, 16], outputSize: 12, activation: "silu" },
    } as const;
    const model = new DiscreteFlowMatchingModel({
      xSize: [2, 2],
      vocabulary: 3,
      model: { type: "data_prediction_function", args: { backbone } },
    });
    const data = randInt(0, 3, [40, 2, 2], { seed: 1 });
    const page = await report(model, { data, ...few });
    const [view] = payloadOf(page).flow?.views ?? [];
    if (view?.kind !== "tokens") throw new Error("no tokens");
    expect(view.tokens.shape).toEqual([5, 20, 2, 2]);
    expect(new Set(rowOf(view.tokens, 0))).toEqual(new Set([3]));
    expect(rowOf(view.tokens, 4)).toEqual(await numbers(await model.sample({ batchSize: 20 })));
    expect(textOf(page)).toContain("Total variation between shares of tokens");
  });

  it("a pair of models is sampled as a pair", async () => {
    const [base, guided] = [small(1), small(2)];
    const pair = new GuidedDiffusionModel({ base, guided });
    const page = await report(pair, { data: plane, ...few, sampling: { guidanceScale: 3 } });
    const view = pointsOf(page);
    const samples = await numbers((await pair.sample({ batchSize: 20, guidanceScale: 3 })).select(1, 0));
    expectClose(rowOf(view.x, 4), samples, 5e-3);
    expect(textOf(page)).toContain("a pair of DiffusionModels");
  });

  it("samples that are conditioned have their conditions one after the other, again and again", async () => {
    const model = new DiffusionModel({
      xSize: 2,
      conditionSize: 1,
      path: { type: "gvp" },
      solver,
      model: network(4, 2),
    });
    const condition = tensor([[7]]);
    const view = pointsOf(await report(model, { condition, ...few }));
    const all = await model.sample({ condition: condition.repeat([20, 1]) });
    const exact = await numbers(all.select(1, 0));
    expectClose(rowOf(view.x, 4), exact, 5e-3);
  });

  it("columns of a table are in the user's units and categories", async () => {
    const count = 60;
    const table = Table.fromColumns({
      height: Float64Array.from({ length: count }, (_, i) => 170.5 + (i % 7)),
      children: Float64Array.from({ length: count }, (_, i) => i % 3),
      sport: Array.from({ length: count }, (_, i) => (i % 3 === 0 ? "golf" : "judo")),
      day: Array.from({ length: count }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i))),
    });
    const encoding = await fitEncoding(table);
    const width = encoding.width;
    const model = new DiffusionModel({
      ...{ xSize: width, data: encoding, path: { type: "gvp" }, solver, model: network(width + 1, width) },
    } as const);
    const { marginals = [] } = payloadOf(await report(model, { data: table, ...few }));
    expect(marginals.map(({ name, kind }) => [name, kind])).toEqual([
      ["height", "numbers"],
      ["children", "categories"],
      ["sport", "categories"],
      ["day", "dates"],
    ]);
    const [height, children, sport, day] = marginals;
    if (children?.kind !== "categories") throw new Error("kinds");
    const numbers = children.labels.map(Number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect([0, 1, 2].map((value) => children.data?.[numbers.indexOf(value)])).toEqual([0.33333, 0.33333, 0.33333]);
    if (height?.kind !== "numbers" || sport?.kind !== "categories" || day?.kind !== "dates") throw new Error("kinds");
    const bin = (height.high - height.low) / (height.data?.length ?? 1);
    expect(height.data?.reduce((sum, density) => sum + density * bin, 0)).toBeCloseTo(1, 4);
    expect(Object.fromEntries(sport.labels.map((label, i) => [label, sport.data?.[i]]))).toEqual({
      judo: 0.66667,
      golf: 0.33333,
    });
    expect(day.low).toBeLessThanOrEqual(Date.UTC(2024, 0, 1));
  });
});

describe("figures", () => {
  it("are exact where the samples are: a flow that stands still gives its starts", async () => {
    const flow = await standing();
    const [x0, x1] = [randn([600, 2], { seed: 5 }), randn([600, 2], { seed: 6 })];
    const same = await report(flow, { data: { x0: x1, x1 }, samples: 600, frames: 2, particles: 600 });
    const view = pointsOf(same);
    expect(rowOf(view.x, 1)).toEqual(rowOf(view.x, 0));
    const shifted = await report(flow, { data: { x0: x0.add(tensor([30, 0])), x1 }, ...few, samples: 300 });
    // The mean over directions of 30² cos² is 450.
    const [, distance] = /Sliced Wasserstein distance to the data +([\d.]+)/.exec(textOf(shifted)) ?? [];
    expect(Number(distance)).toBeGreaterThan(0.93 * Math.sqrt(450));
    expect(Number(distance)).toBeLessThan(1.07 * Math.sqrt(450));
  });

  it("are those of metrics, of the same rows", async () => {
    const flow = await standing();
    const rows = randn([8, 2], { seed: 1 });
    const text = textOf(await report(flow, { data: rows, x0: rows.mul(3), samples: 4, frames: 2 }));
    const [, own, floor] =
      /Sliced Wasserstein.*?([\d.]+) +[\d.]+ times that of two halves of the data, ([\d.]+)/s.exec(text) ?? [];
    // One permutation for data and starts: the first four rows, three times as large, and the two halves.
    const { permutation } = await import("../../ts/src/data/permutation.ts");
    const order = rows.indexSelect(0, tensor(await permutation(8, 0)));
    const [first, second] = [order.narrow(0, 0, 4), order.narrow(0, 4, 4)];
    expect(Number(own)).toBeCloseTo(await metrics.slicedWasserstein(first.mul(3), first), 2);
    expect(Number(floor)).toBeCloseTo(await metrics.slicedWasserstein(second, first), 2);
  });

  it("the likelihood is that of the model, and of large states only where it is asked for", async () => {
    const model = small();
    const text = textOf(await report(model, { data: plane.narrow(0, 0, 100), ...few }));
    const { mean } = await metrics.nll((await model.logProb(plane.narrow(0, 0, 100))).logProb);
    const [, own] = /Negative log-likelihood of the data +(-?[\d.]+)/.exec(text) ?? [];
    expect(Number(own)).toBeCloseTo(mean, 1);
    const wide = diffusion(65, 65);
    const data = randn([10, 65]);
    expect(textOf(await report(wide, { data, ...few }))).toContain("states of 65 numbers");
    expect(textOf(await report(wide, { data, ...few, likelihood: true }))).toContain("nats per row");
    expect(textOf(await report(wide, { data, ...few, likelihood: false }))).not.toContain("likelihood");
  });

  it("the likelihood of a table is that of its rows in their own units; where they have none, the page says why", async () => {
    const size = (factor: number) => Float64Array.from({ length: 80 }, (_, i) => factor * Math.sin(i));
    const kind = Array.from({ length: 80 }, (_, i) => (i % 3 === 0 ? "cat" : "eel"));
    const modelOf = async (table: Table) => {
      const encoding = await fitEncoding(table);
      const { width } = encoding;
      const dimensions = { xSize: width, model: network(width + 1, width) } as const;
      return new DiffusionModel({ data: encoding, path: { type: "gvp" }, solver, ...dimensions } as const);
    };
    const numbers = Table.fromColumns({ size: size(1000), mass: size(5) });
    const model = await modelOf(numbers);
    const { mean } = await metrics.nll((await model.logProb(numbers)).logProb);
    const text = textOf(await report(model, { data: numbers, ...few }));
    const [, own, remark] = /Negative log-likelihood of the data +(-?[\d.]+) +([^±]+)/.exec(text) ?? [];
    expect(Number(own)).toBeCloseTo(mean, 1);
    expect(remark).toBe("nats per row; ");
    const mixed = Table.fromColumns({ size: size(1), kind });
    const other = textOf(await report(await modelOf(mixed), { data: mixed, ...few }));
    const why = 'none: expected columns of numbers or dates alone, got "kind" of categories';
    const unescaped = other.replaceAll("&quot;", '"');
    expect(unescaped).toMatch(new RegExp(`Negative log-likelihood of the data +– +${why}`));
    expect(unescaped).not.toContain("nats per row");
    const rows = await (await modelOf(mixed)).encoding.encode(mixed);
    expect(textOf(await report(await modelOf(mixed), { data: rows, ...few }))).toContain(
      "nats per row, of encoded rows",
    );
  });

  it("the course is that of the log, thinned, and keeps every validation loss", async () => {
    const log = Array.from({ length: 9000 }, (_, i) => event(i + 1, i % 1000 === 7 ? { validationLoss: i } : {}));
    const page = await report(small(), { ...few, log: [...log, event(9001, { loss: Number.NaN })] });
    const { step = [], loss = [], validationLoss = [] } = payloadOf(page).course ?? {};
    expect(step.length).toBeLessThan(2100);
    expect(validationLoss.filter((value) => value !== null)).toEqual([
      7, 1007, 2007, 3007, 4007, 5007, 6007, 7007, 8007,
    ]);
    expect([step.at(-1), loss.at(-1)]).toEqual([9001, null]);
    expect(loss[0]).toBe(1);
    expect(textOf(page)).toContain("best 7");
  });

  it("a log is read from its file, too", async () => {
    const [model, file] = [small(), join(folder, "log.jsonl")];
    await model.fit(plane, { steps: 12, log: jsonLinesLog(file), validation: { data: plane, every: 4 } });
    const { course } = payloadOf(await report(model, { ...few, log: file }));
    expect(course?.step.at(-1)).toBe(12);
    expect(course?.validationLoss.some((value) => value !== null)).toBe(true);
    expect(payloadOf(await report(model, { ...few, log: folder })).course).toEqual(course);
  });

  it("what the model is stands there", async () => {
    const model = small(42);
    await model.fit(plane, { steps: 3 });
    const text = textOf(await report(model, few)).replace(/\s+/g, " ");
    for (const row of ["class DiffusionModel", "path linear_vp_sde", "parameterization velocity_function", "seed 42"])
      expect(text).toContain(row);
    expect(text).toMatch(/steps trained 3 .*device cpu/);
    expect(text).toContain("network MultiLayerPerceptron");
    expect(text).toContain(`${(3 * 32 + 32 + 32 * 32 + 32 + 32 * 2 + 2).toLocaleString("en-GB")}`);
  });
});

describe("what cannot be", () => {
  it("is said where a condition is missing, and where starts are", async () => {
    const model = new DiffusionModel({
      xSize: 2,
      conditionSize: 1,
      path: { type: "gvp" },
      solver,
      model: network(4, 2),
    });
    const page = await report(model, { data: plane, ...few });
    expect(payloadOf(page)).toEqual({});
    expect(textOf(page)).toContain("No samples could be drawn. condition: missing");
    const flow = new IndependentConditionalFlowModel({ xSize: 2, solver, model: network(3, 2) });
    await flow.fit({ x0: plane, x1: plane }, { steps: 1 });
    expect(textOf(await report(flow, { data: plane, ...few }))).toContain("x0: missing");
    const whole = textOf(await report(flow, { data: { x0: plane, x1: plane }, ...few }));
    expect(whole).toContain("from the source at t = 0");
    expect(whole).toContain("the density of a source known by samples is not known");
  });

  it("is said where there are too few data to measure", async () => {
    expect(textOf(await report(small(), { data: plane.narrow(0, 0, 3), ...few }))).toContain("at least four rows");
  });

  it.each([
    ["frames", { frames: 1 }],
    ["samples", { samples: 0 }],
    ["range", { range: [1, 1] }],
    ["seed", { seed: 0.5 }],
    ["axes", { axes: [0, 2] }],
    ["axes", { axes: [0] }],
    ["columns", { columns: ["x"] }],
    ["title", { title: 3 }],
    ["log", { log: 3 }],
    ["report: colour", { colour: "red" }],
  ])("%s is checked", async (path, settings) => {
    const wrong = report(small(), { ...few, ...(settings as object) });
    await expect(wrong).rejects.toBeInstanceOf(ConfigError);
    await expect(wrong).rejects.toMatchObject({ path });
  });

  it("options of sampling that the model does not have fail as they do there", async () => {
    const solver = { type: "ODESolver", args: { method: "nonsense" } } as never;
    await expect(report(small(), { ...few, sampling: { solver } })).rejects.toBeInstanceOf(ConfigError);
    await expect(report({} as never)).rejects.toBeInstanceOf(ConfigError);
  });

  it("a signal ends it", async () => {
    const sampling = { signal: AbortSignal.abort() };
    await expect(report(small(), { ...few, sampling })).rejects.toBeInstanceOf(AbortError);
  });

  it("a file is whole, and ends in .html", async () => {
    const page = await report(small(), few);
    await page.save(join(folder, "page.html"));
    expect(readFileSync(join(folder, "page.html"), "utf8")).toBe(page.toHtml());
    await expect(page.save(join(folder, "page.txt"))).rejects.toBeInstanceOf(ConfigError);
  });
});

describe("data that are wrong", () => {
  const withNaN = (rows: number, at: number) =>
    tensor(Array.from({ length: rows }, (_, row) => [row, row === at ? Number.NaN : 1]));
  const tokens = () =>
    new DiscreteFlowMatchingModel({
      xSize: 2,
      vocabulary: 3,
      model: { ...network(7, 6), type: "data_prediction_function" },
    });
  const parts = () => diffusion({ a: 2, b: 1 }, 3);

  it.each<[string, () => Promise<Report>, new (message: string) => Error, string]>([
    [
      "numbers that are none",
      () => report(small(), { data: withNaN(40, 7), ...few }),
      DataError,
      "data: row 7, column 1 is not a finite number: expected finite numbers, got NaN. Remedy: leave such rows out",
    ],
    [
      "numbers that are none in few rows",
      () => report(small(), { data: withNaN(2, 0), ...few }),
      DataError,
      "data: row 0, column 1 is not a finite number: expected finite numbers, got NaN",
    ],
    [
      "numbers that are none among starts",
      async () => report(await standing(), { data: { x0: withNaN(9, 8), x1: plane }, ...few }),
      DataError,
      "data.x0: row 8, column 1 is not a finite number: expected finite numbers, got NaN",
    ],
    [
      "numbers that are infinite in a part",
      () => report(parts(), { data: { a: plane, b: plane.select(1, 0).unsqueeze(1).div(0) }, ...few }),
      DataError,
      "data.b: row 0, column 0 is not a finite number: expected finite numbers, got Infinity",
    ],
    [
      "another width",
      () => report(small(), { data: randn([40, 3]), ...few }),
      ShapeError,
      "data: wrong shape: expected [N, 2], got [40, 3]. Remedy: xSize: 3 in the config",
    ],
    [
      "a row alone",
      () => report(small(), { data: randn([2]), ...few }),
      ShapeError,
      "data: wrong shape: expected [N, 2], got [2]. Remedy: data.unsqueeze(0)",
    ],
    [
      "parts of different lengths",
      () => report(parts(), { data: { a: plane, b: randn([30, 1]) }, ...few }),
      ShapeError,
      "data.b: wrong number of rows: expected 400, got 30",
    ],
    [
      "no rows",
      () => report(small(), { data: randn([0, 2]), ...few }),
      DataError,
      "data: no data: expected at least one row, got 0 rows",
    ],
    [
      "integers where numbers are expected",
      () => report(small(), { data: randInt(0, 9, [40, 2]), ...few }),
      DTypeError,
      'data: expected f32, got i64. Remedy: data.cast("f32")',
    ],
    [
      "numbers where tokens are expected",
      () => report(tokens(), { data: plane, ...few }),
      DTypeError,
      "data: expected i64, got f32",
    ],
    [
      "numbers that are no tokens",
      () =>
        report(tokens(), {
          data: tensor([
            [0n, 1n],
            [2n, 5n],
          ]),
          ...few,
        }),
      DataError,
      "data: row 1, position 1 is no token: expected tokens from 0 to 2, got 5",
    ],
  ])("%s are an error that says what was expected and got", async (_, make, kind, message) => {
    const made = make();
    await expect(made).rejects.toThrow(kind);
    await expect(made).rejects.toThrow(message);
    const { expected, got } = await made.catch((error) => error);
    expect(message).toContain(`expected ${expected}`);
    expect(message).toContain(`got ${got}`);
  });

  it("a condition that is no number is one, too", async () => {
    const model = new DiffusionModel({
      xSize: 2,
      conditionSize: 1,
      path: { type: "gvp" },
      solver,
      model: network(4, 2),
    });
    const made = report(model, { condition: tensor([[1], [Number.NaN]]), ...few });
    await expect(made).rejects.toThrow("condition: row 1, column 0 is not a finite number");
  });
});

describe("safety", () => {
  const evil = "</script><script>window.evil = 1</script><!-- & \"' \u2028";

  it("no name becomes markup, wherever it stands", async () => {
    const data = { [evil]: arange(0, 24).reshape([12, 2]) };
    const model = diffusion({ [evil]: 2 }, 2);
    const page = await report(model, { data: data as never, title: evil, ...few });
    const html = page.toHtml();
    expect(html.match(/<script/g)?.length).toBe(2);
    expect(html.match(/<\/script>/g)?.length).toBe(2);
    expect(html).not.toContain("<!--");
    expect(payloadOf(page).marginals?.[0]?.name).toBe(`${evil}[0]`);
  });

  it("names nothing that lies outside of the file", async () => {
    const html = (await report(small(), { data: plane, ...few })).toHtml();
    const addresses = (html.match(/\bhttps?:[^\s"'`)]+/g) ?? []).filter(
      (found) => found !== "http://www.w3.org/2000/svg",
    );
    expect(addresses).toEqual([]);
    expect(html).toContain("default-src &#39;none&#39;");
    expect(html).not.toMatch(/\b(src|href)=(?!"data:,")/);
  });
});
