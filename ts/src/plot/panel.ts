// A panel of a plot as a Vega group: scales, axes, layers of points and lines; or one image.
// Takes plain numbers; tensors are read before.
import type { Spec } from "vega";

/** Points or lines of one colour in a panel. */
export interface LayerData {
  /** Its name in the legend. */
  readonly name: string;
  /** Points `[x, y]`; for lines one list each. */
  readonly lines: readonly (readonly (readonly [number, number])[])[];
  /** Whether points are joined. */
  readonly joined: boolean;
}

/** A panel's title and content. */
export interface PanelData {
  readonly title: string;
  /** Names of the axes, if they have any. */
  readonly columns: readonly [string, string] | undefined;
  readonly layers: readonly LayerData[];
  /** Points that fix the limits of the axes, instead of those that are drawn. */
  readonly limits: readonly (readonly [number, number])[] | undefined;
}

/** A panel that is an image. */
export interface ImagePanelData {
  readonly title: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** The image itself, as a data URL. */
  readonly url: string;
}

type Mark = NonNullable<Spec["marks"]>[number];

/** Width and height of a panel, in pixels. */
const SIZE = 320;

/** Colours that differ for colour-blind readers too (Okabe & Ito 2008). */
const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"];

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const margin = (high - low || 1) * 0.04;
  return [low - margin, high + margin];
}

const position = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" } };

function mark({ joined, name }: LayerData, data: string): Mark {
  const color = { scale: "color", value: name };
  if (!joined) {
    const update = { ...position, fill: color, fillOpacity: { value: 0.55 }, size: { value: 7 } };
    return { type: "symbol", from: { data }, clip: true, encode: { update } };
  }
  const update = { ...position, stroke: color, strokeOpacity: { value: 0.5 }, strokeWidth: { value: 0.8 } };
  return {
    type: "group",
    from: { facet: { name: `${data}-line`, data, groupby: "line" } },
    marks: [{ type: "line", from: { data: `${data}-line` }, encode: { update } }],
  };
}

/** The group of one panel; data sets are named after `index`. */
function panel({ title, columns, layers, limits }: PanelData, index: number): Mark {
  const points = limits ?? layers.flatMap(({ lines }) => lines.flat());
  const names = layers.map(({ name }) => name);
  const data = layers.map(({ lines }, i) => ({
    name: `panel${index}-${i}`,
    values: lines.flatMap((line, number) =>
      line.filter((point) => point.every(Number.isFinite)).map(([x, y]) => ({ x, y, line: number })),
    ),
  }));
  const scale = (name: "x" | "y", domain: [number, number]) => ({
    name,
    type: "linear" as const,
    domain,
    zero: false,
    range: name === "x" ? [0, SIZE] : [SIZE, 0],
  });
  return {
    type: "group",
    encode: { update: { width: { value: SIZE }, height: { value: SIZE }, stroke: { value: "#cccccc" } } },
    title: { text: title },
    data,
    scales: [
      scale("x", extent(points.map(([x]) => x))),
      scale("y", extent(points.map(([, y]) => y))),
      { name: "color", type: "ordinal", domain: names, range: COLORS },
    ],
    axes: [
      { scale: "x", orient: "bottom", tickCount: 6, title: columns?.[0] ?? "" },
      { scale: "y", orient: "left", tickCount: 6, title: columns?.[1] ?? "" },
    ],
    legends: names.length > 1 ? [{ fill: "color", symbolType: "circle", orient: "top-right", offset: 4 }] : [],
    marks: layers.map((layer, i) => mark(layer, `panel${index}-${i}`)),
  };
}

/** The group of an image: about as large as other panels, with as many whole units per pixel, at least one, so that pixels stay square. */
function imagePanel({ title, width, height, url }: ImagePanelData): Mark {
  const scale = Math.max(1, Math.round(SIZE / Math.max(width, height)));
  const size = { width: { value: width * scale }, height: { value: height * scale } };
  const update = { ...size, url: { value: url }, aspect: { value: false }, smooth: { value: false } };
  return {
    type: "group",
    encode: { update: size },
    title: { text: title },
    marks: [{ type: "image", encode: { update } }],
  };
}

/** The Vega specification of panels side by side. */
export function specOf(panels: readonly (PanelData | ImagePanelData)[]): Spec {
  const font = "DejaVu Sans";
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    background: "white",
    padding: 12,
    layout: { columns: panels.length, padding: 28, bounds: "full", align: "each" },
    config: {
      title: { font, fontSize: 13 },
      axis: { labelFont: font, labelFontSize: 9, titleFont: font, titleFontSize: 10, titleFontWeight: "normal" },
      legend: { labelFont: font, labelFontSize: 10, fillColor: "white", padding: 4 },
    },
    marks: panels.map((data, index) => ("url" in data ? imagePanel(data) : panel(data, index))),
  };
}
