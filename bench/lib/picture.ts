// docs/generated/performance.png: time as batch and width grow, on logarithmic axes, with the floor.
// Drawn by Vega and resvg, like the library's own plots.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Spec } from "vega";
import type { Outcome } from "./record.ts";
import { hasPoints } from "./report.ts";

const require = createRequire(import.meta.url);
const FONT = "DejaVu Sans";
/** Colours that differ for colour-blind readers too (Okabe & Ito 2008). */
const COLOURS: Record<string, string> = {
  ours: "#0072b2",
  "ours, 1 thread": "#56b4e9",
  PyTorch: "#d55e00",
  "JAX jit": "#009e73",
  floor: "#999999",
};

interface Point {
  readonly series: string;
  readonly x: number;
  readonly y: number;
}

/** Milliseconds of a panel's series; per 1000 samples where x is a batch. */
function pointsOf({ name, standings }: Outcome): Point[] {
  const per = (x: number) => (name === "growth-batch" ? x / 1000 : 1);
  return standings.flatMap(({ point, min, floor }) => {
    if (point === undefined || min === undefined) return [];
    const own = { ...point, y: (1000 * min) / per(point.x) };
    if (point.series !== "ours" || floor === undefined) return [own];
    return [own, { series: "floor", x: point.x, y: (1000 * floor) / per(point.x) }];
  });
}

function panel(outcome: Outcome, left: number): NonNullable<Spec["marks"]>[number] {
  const [values, data] = [pointsOf(outcome), outcome.name];
  const isBatch = outcome.name === "growth-batch";
  const title = isBatch ? "ms for 1000 samples, by batch" : "ms a step at B = 512, by width";
  const axis = { labelFont: FONT, labelFontSize: 9, grid: true, gridColor: "#eeeeee" };
  const place = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" } };
  const stroke = { scale: "colour", field: "series" };
  return {
    type: "group",
    encode: { update: { x: { value: left }, width: { value: 340 }, height: { value: 260 } } },
    title: { text: title, anchor: "start", font: FONT, fontSize: 12 },
    data: [{ name: data, values }],
    scales: [
      { name: "x", type: "log", base: 2, domain: { data, field: "x" }, range: [0, 340], zero: false, nice: false },
      { name: "y", type: "log", domain: { data, field: "y" }, range: [260, 0], zero: false, nice: true },
    ],
    axes: [
      { scale: "x", orient: "bottom", ...axis, values: values.map(({ x }) => x), labelOverlap: true, format: "d" },
      { scale: "y", orient: "left", ...axis, tickCount: 6, format: "~g" },
    ],
    marks: [
      {
        type: "group",
        from: { facet: { name: `${data}-series`, data, groupby: "series" } },
        marks: [
          { type: "line", from: { data: `${data}-series` }, encode: { update: { ...place, stroke } } },
          {
            type: "symbol",
            from: { data: `${data}-series` },
            encode: { update: { ...place, fill: stroke, size: { value: 18 } } },
          },
        ],
      },
    ],
  };
}

/** The Vega specification of the outcomes that have points. */
export function specOf(outcomes: readonly Outcome[]): Spec {
  const grown = outcomes.filter(hasPoints);
  const series = [...new Set(grown.flatMap(pointsOf).map((point) => point.series))];
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    background: "white",
    padding: 14,
    width: 400 * grown.length,
    height: 260,
    scales: [
      { name: "colour", type: "ordinal", domain: series, range: series.map((name) => COLOURS[name] ?? "black") },
    ],
    legends: [{ stroke: "colour", symbolType: "stroke", labelFont: FONT, labelFontSize: 10 }],
    marks: grown.map((outcome, i) => panel(outcome, 400 * i)),
  };
}

/** The picture as PNG. */
export async function picture(outcomes: readonly Outcome[]): Promise<Uint8Array> {
  const [vega, { Resvg }] = [await import("vega"), await import("@resvg/resvg-js")];
  const svg = await new vega.View(vega.parse(specOf(outcomes)), { renderer: "none" }).toSVG();
  const folder = join(dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const font = { loadSystemFonts: false, defaultFontFamily: FONT, fontFiles: [join(folder, "DejaVuSans.ttf")] };
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: 2 } }).render().asPng();
}
