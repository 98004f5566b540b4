// Pictures: every point is drawn where it belongs, files are whole, wrong uses are refused.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { arange, ConfigError, DataError, full, plot, rand, randn, ShapeError, Tensor, tensor, zeros } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sizeOf, texts } from "./support.ts";

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

  it("names the coordinates that it shows, where nobody else does", async () => {
    const axes = async (picture: plot.Plot) => texts(await picture.toSvg()).filter((text) => /^[a-z]/.test(text ?? ""));
    expect(await axes(plot.scatter(randn([9, 3])))).toEqual(["x[0]", "x[1]"]);
    expect(await axes(plot.scatter(randn([9, 3]), { axes: [2, 0] }))).toEqual(["x[2]", "x[0]"]);
    expect(await axes(plot.scatter(randn([9, 2]), { columns: ["width", "depth"] }))).toEqual(["width", "depth"]);
    expect(await axes(plot.trajectories(randn([2, 3, 4]), { axes: [1, 3] }))).toEqual(
      expect.arrayContaining(["x[1]", "x[3]"]),
    );
    expect(await axes(plot.snapshots(randn([1, 9, 4]), { axes: [1, 3] }))).toEqual(
      expect.arrayContaining(["x[1]", "x[3]"]),
    );
  });

  it("says how many rows it leaves out, and where there are none", async () => {
    const holes = tensor([
      [0, 1],
      [Number.NaN, 1],
      [2, Number.POSITIVE_INFINITY],
      [3, 2],
    ]);
    const told = async (picture: plot.Plot) =>
      texts(await picture.toSvg()).filter((text) => /rows?\b/.test(text ?? ""));
    expect(await told(plot.scatter(holes))).toEqual(["2 rows without a number left out"]);
    expect(await told(plot.scatter(holes.narrow(0, 0, 2), { title: "a title" }))).toEqual([
      "1 row without a number left out",
    ]);
    expect(await told(plot.scatter(holes, { against: randn([5, 2]) }))).toEqual([
      "2 rows of samples without a number left out",
    ]);
    expect(await told(plot.scatter(zeros([0, 2])))).toEqual(["no rows"]);
    const both = await plot.scatter(holes, { against: zeros([0, 2]) }).toSvg();
    for (const line of ["no rows of data", "2 rows of samples without a number left out"])
      expect(both).toContain(`>${line}<`);
    expect(await told(plot.scatter(randn([5, 3])))).toEqual([]);
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

describe("trajectories", () => {
  it("are lines with their ends as points", async () => {
    const svg = await plot.trajectories(randn([5, 3, 2])).toSvg();
    expect(svg.match(/class="mark-line/g)?.length).toBe(3);
    await expect(plot.trajectories(randn([5, 2])).toSvg()).rejects.toThrow(ShapeError);
  });

  it("are cut off where the axes end, all at once", async () => {
    const small = tensor([
      [-1, -1],
      [1, 1],
    ]);
    const picture = plot.trajectories(randn([30, 60, 2]).mul(50), { like: small });
    expect((await picture.toSvg()).match(/clip-path=/g)?.length).toBe(1);
    const { width, height, channels, data } = decode(await picture.toPng());
    /** Whether a pixel has the colour of the lines, or a lighter one of its kind. */
    const isBlue = (x: number, y: number) => {
      const at = (y * width + x) * channels;
      return Number(data[at + 2]) - Number(data[at]) > 40;
    };
    let [inside, left] = [0, 0];
    // Names of axes and the legend lie left of and below the box, and are not blue or further down.
    const box = { left: width - 2 * (320 + 14), bottom: height - 2 * 60 };
    for (let y = 0; y < box.bottom; y++) {
      for (let x = 0; x < width; x++) {
        if (!isBlue(x, y)) continue;
        if (x < box.left) left += 1;
        else inside += 1;
      }
    }
    expect(left).toBe(0);
    expect(inside).toBeGreaterThan(10_000);
  });
});

describe("lines", () => {
  const x = arange(0, 4);

  it("draws a line for each row, and an area for each band", async () => {
    const bands = [
      [x.sub(2), x.add(2)],
      [x.sub(1), x.add(1)],
    ] as const;
    const svg = await plot
      .lines([
        { name: "paths", x, y: randn([6, 4]) },
        { name: "truth", x, y: x, bands },
      ])
      .toSvg();
    expect(svg.match(/class="mark-line/g)?.length).toBe(7);
    expect(svg.match(/class="mark-area/g)?.length).toBe(2);
    expect(svg).toContain(">paths<");
    expect(svg).toContain(">truth<");
  });

  it("keeps the whole of a band within the axes", async () => {
    const series = { name: "wide", x, y: x, bands: [[x.sub(300), x.add(300)]] } as const;
    expect(await plot.lines([series]).toSvg()).toContain(">−300<");
  });

  it("refuses a line of another length than its x", async () => {
    await expect(plot.lines([{ name: "short", x, y: randn([3]) }]).toSvg()).rejects.toThrow(ShapeError);
    await expect(plot.lines([{ name: "deep", x, y: randn([2, 2, 4]) }]).toSvg()).rejects.toThrow(ShapeError);
  });
});

describe("heatMap", () => {
  /** Left and top ends of the cells, with their colours. */
  const cells = (svg: string) => {
    const group = svg.match(/<g class="mark-rect[^"]*"[^>]*>(.*?)<\/g>/s)?.[1] ?? "";
    return [...group.matchAll(/d="M([\d.]+),([\d.]+)[^"]*" fill="([^"]+)"/g)].map(([, left, top, fill]) => ({
      left: Number(left),
      top: Number(top),
      fill,
    }));
  };

  it("has the first row at the bottom, and a colour for each value", async () => {
    const drawn = cells(
      await plot
        .heatMap(
          tensor([
            [1, 2, 2],
            [3, 3, 1],
          ]),
        )
        .toSvg(),
    );
    expect(drawn.length).toBe(6);
    const [a, b, c, d, e, f] = drawn;
    expect(a?.left).toBeLessThan(b?.left ?? 0);
    expect(a?.top).toBeGreaterThan(d?.top ?? Number.POSITIVE_INFINITY);
    expect([a?.fill, b?.fill, d?.fill]).toEqual([f?.fill, c?.fill, e?.fill]);
    expect(new Set(drawn.map(({ fill }) => fill)).size).toBe(3);
  });

  it("has axes in the units that it is told, and leaves cells empty that are not finite", async () => {
    const svg = await plot.heatMap(tensor([[1, Number.NaN]]), { x: [-50, 50], y: [0, 1], label: "nats" }).toSvg();
    expect(cells(svg).length).toBe(1);
    expect(svg).toContain(">−40<");
    expect(svg).toContain(">nats<");
    await expect(plot.heatMap(tensor([1, 2])).toSvg()).rejects.toThrow(ShapeError);
  });
});

describe("bars", () => {
  it("are as long as their figures, those of one label beside each other", async () => {
    const sets = [
      { name: "samples", values: [1, 4] },
      { name: "floor", values: [2, 3] },
    ];
    const svg = await plot.bars(sets, { labels: ["first", "second"], unit: "metres" }).toSvg();
    for (const text of ["samples", "floor", "first", "second", "metres"]) expect(svg).toContain(`>${text}<`);
    const drawn = [...svg.matchAll(/d="M0,([\d.]+)h([\d.]+)v[\d.]+h-[\d.]+Z" fill="(#[0-9a-f]{6})"/g)];
    const lengths = drawn.map(([, , length]) => Number(length));
    expect(lengths.map((length) => length / (lengths[0] ?? 0))).toEqual([1, 2, 4, 3]);
    expect(drawn.map(([, , , fill]) => fill)).toEqual([drawn[0]?.[3], drawn[1]?.[3], drawn[0]?.[3], drawn[1]?.[3]]);
  });

  it("are named in full, however long the names are", async () => {
    const [label, name] = [
      "a label that says all that there is to say",
      "a name that is just as long as that label is",
    ];
    const svg = await plot
      .bars(
        [
          { name, values: [1] },
          { name: "b", values: [2] },
        ],
        { labels: [label] },
      )
      .toSvg();
    for (const text of [label, name]) expect(svg).toContain(`>${text}<`);
  });

  it("refuses a set without a figure for each label", () => {
    expect(() => plot.bars([{ name: "samples", values: [1] }], { labels: ["a", "b"] })).toThrow(ShapeError);
  });
});

describe("images", () => {
  /** The pixels of the grid in a picture, channel by channel. */
  async function gridIn(picture: plot.Plot) {
    const url = /href="data:image\/png;base64,([^"]+)"/.exec(await picture.toSvg())?.[1] ?? "";
    const { width, height, channels, data } = decode(Buffer.from(url, "base64"));
    return { width, height, channels, data: Array.from(data) };
  }

  it("lie row by row with a white line between, from black to white", async () => {
    const dark = tensor([-1, 0, 1, -3], { shape: [1, 1, 2, 2] });
    const grid = await gridIn(plot.images(Tensor.concat([dark, dark.neg(), dark]), { columns: 2 }));
    expect(grid).toMatchObject({ width: 5, height: 5, channels: 1 });
    const w = 255;
    const rows = [
      [0, 128, w, w, 128],
      [w, 0, w, 0, w],
      [w, w, w, w, w],
      [0, 128, w, w, w],
      [w, 0, w, w, w],
    ];
    expect(grid.data).toEqual(rows.flat());
  });

  it("have colours where there are three channels, within the range that is given", async () => {
    const rgb = tensor([0, 1, 1, 0, 0.5, 1], { shape: [1, 3, 1, 2] });
    const grid = await gridIn(plot.images(rgb, { range: [0, 1] }));
    expect(grid).toEqual({ width: 2, height: 1, channels: 3, data: [0, 255, 128, 255, 0, 255] });
  });

  it("are as many as the limit says, in a square by default", async () => {
    const noise = randn([11, 1, 4, 4]);
    expect(await gridIn(plot.images(noise))).toMatchObject({ width: 19, height: 14 });
    expect(await gridIn(plot.images(noise, { limit: 4 }))).toMatchObject({ width: 9, height: 9 });
  });

  it("stand beside points, with pixels that are sharp and square", async () => {
    const picture = plot.images(tensor([-1, 1], { shape: [1, 1, 1, 2] }), { title: "noise" });
    const svg = await picture.beside(plot.scatter(randn([3, 2]))).toSvg();
    expect(svg).toContain(">noise<");
    expect(svg).toMatch(/<image [^>]* width="320" height="160"/);
    const { width, height, channels, data } = decode(await picture.toPng());
    const shades = new Set<number>();
    for (let x = 0; x < width; x++) shades.add(data[(Math.floor(height / 2) * width + x) * channels]);
    expect([...shades].sort((a, b) => a - b)).toEqual([0, 255]);
  });

  it("of bytes, or of another order of dimensions, are refused with what makes them right", async () => {
    const bytes = rand([5, 3, 4, 4], { seed: 1 }).mul(255).floor();
    const refused = (images: Tensor) => plot.images(images).toSvg();
    const remedy = (of: string) => expect.objectContaining({ message: expect.stringContaining(`Remedy: ${of}`) });
    await expect(refused(bytes)).rejects.toThrow(ConfigError);
    await expect(refused(bytes)).rejects.toThrow(/expected values from -1 \(black\) to 1 \(white\), got \d+ to 25\d/);
    await expect(refused(bytes)).rejects.toEqual(remedy("images.div(127.5).sub(1), or { range: [0, 255] }"));
    await expect(refused(bytes.cast("i64"))).rejects.toThrow(ConfigError);
    // As a model that was fitted to bytes would sample them: some a little below 0.
    await expect(refused(bytes.sub(20))).rejects.toThrow(ConfigError);
    await expect(refused(full([1, 1, 2, 2], 8))).rejects.toEqual(remedy("{ range: [low, high] }"));
    await expect(refused(bytes.permute([0, 2, 3, 1]))).rejects.toThrow(ShapeError);
    await expect(refused(bytes.permute([0, 2, 3, 1]))).rejects.toEqual(remedy("images.permute([0, 3, 1, 2])"));
    await expect(refused(bytes.select(1, 0))).rejects.toEqual(remedy("images.unsqueeze(1)"));
    await expect(refused(bytes.select(0, 0))).rejects.toEqual(remedy("images.unsqueeze(0)"));
    await expect(refused(bytes.select(0, 0).permute([1, 2, 0]))).rejects.toEqual(
      remedy("images.permute([2, 0, 1]).unsqueeze(0)"),
    );
    const shown = await gridIn(plot.images(bytes.div(127.5).sub(1)));
    expect(shown).toEqual(await gridIn(plot.images(bytes, { range: [0, 255] })));
    // Noise, and what goes a little beyond, are drawn.
    for (const images of [randn([5, 1, 4, 4]).mul(80), rand([5, 1, 4, 4]).mul(2)])
      expect(await refused(images)).toMatch(/^<svg /);
  });

  it.each([
    ["a batch of matrices", randn([2, 4, 4]), {}, ShapeError],
    ["two channels", randn([2, 2, 4, 4]), {}, ShapeError],
    ["no images", zeros([0, 1, 4, 4]), {}, ShapeError],
    ["no columns", randn([2, 1, 4, 4]), { columns: 0 }, ConfigError],
    ["a range from white to black", randn([2, 1, 4, 4]), { range: [1, -1] as const }, ConfigError],
  ])("refuses %s", async (_, images, settings, kind) => {
    await expect(plot.images(images, settings).toSvg()).rejects.toThrow(kind);
  });
});

it("pictures stand side by side", async () => {
  const [a, b] = [plot.scatter(randn([3, 2]), { title: "left" }), plot.scatter(randn([3, 2]), { title: "right" })];
  const svg = await plot.panels([a, b]).toSvg();
  expect(() => plot.panels([])).toThrow(ConfigError);
  expect(svg).toContain("left");
  expect(svg).toContain("right");
  const [alone, both] = [sizeOf(await a.toSvg()), sizeOf(svg)];
  expect(both.width).toBeGreaterThan(1.8 * alone.width);
  expect(both.height).toBe(alone.height);
});

describe("many pictures", () => {
  const one = plot.scatter(tensor([[1, 2]]), { title: "one" });
  const many = (count: number) => Array.from({ length: count }, () => one);
  /** How many panels fit beside and below each other. */
  const grid = async (picture: plot.Plot) => {
    const [cell, all] = [sizeOf(await one.toSvg()), sizeOf(await picture.toSvg())];
    return [Math.round(all.width / cell.width), Math.round(all.height / cell.height)];
  };

  it.each([
    [4, [4, 1]],
    [5, [3, 2]],
    [6, [3, 2]],
    [7, [4, 2]],
    [9, [3, 3]],
    [16, [4, 4]],
  ])("%i stand in rows of about equal length", async (count, expected) => {
    expect(await grid(plot.panels(many(count)))).toEqual(expected);
  });

  it("stand in as many columns as are asked for, below a title", async () => {
    const picture = plot.panels(many(6), { columns: 2, title: "six" });
    expect(await grid(picture)).toEqual([2, 3]);
    expect(texts(await picture.toSvg())).toContain("six");
    expect(() => plot.panels(many(6), { columns: 0 })).toThrow(ConfigError);
    expect(() => plot.panels(many(6), { rows: 2 } as never)).toThrow(ConfigError);
  });

  it("that are put beside each other stay in a row, and pictures of several panels stay whole", async () => {
    expect(await grid(one.beside(...many(5)))).toEqual([6, 1]);
    const six = plot.snapshots(randn([6, 3, 2]));
    expect(await grid(six)).toEqual([3, 2]);
    expect(await grid(six.beside(one))).toEqual([4, 2]);
  });
});

it("a title takes room only where there is one", async () => {
  const box = { limits: 320, padding: 12 };
  const images = randn([1, 1, 4, 4]);
  const bars = { labels: ["a"], unit: "share" };
  const pairs = [
    [plot.scatter(randn([3, 2])), plot.scatter(randn([3, 2]), { title: "t" })],
    [plot.images(images), plot.images(images, { title: "t" })],
    [plot.bars([{ name: "a", values: [1] }], bars), plot.bars([{ name: "a", values: [1] }], { ...bars, title: "t" })],
  ] as const;
  for (const [without, titled] of pairs) {
    const svg = await without.toSvg();
    expect(sizeOf(svg).height).toBeLessThan(sizeOf(await titled.toSvg()).height - 10);
    expect(svg).not.toContain("role-title");
  }
  expect(sizeOf(await plot.images(images).toSvg()).height).toBe(box.limits + 2 * box.padding);
});

describe("what explains the colours", () => {
  /** How far below the top of its panel a legend stands, in pixels. */
  const legendAt = (svg: string) => Number(/role-legend".*?translate\(-?[\d.]+,(-?[\d.]+)\)/s.exec(svg)?.[1]);

  it.each([
    ["of points", plot.scatter(randn([9, 2]), { against: randn([9, 2]) })],
    ["of trajectories", plot.trajectories(randn([3, 9, 2]))],
    ["of long names", plot.scatter(randn([9, 2]), { against: randn([9, 2]), names: ["n".repeat(60), "m".repeat(60)] })],
  ])("%s stands below the picture and hides nothing", async (_, picture) => {
    expect(legendAt(await picture.toSvg())).toBeGreaterThan(320);
  });
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

  it("makes the folders that the file needs", async () => {
    await plot.scatter(randn([10, 2])).save(join(folder, "runs", "a", "picture.svg"));
    expect(readdirSync(join(folder, "runs", "a"))).toEqual(["picture.svg"]);
  });

  it("refuses another ending, and a folder that cannot be", async () => {
    const picture = plot.scatter(randn([10, 2]));
    await expect(picture.save(join(folder, "a.gif"))).rejects.toThrow(ConfigError);
    writeFileSync(join(folder, "file"), "");
    await expect(picture.save(join(folder, "file", "a.svg"))).rejects.toThrow(DataError);
  });
});
