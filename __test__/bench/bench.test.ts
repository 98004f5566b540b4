// npm run bench, as far as it is plumbing: arguments, floors, verdicts and the report. What it measures is not tested here.
// No test takes the time of anything.
import { describe, expect, it } from "vitest";
import { parse } from "../../bench/lib/arguments.ts";
import { bestPeer, type Contestant, type Entry, met, ofFloor, quotient, type Result } from "../../bench/lib/entry.ts";
import { forwardFlops, stepFloor, stepFlops } from "../../bench/lib/floor.ts";
import { judge } from "../../bench/lib/gauge.ts";
import { specOf } from "../../bench/lib/picture.ts";
import { outcomeOf } from "../../bench/lib/record.ts";
import { digits, report } from "../../bench/lib/report.ts";
import { median } from "../../bench/lib/statistics.ts";
import { rows } from "../../bench/rows/index.ts";
import { CONV, DIT, GREY, NET, PLANE, step } from "../../bench/rows/networks.ts";

const quiet = judge([100e9, 99e9], [200e9, 198e9], [40e9], 2);
const contestant = (name: string, side: Contestant["side"], x?: number): Contestant => ({
  name,
  side,
  request: step(NET, PLANE, 512),
  ...(x !== undefined && { point: { series: name, x } }),
});
const result = (gauge = quiet): Result => ({
  gauges: [gauge],
  measured: [
    { contestant: contestant("ours", "ours"), values: [0.02, 0.03, 0.022], reply: {}, floor: 0.018 },
    { contestant: contestant("PyTorch", "torch"), values: [0.04, 0.05, 0.041], reply: {} },
    { contestant: contestant("JAX jit", "jax"), values: [0.03, 0.031, 0.03], reply: {} },
    { contestant: contestant("torch.compile", "torch"), values: [], reply: {}, error: "no compiler" },
  ],
});
const entry: Entry = {
  name: "train-512",
  title: "a step",
  unit: "ms",
  groups: () => [],
  bars: [bestPeer(1.4), ofFloor(0.95), quotient("ours", "PyTorch", 0.6)],
};

describe("the arguments", () => {
  const known = ["train-128", "train-512", "dit"];
  it("name rows or their beginnings, in the order of the rows", () => {
    expect(parse([], known)).toEqual({ list: false, quick: false, names: known });
    expect(parse(["--quick", "dit", "train"], known)).toEqual({ list: false, quick: true, names: known });
    expect(parse(["train-512", "--list"], known)).toEqual({ list: true, quick: false, names: ["train-512"] });
  });
  it("are refused where nothing has that name", () => {
    expect(() => parse(["trai"], known)).toThrow("No row trai; there are: train-128, train-512, dit.");
    expect(() => parse(["--fast"], known)).toThrow(/Usage: npm run bench.*got --fast/);
  });
});

describe("the floor", () => {
  it("of the net counts every weight three times but those of its first layers", () => {
    const weights = forwardFlops(NET, PLANE) / 2;
    // 1,429,698 parameters, of which 6,338 are biases.
    expect(weights).toBe(1_429_698 - 6_338);
    const withoutGradient = 32 * 32 + 2 * (2 * 512);
    expect(stepFlops(NET, PLANE)).toBe(2 * (3 * weights - withoutGradient));
  });
  it("adds a pass of the optimiser to the products at the peak", () => {
    const seconds = stepFloor(NET, PLANE, 4096, 1e6, quiet);
    expect(seconds).toBeCloseTo((4096 * stepFlops(NET, PLANE)) / 200e9 + 36e6 / 40e9, 12);
  });
  it("of a transformer has the products of attention, and of a convolution its windows", () => {
    const block = 64 * 192 * (3 * 192 + 2 * 64 + 192 + 8 * 192) + 6 * 192 * 192;
    const ends = 64 * 2 * 16 * 192 + 32 * 192 + 192 * 192 + 2 * 192 * 192;
    expect(forwardFlops(DIT, GREY)).toBe(2 * (6 * block + ends));
    expect(forwardFlops(CONV, [3, 32, 32])).toBe(
      2 * (32 * 32 + 9 * (1024 * 3 * 32 + 256 * 32 * 64 + 256 * 64 * 64 + 1024 * 96 * 32 + 1024 * 32 * 3)),
    );
  });
});

