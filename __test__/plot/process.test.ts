// Pictures of a model's process: states, velocities and densities are where and what the model says, at the times that are asked for.
import {
  ConfigError,
  type config,
  customPath,
  DiffusionModel,
  IndependentConditionalFlowModel,
  plot,
  randn,
  ShapeError,
  type Tensor,
  tensor,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { statesAt } from "../../ts/src/plot/process.ts";
import { smoothedBins } from "../../ts/src/plot/smoothing.ts";
import { Times } from "../../ts/src/plot/times.ts";
import { data, mlp, numbers, planar, small } from "../model/support.ts";
import { marks, paths, texts } from "./support.ts";

const flow = () =>
  new IndependentConditionalFlowModel({ xSize: 2, model: { type: "velocity_function", args: { backbone: mlp } } });

/** A model in the plane that does what is told. */
function made(more: Partial<plot.FieldModel & plot.DensityModel> = {}): plot.FieldModel & plot.DensityModel {
  return {
    config: { xSize: 2 },
    sampleForwardProcess: async ({ tSpan }: { tSpan: number[] }) => randn([tSpan.length, 40, 2], { seed: 1 }),
    velocityFunction: (_t: number, x: Tensor) => x.mul(0).add(1),
    info: async () => ({ normalization: null }),
    logProb: async (x: Tensor) => ({ logProb: x.square().sum(1).neg() }),
    ...more,
  } as plot.FieldModel & plot.DensityModel;
}

describe("times", () => {
  const all: config.Path[] = [
    { type: "linear_vp_sde" },
    { type: "linear" },
    { type: "gvp" },
    { type: "ve" },
    { type: "edm" },
    { type: "edm", sigmaMin: 0.1, sigmaMax: 9 },
    { type: "cosine_vp" },
    { type: "sub_vp" },
    { type: "polynomial" },
    { type: "polynomial_convex" },
    customPath({ scale: (t) => t.neg().add(1), std: (t) => t }, { tMax: 0.9 }),
  ];

  it.each(all.map((path) => [path.type, path] as const))("end where those of the path %s do", async (_, path) => {
    const model = new DiffusionModel({ ...planar(), xSize: 2, path });
    const [noise, end] = new Times(model).ends;
    const reached = (t: number) => model.sampleForwardProcess({ batchSize: 1, tSpan: [0, noise - t] });
    expect((await reached(end)).shape).toEqual([2, 1, 2]);
    await expect(reached(end - 0.01 - end)).rejects.toThrow(new RegExp(`times ≤ ${noise}\\b`));
  });

  it("of a flow go from its source to the data, evenly; along edm they are spread as noise levels are", () => {
    expect(new Times(flow()).spread(5)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(new Times(small()).spread(3)).toEqual([1, 0.5, 0]);
    const edm = new Times(new DiffusionModel({ ...planar(), xSize: 2, path: { type: "edm" } })).spread(3);
    expect(edm[0]).toBe(80);
    expect(edm[1]).toBeCloseTo(((80 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7, 9);
    expect(edm[2]).toBe(0.002);
  });

  it("are put into the order of sampling", () => {
    expect(new Times(small()).ordered([0, 1, 0.3])).toEqual([1, 0.3, 0]);
    expect(new Times(flow()).ordered([0.3, 1, 0])).toEqual([0, 0.3, 1]);
  });

  it.each([
    ["beyond the end", [0.5, 1.5]],
    ["twice", [0.5, 0.5]],
    ["none", []],
    ["no number", [Number.NaN]],
  ])("that are %s are refused", (_, times) => {
    expect(() => new Times(small()).ordered(times)).toThrow(ConfigError);
  });

  it("are reached as the settings say: with their solver, guidance and weights", async () => {
    const calls: object[] = [];
    const of = (name: string) => (settings: object) => calls.push({ name, ...settings });
    const model = made({
      sampleForwardProcess: async (settings: object) => {
        of("states")(settings);
        return randn([2, 5, 2]);
      },
      velocityFunction: (_t: number, x: Tensor, settings: object) => {
        of("velocity")(settings);
        return x;
      },
      logProb: async (x: Tensor, settings: object) => {
        of("density")(settings);
        return { logProb: x.sum(1) };
      },
    });
    const drawing = { guidance: { scale: 2 }, weights: "raw" } as const;
    const solver = { type: "ODESolver", args: { method: "euler", steps: 3 } } as const;
    await plot.snapshots(model, { ...drawing, solver, times: [0, 1] }).toSvg();
    await plot.field(model, { ...drawing, solver, t: 1, grid: 2 }).toSvg();
    await plot.density(model, { ...drawing, solver, grid: 2 }).toSvg();
    const states = { name: "states", ...drawing, solver };
    expect(calls).toEqual([
      expect.objectContaining(states),
      expect.objectContaining(states),
      { name: "velocity", weights: "raw" },
      expect.objectContaining(states),
      expect.objectContaining({ name: "density", ...drawing, solver }),
    ]);
  });

  it("of a model's states are those of its samples", async () => {
    const model = small();
    const states = await statesAt(model, [0.5, 0], { count: 7, seed: 3 }, 1);
    expect(states.shape).toEqual([2, 7, 2]);
    const end = await numbers(await model.sample({ batchSize: 7, seed: 3, tSpan: [0, 0.5, 1] }));
    expect(await numbers(states.narrow(0, 1, 1))).toEqual(end);
    const x0 = randn([5, 2], { seed: 9 });
    const [first] = [await statesAt(flow(), [0, 0.5], { x0 }, 1)];
    expect(first.shape).toEqual([2, 5, 2]);
    expect(await numbers(first.narrow(0, 0, 1))).toEqual(await numbers(x0));
  });

  it("of a conditional model are those under its condition", async () => {
    const backbone = { ...mlp, args: { ...mlp.args, hiddenSizes: [6, 32] } } as const;
    const config = planar({ model: { type: "velocity_function", args: { backbone } } });
    const model = new DiffusionModel({ ...config, xSize: 2, conditionSize: 3 });
    const condition = tensor([[1, 2, 3]]);
    expect((await statesAt(model, [0.5, 0], { count: 4, condition }, 1)).shape).toEqual([2, 4, 2]);
    const x = { x: [-1, 1], y: [-1, 1] } as const;
    expect(await plot.field(model, { ...x, t: 0.5, grid: 3, condition, count: 5 }).toSvg()).toMatch(/^<svg /);
    expect(await plot.density(model, { ...x, grid: 3, condition }).toSvg()).toMatch(/^<svg /);
  });
});

/** Points of a panel. */
const points = (svg: string) =>
  marks(svg, "symbol")
    .filter((group) => group.includes("role-mark"))
    .map((group) => paths(group).length);

describe("plot.snapshots", () => {
  it("shows a model at its times, named, in the order of sampling", async () => {
    const svg = await plot.snapshots(small(), { times: [0, 0.25, 1], count: 20, columns: ["a", "b"] }).toSvg();
    expect(points(svg)).toEqual([20, 20, 20]);
    expect(texts(svg).filter((text) => text?.startsWith("t = "))).toEqual(["t = 1", "t = 0.25", "t = 0"]);
    expect(texts(svg).filter((text) => text === "a").length).toBe(3);
  });

  it("shows the entries of trajectories, and other coordinates", async () => {
    const svg = await plot.snapshots(randn([3, 8, 4]), { axes: [1, 3] }).toSvg();
    expect(points(svg)).toEqual([8, 8, 8]);
    expect(texts(svg)).toContain("entry = 2");
    expect(texts(await plot.snapshots(randn([2, 8, 2]), { times: [0.5, 1] }).toSvg())).toContain("t = 0.5");
  });

  it("has the same axes in all panels, unless the process changes its scale", async () => {
    const axes = (svg: string) => new Set(svg.match(/X-axis [^"]*values from [^"]*/g)).size;
    const two = (factor: number) =>
      tensor([
        [
          [0, 0],
          [1, 1],
        ],
        [
          [0, 0],
          [factor, factor],
        ],
      ]);
    expect(axes(await plot.snapshots(two(3)).toSvg())).toBe(1);
    expect(axes(await plot.snapshots(two(30)).toSvg())).toBe(2);
    expect(axes(await plot.snapshots(two(30), { like: data(10) }).toSvg())).toBe(1);
  });

  it.each<[string, Tensor, plot.SnapshotSettings, new (message: string) => Error]>([
    ["samples without times", randn([5, 2]), {}, ShapeError],
    ["a coordinate that is not there", randn([2, 5, 2]), { axes: [0, 2] }, ShapeError],
    ["another number of times", randn([2, 5, 2]), { times: [1] }, ConfigError],
  ])("refuses %s", async (_, states, settings, error) => {
    await expect(plot.snapshots(states, settings).toSvg()).rejects.toThrow(error);
  });
});

describe("plot.field", () => {
  /** Where arrows stand, and where they point to, in degrees clockwise from the top. */
  const arrows = (svg: string) =>
    [...(marks(svg, "symbol").at(-1) ?? "").matchAll(/translate\(([\d.]+),([\d.]+)\) rotate\((-?[\d.]+)\)/g)].map(
      ([, x, y, angle]) => [x, y, angle].map((number) => Math.round(Number(number))),
    );
  const window = { x: [0, 2], y: [0, 2], t: 0.5 } as const;

  it("has arrows at the centres of its cells, in the direction of the velocity", async () => {
    const velocityFunction = (_t: number, x: Tensor) => x.sub(tensor([1, 1])); // away from (1, 1)
    const svg = await plot.field(made({ velocityFunction }), { ...window, grid: 2, below: false }).toSvg();
    expect(arrows(svg)).toEqual([
      [80, 240, -135],
      [240, 240, 135],
      [80, 80, -45],
      [240, 80, 45],
    ]);
  });

  it("points where samples go: along t of a flow, against t of a diffusion model, which starts from noise at t = 1", async () => {
    const settings = { ...window, grid: 1, below: false } as const;
    const velocityFunction = (_t: number, x: Tensor) => x.mul(0).add(tensor([1, 0]));
    const angle = async (model: plot.FieldModel) => arrows(await plot.field(model, settings).toSvg())[0]?.[2];
    const of = (model: plot.FieldModel) => Object.assign(model, { velocityFunction });
    expect(await angle(of(flow() as never))).toBe(90);
    expect(await angle(of(small() as never))).toBe(-90);
  });

  it("points where a real model's samples go next", async () => {
    const model = small();
    await model.fit(data(), { steps: 20, batchSize: 64, progress: false });
    const [t, next, [x, y]] = [0.5, 0.49, [5, 5]] as const;
    const states = await numbers(
      await statesAt(
        model,
        [t, next],
        { count: 1, seed: 2, solver: { type: "ODESolver", args: { method: "rk4", steps: 200 } } },
        1,
      ),
    );
    const [a = 0, b = 0, c = 0, d = 0] = states;
    const [there] = arrows(
      await plot.field(model, { t, grid: 1, below: false, x: [a - x, a + x], y: [b - y, b + y] }).toSvg(),
    );
    expect(Math.abs(((there?.[2] ?? 0) - (Math.atan2(c - a, d - b) * 180) / Math.PI) % 360)).toBeLessThan(3);
  });

  it("has one scale of speeds in all panels, which is explained once", async () => {
    const velocityFunction = (t: number, x: Tensor) => x.mul(0).add(tensor([10 * t, 0]));
    const settings = { x: [0, 2], y: [0, 2], grid: 3, below: false } as const;
    const svg = await plot.field(made({ velocityFunction }), { ...settings, t: [0.1, 0.5, 0.9] }).toSvg();
    expect(texts(svg).filter((text) => text === "speed").length).toBe(1);
    const fills = marks(svg, "symbol")
      .filter((group) => group.includes("role-mark"))
      .map((group) => new Set(group.match(/fill="rgb[^"]+"/g)));
    expect(fills.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set(fills.flatMap((each) => [...each])).size).toBe(3);
  });

  it("points in the directions of the picture, also where its axes have different scales", async () => {
    const settings = { x: [0, 20], y: [0, 2], t: 0.5, grid: 1, below: false } as const;
    const velocityFunction = (_t: number, x: Tensor) => x.mul(0).add(tensor([10, 1]));
    expect(arrows(await plot.field(made({ velocityFunction }), settings).toSvg())).toEqual([[160, 160, 45]]);
  });

  it("is in the units of the data", async () => {
    const asked: number[][] = [];
    const model = made({
      info: async () => ({ normalization: [{ mean: [1, -1], std: [2, 0.5] }] }),
      velocityFunction: (_t: number, x: Tensor) => {
        void numbers(x).then((all) => asked.push(all));
        return x.mul(0).add(tensor([1, 4]));
      },
    });
    const svg = await plot.field(model, { x: [2, 4], y: [0, 2], t: 0.5, grid: 1, below: false }).toSvg();
    expect(asked).toEqual([[1, 4]]); // (3 − 1)/2, (1 + 1)/0.5
    expect(arrows(svg)).toEqual([[160, 160, 45]]); // 1 · 2, 4 · 0.5
  });

  it("asks a real model at each time, and draws its states below", async () => {
    const model = small();
    await model.fit(data(), { steps: 5, batchSize: 64, progress: false });
    const svg = await plot.field(model, { t: [0.2, 0.8], grid: 4, count: 30 }).toSvg();
    expect(points(svg)).toEqual([30, 16, 30, 16]);
    expect(texts(svg).filter((text) => text?.startsWith("t = "))).toEqual(["t = 0.8", "t = 0.2"]);
    // Around the data, whose mean is 5 and whose deviation is 3.
    expect(texts(svg)).toContain("10");
  });

  it("leaves out arrows that are not finite, and draws samples below that are given", async () => {
    const velocityFunction = (_t: number, x: Tensor) => x.sub(tensor([0.5, 0.5])).log();
    const svg = await plot.field(made({ velocityFunction }), { ...window, grid: 2, below: randn([9, 2]) }).toSvg();
    expect(points(svg)).toEqual([9, 1]);
  });

  it.each<[string, () => plot.Plot, new (message: string) => Error]>([
    ["a model of another size", () => plot.field(made({ config: { xSize: 3 } })), ShapeError],
    ["no arrows", () => plot.field(made(), { grid: 0 }), ConfigError],
    ["an axis from high to low", () => plot.field(made(), { x: [1, 0] }), ConfigError],
    ["a time beyond the end", () => plot.field(made(), { t: 2 }), ConfigError],
  ])("refuses %s", (_, make, error) => {
    expect(make).toThrow(error);
  });
});

describe("plot.density", () => {
  const fills = (svg: string) =>
    [...(marks(svg, "rect").at(0) ?? "").matchAll(/d="M(-?[\d.]+),(-?[\d.]+)[^"]*" fill="([^"]+)"/g)].map(
      ([, x, y, fill]) => ({ x: Number(x), y: Number(y), fill }),
    );

  it("is the exponential of the likelihood at the centre of each cell", async () => {
    const logProb = async (x: Tensor) => ({
      logProb: x
        .sub(tensor([0.5, 2.5]))
        .square()
        .sum(1)
        .neg(),
    });
    const cells = fills(await plot.density(made({ logProb }), { x: [0, 3], y: [0, 3], grid: 3 }).toSvg());
    expect(cells.length).toBe(9);
    // The top left cell is the brightest, its neighbours are alike, and the one across has the darkest colour.
    const at = (x: number, y: number) =>
      cells.find((cell) => Math.abs(cell.x - x) < 2 && Math.abs(cell.y - y) < 2)?.fill;
    const third = 320 / 3;
    expect(at(0, 0)).toBe("rgb(253, 231, 37)");
    expect(at(third, 0)).toBe(at(0, third));
    expect(at(2 * third, 2 * third)).toBe("rgb(68, 1, 84)");
  });

  it("lies around what is drawn above it, or around the model's samples", async () => {
    const model = small();
    const svg = await plot.density(model, { grid: 4, against: data(30), title: "small" }).toSvg();
    expect(fills(svg).length).toBe(16);
    expect(points(svg)).toEqual([30]);
    expect(texts(svg)).toContain("small");
    expect(texts(svg)).toContain("density");
    expect(texts(svg)).toContain("10"); // of the data, whose mean is 5
    expect(texts(await plot.density(model, { grid: 4, count: 50 }).toSvg())).not.toContain("10");
  });

  it("names the points above, as white dots that can be seen on white, and nothing where there are none", async () => {
    const window = { x: [0, 2], y: [0, 2], grid: 2 } as const;
    const svg = await plot.density(made(), { ...window, against: randn([7, 2], { seed: 1 }) }).toSvg();
    expect(texts(svg).filter((text) => text === "data").length).toBe(1);
    const [points = ""] = marks(svg, "symbol").filter((group) => group.includes("role-mark"));
    expect(paths(points).every((path) => path.includes('fill="white"') && path.includes('fill-opacity="0.45"'))).toBe(
      true,
    );
    const [explained = ""] = marks(svg, "symbol").filter((group) => group.includes("role-legend-symbol"));
    expect(explained).toContain('fill="white"');
    expect(explained).toContain('stroke="#666666"');
    expect(texts(await plot.density(made(), window).toSvg())).not.toContain("data");
  });

  it("has 80 cells along each axis", async () => {
    expect(fills(await plot.density(made(), { x: [0, 1], y: [0, 1] }).toSvg()).length).toBe(80 * 80);
  });

  it("refuses a model of another size, and a grid of none", () => {
    expect(() => plot.density(made({ config: { xSize: [2, 2] } }))).toThrow(ShapeError);
    expect(() => plot.density(made(), { grid: 1.5 })).toThrow(ConfigError);
  });
});

describe("smoothed bins", () => {
  it("keep their sum and their symmetry, and are the normal kernel of one that stands alone", () => {
    const single = Array.from({ length: 21 }, (_, i) => (i === 10 ? 1 : 0));
    const kernel = smoothedBins(single, 1.5);
    kernel.forEach((value, i) => {
      expect(value).toBeCloseTo(Math.exp(-0.5 * ((i - 10) / 1.5) ** 2) / (1.5 * Math.sqrt(2 * Math.PI)), 4);
      expect(value).toBeCloseTo(kernel[20 - i] ?? Number.NaN, 12);
    });
    for (const width of [0.5, 1, 7]) {
      expect(smoothedBins([3, 0, 1, 0, 5], width).reduce((sum, value) => sum + value, 0)).toBeCloseTo(9, 12);
    }
    expect(smoothedBins([3, 0, 1], 0)).toEqual([3, 0, 1]);
  });
});

describe("plot.marginals", () => {
  const columns = (svg: string) => {
    const cells = [
      ...(marks(svg, "rect").at(0) ?? "").matchAll(/d="M(-?[\d.]+),(-?[\d.]+)h([\d.]+)[^"]*" fill="([^"]+)"/g),
    ];
    const all = cells.map(([, x, y, width, fill]) => ({ x: Number(x), y: Number(y), width: Number(width), fill }));
    return [...new Set(all.map(({ x }) => x))].map((x) => all.filter((cell) => cell.x === x));
  };

  it("are a histogram a column, the least value at the bottom", async () => {
    // All at 0, then three of four at 10.
    const states = tensor([0, 0, 0, 0, 0, 10, 10, 10], { shape: [2, 4, 1] });
    const svg = await plot.marginals(states, { bins: 2, range: [0, 10], smoothing: 0 }).toSvg();
    const [first = [], second = []] = columns(svg);
    expect([first.length, second.length]).toEqual([2, 2]);
    const [bottom, top] = [first[0], first[1]];
    expect(bottom?.y).toBeGreaterThan(top?.y ?? 320);
    expect([bottom?.fill, top?.fill]).toEqual(["rgb(253, 231, 37)", "rgb(68, 1, 84)"]);
    expect(second[0]?.fill).not.toBe(second[1]?.fill);
    expect(texts(svg)).toContain("x[0]");
    expect(texts(svg)).toContain("density");
  });

  it("stand at their times, from the least to the largest", async () => {
    const states = tensor([1, 1, 0, 0, 1, 0], { shape: [3, 2, 1] });
    const svg = await plot.marginals(states, { bins: 2, range: [0, 2], times: [4, 1, 0], smoothing: 0 }).toSvg();
    // Columns reach half way to their neighbours: from 0 to 0.5, to 2.5, to 4.
    expect(columns(svg).map(([cell]) => Math.round(((cell?.width ?? 0) / 320) * 4 * 10) / 10)).toEqual([0.5, 2, 1.5]);
  });

  it("of a normal coordinate are as smooth as its density, from 4000 samples on", async () => {
    const normal = randn([1, 4000, 1], { seed: 11 }).broadcastTo([2, 4000, 1]);
    const settings = { range: [-3, 3] as const, bins: 30 };
    const [column = []] = columns(await plot.marginals(normal, settings).toSvg());
    const [raw = []] = columns(await plot.marginals(normal, { ...settings, smoothing: 0 }).toSvg());
    /** Turns from lighter to darker and back, in a column that should have one of them. */
    const turns = (cells: readonly { fill?: string | undefined }[]) => {
      const light = cells.map(({ fill = "" }) => Number(/\((\d+), (\d+)/.exec(fill)?.[2]));
      const signs = light.slice(1).map((value, i) => Math.sign(value - (light[i] ?? 0)));
      return signs.filter((sign) => sign !== 0).filter((sign, i, all) => i > 0 && sign !== all[i - 1]).length;
    };
    expect(column.length).toBe(30);
    expect(turns(raw)).toBeGreaterThan(4);
    expect(turns(column)).toBe(1);
  });

  it("have fewer bins where there are fewer samples, and 50 at most", async () => {
    const bins = async (count: number) => columns(await plot.marginals(randn([2, count, 1])).toSvg())[0]?.length;
    expect(await bins(125)).toBe(10);
    expect(await bins(20_000)).toBe(50);
  });

  it("are drawn of a model, a panel for each coordinate, with a logarithmic axis along edm", async () => {
    const settings = { count: 50, times: [1, 0.5, 0], bins: 4 };
    const svg = await plot.marginals(small(), { ...settings, names: ["u", "v"], coordinates: [0, 1] }).toSvg();
    for (const text of ["u", "v", "t"]) expect(texts(svg)).toContain(text);
    expect(columns(svg).length).toBe(3);
    const edm = new DiffusionModel({ ...planar(), xSize: 2, path: { type: "edm" } });
    expect(await plot.marginals(edm, { count: 20, times: [80, 1, 0.002] }).toSvg()).toContain("for a log scale");
  });

  it.each<[string, plot.MarginalSettings]>([
    ["no bins", { bins: 0 }],
    ["a width of less than nothing", { smoothing: -1 }],
    ["a range of nothing", { range: [1, 1] }],
    ["no coordinates", { coordinates: [] }],
    ["names that are too few", { coordinates: [0, 1], names: ["x"] }],
  ])("refuse %s", (_, settings) => {
    expect(() => plot.marginals(small(), settings)).toThrow(ConfigError);
  });

  it("refuse a coordinate that is not there", async () => {
    await expect(plot.marginals(randn([2, 5, 2]), { coordinates: [2] }).toSvg()).rejects.toThrow(ShapeError);
  });
});
