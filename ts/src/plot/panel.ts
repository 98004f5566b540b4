// A panel of a plot as a Vega group: title, scales, axes, legends, and its layers.
// Takes plain numbers; tensors are read before.
import type { Spec } from "vega";
import { type Layer, type Legend, type Mark, type Point, type Range, rangeOf } from "./layer.js";

/** A panel: the Vega group that it is as the one of this index, after which it names its data sets. */
export type Panel = (index: number) => Mark;

/** Settings of all plots with two axes of numbers. */
export interface AxesSettings {
  /** Above the picture. */
  readonly title?: string;
  /** Names of the axes. */
  readonly columns?: readonly [string, string];
}

/** The names of {@link AxesSettings}. */
export const axesNames = { title: true, columns: true } as const;

/** How an axis is divided. */
export type Division = "linear" | "log";

/** A panel's title and content. */
export interface PanelData extends AxesSettings {
  readonly layers: readonly Layer[];
  /** Points that fix the limits of the axes, instead of those that are drawn; what lies beyond is cut off. */
  readonly limits?: readonly Point[];
  /** Whether the axes end where the points do, instead of a little beyond. */
  readonly tight?: boolean;
  /** How the axes are divided; default both `"linear"`. */
  readonly divisions?: { readonly x?: Division; readonly y?: Division };
}

/** Width and height of a panel, in pixels. */
export const SIZE = 320;

/** Colours that differ for colour-blind readers too (Okabe & Ito 2008). */
export const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999933", "#332288"];

/** The box of a panel. */
export const box = { width: { value: SIZE }, height: { value: SIZE }, stroke: { value: "#cccccc" } };

const divided = { linear: { type: "linear", zero: false }, log: { type: "log" } } as const;

/** The share of an axis that lies beyond the points on either side. */
const MARGIN = 0.04;

/** The ends of an axis on which all of these values lie. */
function extent(values: readonly number[], division: Division, margin: number): Range {
  const [there, back] = division === "log" ? [Math.log, Math.exp] : [Number, Number];
  const range = rangeOf(values.map(there));
  if (range === undefined) return division === "log" ? [0.1, 1] : [0, 1];
  const [low, high] = range;
  const beyond = high > low ? (high - low) * margin : MARGIN;
  return [back(low - beyond), back(high + beyond)];
}

/** Letters that fit beside each other below a panel. */
const LETTERS = 44;

/** What explains the colours of these names, below the panel, where it hides nothing. */
export function legendOf(names: readonly string[], symbolType: "circle" | "square"): Legend[] {
  if (names.length < 2) return [];
  const isShort = names.join("").length + 4 * names.length < LETTERS;
  return [
    {
      fill: "color",
      symbolType,
      orient: "bottom",
      offset: 10,
      columnPadding: 16,
      direction: isShort ? "horizontal" : "vertical",
    },
  ];
}

/** A panel with two axes of numbers. */
export function numberPanel(panel: PanelData): Panel {
  const { title = "", columns = ["", ""], layers, limits, tight = false } = panel;
  const { x = "linear", y = "linear" } = panel.divisions ?? {};
  const points = limits ?? layers.flatMap(({ reach }) => reach);
  const levels = layers.flatMap((layer) => layer.levels ?? []);
  const names = [...new Set(layers.filter((layer) => layer.levels === undefined).map(({ name }) => name))];
  const scale = (name: "x" | "y", division: Division, values: readonly number[]) => ({
    name,
    ...divided[division],
    domain: [...extent(values, division, tight ? 0 : MARGIN)],
    range: name === "x" ? [0, SIZE] : [SIZE, 0],
  });
  const axis = { tickCount: 6, labelOverlap: true } as const;
  return (index) => ({
    type: "group",
    encode: { update: box },
    title: { text: title },
    data: layers.map(({ rows }, i) => ({ name: `panel${index}-${i}`, values: [...rows] })),
    scales: [
      scale(
        "x",
        x,
        points.map((point) => point[0]),
      ),
      scale(
        "y",
        y,
        points.map((point) => point[1]),
      ),
      { name: "color", type: "ordinal", domain: names, range: COLORS },
      ...levels.map((level) => level.scale),
    ],
    axes: [
      { scale: "x", orient: "bottom", title: columns[0], ...axis },
      { scale: "y", orient: "left", title: columns[1], ...axis },
    ],
    legends: [...legendOf(names, "circle"), ...levels.flatMap(({ legend }) => legend ?? [])],
    // Cut at the box once for all: each mark that is cut costs resvg a layer of the whole picture.
    marks: [
      {
        type: "group",
        clip: true,
        encode: { update: { width: box.width, height: box.height } },
        marks: layers.map((layer, i) => layer.mark(`panel${index}-${i}`)),
      },
    ],
  });
}

/** The Vega specification of panels side by side. */
export function specOf(panels: readonly Panel[]): Spec {
  const font = "DejaVu Sans";
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    background: "white",
    padding: 12,
    layout: { columns: panels.length, padding: 28, bounds: "full", align: "each" },
    config: {
      title: { font, fontSize: 13 },
      axis: {
        labelFont: font,
        labelFontSize: 9,
        labelLimit: 0,
        titleFont: font,
        titleFontSize: 10,
        titleFontWeight: "normal",
      },
      legend: {
        labelFont: font,
        labelFontSize: 10,
        labelLimit: 0,
        titleFont: font,
        titleFontSize: 10,
        titleFontWeight: "normal",
        fillColor: "white",
        padding: 4,
      },
    },
    marks: panels.map((panel, index) => panel(index)),
  };
}