describe("the machine", () => {
  it("is quiet where its product scales and does not vary", () => {
    expect(quiet).toMatchObject({ peak: 200e9, bandwidth: 40e9, busy: "" });
  });
  it("is busy where one of them fails", () => {
    expect(judge([100, 100], [160, 160], [], 2).busy).toBe("2 threads multiply 1.60 times as fast as one");
    expect(judge([100, 100], [200, 170], [], 2).busy).toBe("its product varies by 15 %");
    expect(judge([100, 100], [100, 100], [], 1).busy).toBe("");
  });
});

describe("a bar", () => {
  it("compares minima, with the best peer that has any", () => {
    const [peer, floor, byTorch] = entry.bars;
    expect(peer.of(result())).toBeCloseTo(1.5, 12);
    expect(met(peer, result())).toBe(true);
    expect(floor.of(result())).toBeCloseTo(0.9, 12);
    expect(met(floor, result())).toBe(false);
    expect(met(byTorch, result())).toBe(true);
    expect(met(quotient("ours", "nobody", 1), result())).toBeUndefined();
  });
  it("is undecided on a busy machine", () => {
    const words = (found: Result) => outcomeOf(entry, found).verdicts.map((verdict) => verdict.met);
    expect(words(result())).toEqual(["met", "not met", "met"]);
    expect(words(result({ ...quiet, busy: "it varies" }))).toEqual(["undecided", "undecided", "undecided"]);
  });
});

describe("the rows", () => {
  it("have names of their own, and contestants of names of their own", async () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    const ask = async () => ({ seconds: [], first: 0, peak: 0 });
    for (const { groups } of rows.filter(({ name }) => name !== "likelihood")) {
      const names = (await groups({ threads: 2, quick: false, ask })).flat().map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe("the report", () => {
  const run = {
    machine: "2 processors",
    versions: { thalweg: "0.1.0", JAX: "0.10" },
    products: [{ side: "ours", one: 100e9, all: 200e9 }],
    missing: ["dit"],
    outcomes: [outcomeOf(entry, result())],
  };
  it("has every bar with its verdict, and every contestant with its times", () => {
    const text = report(run);
    expect(text).toContain("3 bars: 2 met, 1 not met, 0 undecided.\n\nNot run: dit.");
    expect(text).toContain("| a step | best peer ÷ ours | 1.5 | ≥ 1.4 | met |");
    expect(text).toContain("|  | floor ÷ ours | 0.9 | ≥ 0.95 | **not met** |");
    expect(text).toContain("| PyTorch | 40 ms | 41 ms | 2 |");
    expect(text).toContain("| torch.compile | no compiler | – |");
    expect(text).toContain("| thalweg | 100 GFLOP/s | 200 GFLOP/s | 2 |");
  });
  it("shows growth as one column per series, and draws it", () => {
    const measured = [64, 128].flatMap((x) => [
      { contestant: contestant("ours", "ours", x), values: [x / 1e4], reply: {}, floor: x / 2e4 },
      { contestant: contestant("JAX jit", "jax", x), values: [x / 1e3], reply: {} },
    ]);
    const grown = outcomeOf({ ...entry, name: "growth-batch", bars: [] }, { gauges: [quiet], measured });
    expect(report({ ...run, outcomes: [grown] })).toContain("| 128 | 12.8 ms | 128 ms | 6.4 ms |");
    expect(JSON.stringify(specOf([grown]))).toContain('{"series":"floor","x":64,"y":50}');
  });
  it("writes three digits", () => {
    expect([1234.5, 123.4, 12.34, 0.012345].map(digits)).toEqual(["1235", "123", "12.3", "0.0123"]);
    expect(median([3, 1, 2, 10])).toBe(2.5);
  });
});
