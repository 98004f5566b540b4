// docs/generated/correctness.png: the measured order of every solver on every path less that of theory, as a heat map.
// Drawn by Vega and resvg, like the library's own plots.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** What is drawn of one solver on one path: the least order over parameterizations, or that only rounding is left. */
function cells(rows) {
  const found = new Map();
  for (const { section, labels, measured, bound, pass } of rows) {
    if (!section.includes("order")) continue;
    const suffix = { order: "", "strong order": " (strong)", "weak order": " (weak)" }[section];
    const [solver, path] = [`${labels.solver}${suffix}`, labels.path];
    const exact = bound.kind === "atMost";
    const excess = exact ? Number.POSITIVE_INFINITY : measured - Number(labels.theory);
    const known = found.get(`${solver}\n${path}`);
    const next = {
      solver,
      path,
      excess: Math.min(excess, known?.excess ?? Number.POSITIVE_INFINITY),
      pass: pass && (known?.pass ?? true),
    };
    found.set(`${solver}\n${path}`, next);
  }
  return [...found.values()].map((cell) => ({ ...cell, exact: cell.excess === Number.POSITIVE_INFINITY }));
}

/** The Vega specification. */
export function specOf(rows) {
  const values = cells(rows).map((cell) => ({ ...cell, excess: cell.exact ? 0 : cell.excess }));
  const names = (key) => [...new Set(values.map((value) => value[key]))];
  const [solvers, paths] = [names("solver"), names("path")];
  const font = "DejaVu Sans";
  const place = { x: { scale: "x", field: "path" }, y: { scale: "y", field: "solver" } };
  const size = { width: { scale: "x", band: 1 }, height: { scale: "y", band: 1 } };
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    background: "white",
    padding: 12,
    width: 30 * paths.length,
    height: 13 * solvers.length,
    title: { text: "measured order less theory (grey: error below 1e-11)", anchor: "start", font, fontSize: 12 },
    data: [{ name: "cells", values }],
    scales: [
      { name: "x", type: "band", domain: paths, range: "width", padding: 0.06 },
      { name: "y", type: "band", domain: solvers, range: "height", padding: 0.06 },
      { name: "color", type: "linear", clamp: true, domain: [-0.5, 0, 1], range: ["#d55e00", "#f7f7f7", "#0072b2"] },
    ],
    axes: [
      {
        scale: "x",
        orient: "bottom",
        labelAngle: -60,
        labelAlign: "right",
        labelBaseline: "middle",
        labelFont: font,
        labelFontSize: 9,
      },
      { scale: "y", orient: "left", labelFont: font, labelFontSize: 9, labelLimit: 260 },
    ],
    legends: [{ fill: "color", type: "gradient", labelFont: font, labelFontSize: 9, gradientLength: 160 }],
    marks: [
      {
        type: "rect",
        from: { data: "cells" },
        encode: {
          update: {
            ...place,
            ...size,
            fill: [
              { test: "datum.exact", value: "#cccccc" },
              { scale: "color", field: "excess" },
            ],
            stroke: [{ test: "!datum.pass", value: "#d55e00" }, { value: "transparent" }],
            strokeWidth: { value: 2 },
          },
        },
      },
    ],
  };
}

/** The picture as PNG. */
export async function picture(rows) {
  const [vega, { Resvg }] = [await import("vega"), await import("@resvg/resvg-js")];
  const svg = await new vega.View(vega.parse(specOf(rows)), { renderer: "none" }).toSVG();
  const folder = join(dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const font = {
    loadSystemFonts: false,
    defaultFontFamily: "DejaVu Sans",
    fontFiles: [join(folder, "DejaVuSans.ttf"), join(folder, "DejaVuSans-Bold.ttf")],
  };
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: 2 } }).render().asPng();
}
