// Pictures: every point is drawn where it belongs, files are whole, wrong uses are refused.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, DataError, plot, randn, ShapeError, Tensor, tensor } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-plot-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const symbols = (svg: string) => svg.match(/<g class="mark-symbol[^"]*"[^>]*>.*?<\/g>/gs) ?? [];
const paths = (svg: string) => svg.match(/<path /g)?.length ?? 0;

describe("scatter", () => {
  it("draws every point of both sets, and names them", async () => {
    const svg = await plot.scatter(randn([7, 2]), { against: randn([5, 2]), title: "a < b" }).toSvg();
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain("a &lt; b");
    expect(svg).toContain(">samples<");
    expect(svg).toContain(">data<");
    expect(
      symbols(svg)
        .map((group) => paths(group))
        .filter((count) => count > 2),
    ).toEqual([5, 7]);
  });

  it("puts larger values further right and higher up", async () => {
    const svg = await plot
      .scatter(
        tensor([
          [0, 0],
          [1, 2],
        ]),
      )
      .toSvg();
    const places = [...(symbols(svg)[0] ?? "").matchAll(/translate\(([\d.]+),([\d.]+)\)/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    const [first, second] = places.slice(-2);
    expect(second?.[0]).toBeGreaterThan(first?.[0] ?? Number.POSITIVE_INFINITY);
    expect(second?.[1]).toBeLessThan(first?.[1] ?? Number.NEGATIVE_INFINITY);
  });

  it("draws the first points up to the limit, and none that is not finite", async () => {
    const data = Tensor.concat([randn([9, 2]), tensor([[Number.NaN, 0]])]);
    expect(paths(symbols(await plot.scatter(data).toSvg())[0] ?? "")).toBe(9);
    expect(paths(symbols(await plot.scatter(data, { limit: 4 }).toSvg())[0] ?? "")).toBe(4);
  });

  it("draws the columns that are asked for, and a single point", async () => {
    const svg = await plot.scatter(tensor([[1, 2, 3]]), { axes: [0, 2], columns: ["width", "depth"] }).toSvg();
    expect(paths(symbols(svg)[0] ?? "")).toBe(1);
    expect(svg).toContain(">width<");
    expect(svg).toContain(">depth<");
  });

  it("has the extent of other samples where it is asked for", async () => {
    const wide = tensor([
      [-100, -100],
      [100, 100],
    ]);
    expect(await plot.scatter(randn([5, 2]), { like: wide }).toSvg()).toContain(">−100<");
    expect(await plot.scatter(randn([5, 2])).toSvg()).not.toContain(">−100<");
  });

  it.each([
    ["a vector", tensor([1, 2])],
    ["one column", tensor([[1], [2]])],
  ])("refuses %s", async (_, data) => {
    await expect(plot.scatter(data).toSvg()).rejects.toThrow(ShapeError);
  });
});

it("trajectories are lines with their ends as points", async () => {
  const svg = await plot.trajectories(randn([5, 3, 2])).toSvg();
  expect(svg.match(/class="mark-line/g)?.length).toBe(3);
  await expect(plot.trajectories(randn([5, 2])).toSvg()).rejects.toThrow(ShapeError);
});

it("pictures stand side by side", async () => {
  const [a, b] = [plot.scatter(randn([3, 2]), { title: "left" }), plot.scatter(randn([3, 2]), { title: "right" })];
  const svg = await plot.panels([a, b]).toSvg();
  expect(() => plot.panels([])).toThrow(ConfigError);
  expect(svg).toContain("left");
  expect(svg).toContain("right");
  const width = (text: string) => Number(/width="(\d+)"/.exec(text)?.[1]);
  expect(width(svg)).toBeGreaterThan(1.8 * width(await a.toSvg()));
});

describe("save", () => {
  it("writes SVG and PNG by the file's ending", async () => {
    const picture = plot.scatter(randn([10, 2]));
    await picture.save(join(folder, "a.svg"));
    await picture.save(join(folder, "a.png"));
    expect(readFileSync(join(folder, "a.svg"), "utf8")).toMatch(/^<svg .*<\/svg>$/s);
    const png = readFileSync(join(folder, "a.png"));
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    expect(png.length).toBeGreaterThan(3000);
    expect(readdirSync(folder).sort()).toEqual(["a.png", "a.svg"]);
  });

  it("refuses another ending, and a folder that is not there", async () => {
    const picture = plot.scatter(randn([10, 2]));
    await expect(picture.save(join(folder, "a.gif"))).rejects.toThrow(ConfigError);
    await expect(picture.save(join(folder, "missing", "a.svg"))).rejects.toThrow(DataError);
  });
});
