// A panel of a plot as a Vega group: title, scales, axes, legends, and its layers.
// Takes plain numbers; tensors are read before.
import type { Spec } from "vega";
import { type Layer, type Legend, type Mark, type Point, rangeOf } from "./layer.js";

/** A panel: the Vega group that it is as the one of this index, after which it names its data sets. */
export type Panel = (index: number) => Mark;

/** A panel's title and content. */
export interface PanelData {
  readonly title: string;
  /** Names of the axes, if they have any. */
  readonly columns: readonly [string, string] | undefined;
  readonly layers: readonly Layer[];
  /** Where the layers' names stand. */
  readonly legend: "inside" | "below";
  /** Points that fix the limits of the axes, instead of those that are drawn. */
  readonly limits: readonly Point[] | undefined;
}

/** Width and height of a panel, in pixels. */
export const SIZE = 320;

/** Colours that differ for colour-blind readers too (Okabe & Ito 2008). */
export const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"];

/** The box of a panel. */
export const box = { width: { value: SIZE }, height: { value: SIZE }, stroke: { value: "#cccccc" } };

function extent(values: readonly number[]): [number, number] {
  const range = rangeOf(values);
  if (range === undefined) return [0, 1];
  const [low, high] = range;
  const margin = (high - low || 1) * 0.04;
  return [low - margin, high + margin];
}

/** Where a legend stands. */
export const places = {
  inside: { orient: "top-right", offset: 4 },
  below: { orient: "bottom", direction: "vertical" },
} as const;

/** A panel with two axes of numbers. */
export function numberPanel({ title, columns, layers, legend, limits }: PanelData): Panel {
  const points = limits ?? layers.flatMap(({ reach }) => reach);
  const levels = layers.flatMap((layer) => layer.levels ?? []);
  const names = [...new Set(layers.filter((layer) => layer.levels === undefined).map(({ name }) => name))];
  const scale = (name: "x" | "y", domain: [number, number]) => ({
    name,
    type: "linear" as const,
    domain,
    zero: false,
    range: name === "x" ? [0, SIZE] : [SIZE, 0],
  });
  const named: Legend = { fill: "color", symbolType: "circle", ...places[legend] };
  return (index) => ({
    type: "group",
    encode: { update: box },
    title: { text: title },
    data: layers.map(({ rows }, i) => ({ name: `panel${index}-${i}`, values: [...rows] })),
    scales: [
      scale("x", extent(points.map(([x]) => x))),
      scale("y", extent(points.map(([, y]) => y))),
      { name: "color", type: "ordinal", domain: names, range: COLORS },
      ...levels.map((level) => level.scale),
    ],
    axes: [
      { scale: "x", orient: "bottom", tickCount: 6, title: columns?.[0] ?? "" },
      { scale: "y", orient: "left", tickCount: 6, title: columns?.[1] ?? "" },
    ],
    legends: [...(names.length > 1 ? [named] : []), ...levels.map(({ legend }) => legend)],
    marks: layers.map((layer, i) => layer.mark(`panel${index}-${i}`)),
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
