// The thread that draws: others have their turn, failures are errors, and a process with nothing else to do ends.
// Time is that of this thread's processor, so that a busy machine changes nothing.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { InternalError, plot, randn, Table, tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { svgOf } from "../../ts/src/plot/painter.ts";
import { turnsDuring } from "../data/turns.ts";
import { longestWait } from "./support.ts";

const wide = Table.fromColumns(
  Object.fromEntries(Array.from({ length: 16 }, (_, k) => [`c${k}`, Float64Array.from({ length: 5000 }, Math.random)])),
);

it("the same picture is the same text, whatever else is drawn before and beside it", async () => {
  const [points, cells] = [plot.scatter(randn([50, 2], { seed: 0 })), plot.heatMap(randn([4, 4], { seed: 0 }))];
  const [first, ...others] = await Promise.all([points, cells, points].map((picture) => picture.toSvg()));
  expect(first).toContain("clip1");
  expect(await points.toSvg()).toBe(first);
  expect(others[1]).toBe(first);
});

describe("while a picture is drawn", () => {
  it.each([
    ["10 000 cells", plot.heatMap(randn([100, 100]))],
    ["10 000 points", plot.scatter(randn([5000, 2]), { against: randn([5000, 2]) })],
    ["lines of 6500 points", plot.trajectories(randn([65, 100, 2]))],
    ["64 images of 64 × 64 pixels", plot.images(randn([64, 3, 64, 64]))],
    ["a table of 16 columns", plot.table(wide, { against: wide })],
  ])("others wait for less than 10 ms: %s", async (_, picture) => {
    expect(await longestWait(() => picture.toSvg())).toBeLessThan(10);
    expect(await longestWait(() => picture.toPng())).toBeLessThan(10);
  });

  it("others have many turns", async () => {
    const picture = plot.heatMap(randn([100, 100]));
    await picture.toPng();
    const { turns, mean } = await turnsDuring(() => picture.toPng());
    expect(turns).toBeGreaterThan(500);
    expect(mean).toBeLessThan(1);
  });
});

it("pictures that are drawn at once are each what they are alone", async () => {
  const pictures = Array.from({ length: 8 }, (_, i) => plot.scatter(randn([20 + i, 2], { seed: i })));
  // Vega numbers what it cuts off, so that several pictures can stand in one page.
  const plain = (svg: string) => svg.replaceAll(/clip\d+/g, "clip");
  const alone: string[] = [];
  for (const picture of pictures) alone.push(plain(await picture.toSvg()));
  const together = await Promise.all(pictures.map((picture) => picture.toSvg()));
  expect(together.map((svg, i) => plain(svg) === alone[i])).toEqual(pictures.map(() => true));
  expect(new Set(alone).size).toBe(8);
});

it("what cannot be drawn is an error that says why, and harms no other picture", async () => {
  const wrong = svgOf({ spec: { marks: [{ type: "nonsense" as "rect", from: { data: "none" } }] }, data: {} });
  const [failed, drawn] = await Promise.allSettled([wrong, plot.scatter(randn([3, 2])).toSvg()]);
  expect(drawn.status).toBe("fulfilled");
  if (failed.status === "fulfilled") throw new Error("it was drawn");
  expect(failed.reason).toBeInstanceOf(InternalError);
  expect(failed.reason.message).toMatch(/^a picture could not be drawn: ./);
  expect(failed.reason.cause).toBeInstanceOf(Error);
});

it("a process with nothing else to do waits for its picture, and ends", () => {
  const root = join(import.meta.dirname, "..", "..");
  const code = `import { plot, randn } from "./ts/dist/index.js"; console.log((await plot.scatter(randn([9, 2])).toPng()).length > 1000);`;
  const env = { ...process.env, THALWEG_ADDON: "", THALWEG_DEVICE: "cpu" };
  const args = ["--input-type=module", "--eval", code];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8", timeout: 30_000 });
  expect([status, stdout]).toEqual([0, "true\n"]);
});

describe("what no picture can have", () => {
  const column = (type: "number" | "date", ...values: number[]) =>
    new Table([{ type, name: "v", values: Float64Array.from(values) }]);
  it.each([
    ["the last date", plot.table(column("date", 8.64e15, 8.64e15))],
    ["the first and the last date", plot.table(column("date", -8.64e15, 8.64e15))],
    ["no date any more", plot.table(column("date", 1e18, 0))],
    ["numbers that are hardly any", plot.table(column("number", 1e-320, 2e-320))],
    [
      "numbers far from where most are",
      plot.scatter(
        tensor([
          [0, 0],
          [1, 1],
          [1e30, -1e30],
        ]),
        { like: randn([5, 2]) },
      ),
    ],
    [
      "names of what every object has",
      plot.table(Table.fromColumns({ constructor: [1, 2.5], k: ["toString", "__proto__"] })),
    ],
    ["control characters", plot.table(Table.fromColumns({ k: ["\u0000a", "b\ud800"] }), { title: "c\u0001" })],
    ["a page of title", plot.table(column("number", 1, 2.5), { title: "x".repeat(100_000) })],
  ])("is drawn as far as it can be: %s", async (_, picture) => {
    const svg = await picture.toSvg();
    expect(svg).not.toMatch(/NaN|Infinity/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are looked for
    expect(svg).not.toMatch(/[\u0000-\u0008\ud800-\udfff]/);
    expect(svg.length).toBeGreaterThan(2000);
    expect(svg.length).toBeLessThan(50_000);
    expect([...(await picture.toPng()).subarray(1, 4)]).toEqual([...Buffer.from("PNG")]);
  });

  it("is an error, where Vega says so, and no file", async () => {
    const spec = { marks: [{ type: "symbol", encode: { update: { x: { signal: "nothing.at.all" } } } }] };
    await expect(svgOf({ spec: spec as never, data: {} })).rejects.toThrow(InternalError);
  });

  it("a picture of hundreds of panels has no more pixels than fit", async () => {
    const one = plot.bars([{ name: "a", values: [1] }], { labels: ["l"] });
    const png = await plot
      .panels(
        Array.from({ length: 120 }, () => one),
        { columns: 120 },
      )
      .toPng();
    const [width, height] = [16, 20].map((at) => Buffer.from(png).readUInt32BE(at));
    expect(width * height).toBeLessThan(65e6);
  });
});
