// What a panel shows, layer by layer: points, lines, bands, cells, each as rows of data and a Vega mark.
// Takes plain numbers; tensors are read before.
import type { Spec } from "vega";

export type Mark = NonNullable<Spec["marks"]>[number];
export type Scale = NonNullable<Spec["scales"]>[number];
export type Legend = NonNullable<Spec["legends"]>[number];

/** A point in the units of the axes. */
export type Point = readonly [x: number, y: number];

/** A scale of colours, by the name "level", and what explains it. */
export interface Levels {
  readonly scale: Scale;
  readonly legend?: Legend;
}

/** What is drawn in one colour, or along one scale of colours. */
export interface Layer {
  /** Its name in the legend; layers of one name have one colour. */
  readonly name: string;
  /** Rows of data, as the mark reads them. */
  readonly rows: readonly object[];
  /** Points that the axes must reach. */
  readonly reach: readonly Point[];
  /** Its own scale of colours, and what explains it. */
  readonly levels?: Levels;
  /** The mark of a data set of these rows. */
  mark(data: string): Mark;
}

/** The ends of an axis. */
export type Range = readonly [low: number, high: number];

/** The smallest and the largest of the values that are finite; none where none is. */
export function rangeOf(values: readonly number[]): Range | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? undefined : [low, high];
}

/** Values that tell where most of a set lie, at most. */
const SOME = 20_000;

/** Values from all over a set, as many as tell where most of it lies. */
export function someOf(values: ArrayLike<number>): Float64Array {
  const stride = Math.max(1, Math.ceil(values.length / SOME));
  return Float64Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride] as number);
}

/** The range of the values without the least and the largest, of which this share is left out on either side. */
export function usualRange(values: ArrayLike<number>, cut: number): Range | undefined {
  const inOrder = someOf(values).filter(Number.isFinite).sort();
  const out = Math.floor(inOrder.length * cut);
  const [low, high] = [inOrder[out], inOrder[inOrder.length - 1 - out]];
  return low === undefined || high === undefined ? undefined : [low, high];
}

const finite = (point: readonly number[]) => point.every(Number.isFinite);
const position = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" } };
const color = (name: string) => ({ scale: "color", value: name });

/** How points are drawn: small and light where they are many, so that they show their density; as marks on a line; and below or above what matters more. */
const dots = {
  many: { fillOpacity: { value: 0.55 }, size: { value: 7 } },
  marks: { fillOpacity: { value: 1 }, size: { value: 18 } },
  below: { fill: { value: "#999999" }, fillOpacity: { value: 0.35 }, size: { value: 6 } },
  above: { fill: { value: "white" }, fillOpacity: { value: 0.7 }, size: { value: 3 } },
};

/** Points; those that are not finite are left out. */
export function pointLayer(name: string, points: readonly Point[], dot: keyof typeof dots = "many"): Layer {
  const update = { ...position, fill: color(name), ...dots[dot] };
  return {
    name,
    rows: points.filter(finite).map(([x, y]) => ({ x, y })),
    reach: points,
    mark: (data) => ({ type: "symbol", from: { data }, encode: { update } }),
  };
}

/** How lines are drawn: one alone, thin and light where they are many, and as what a clearer line stands on. */
const strokes = {
  single: { strokeOpacity: { value: 1 }, strokeWidth: { value: 1.5 } },
  many: { strokeOpacity: { value: 0.5 }, strokeWidth: { value: 0.8 } },
  faint: { strokeOpacity: { value: 0.35 }, strokeWidth: { value: 0.7 } },
};

/** Lines; points that are not finite are left out. */
export function lineLayer(
  name: string,
  lines: readonly (readonly Point[])[],
  stroke: keyof typeof strokes = "many",
): Layer {
  const update = { ...position, stroke: color(name), ...strokes[stroke] };
  return {
    name,
    rows: lines.flatMap((points, line) => points.filter(finite).map(([x, y]) => ({ x, y, line }))),
    reach: lines.flat(),
    mark: (data) => ({
      type: "group",
      from: { facet: { name: `${data}-line`, data, groupby: "line" } },
      marks: [{ type: "line", from: { data: `${data}-line` }, encode: { update } }],
    }),
  };
}

/** What lies between two lines, as a light area: bands within bands become darker. */
export function bandLayer(name: string, low: readonly Point[], high: readonly Point[]): Layer {
  const rows = low.map(([x, y], i) => ({ x, y, top: high[i]?.[1] ?? Number.NaN }));
  const update = { ...position, y2: { scale: "y", field: "top" }, fill: color(name), fillOpacity: { value: 0.2 } };
  return {
    name,
    rows: rows.filter(({ x, y, top }) => finite([x, y, top])),
    reach: [...low, ...high],
    mark: (data) => ({ type: "area", from: { data }, encode: { update } }),
  };
}

/** Where equal cells begin and end: one place more than cells. */
export function edges([low, high]: Range, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);
}

/** A scale of colours over these values; on white, without the colours that are too light for it. */
export function levelsOf(domain: Range, label: string, on: "cells" | "white" = "cells"): Levels {
  const range = { scheme: "viridis", ...(on === "white" && { extent: [0, 0.85] }) };
  return {
    scale: {
      name: "level",
      type: "linear",
      domain: [...domain],
      range,
      zero: false,
      clamp: true,
    },
    legend: {
      fill: "level",
      type: "gradient",
      title: label,
      orient: "right",
      gradientLength: 160,
      tickCount: 5,
      format: ".6~g",
    },
  };
}

/** Where cells lie, and what their colours mean. */
export interface Cells {
  /** Where columns begin and end. */
  readonly x: readonly number[];
  /** Where rows begin and end. */
  readonly y: readonly number[];
  readonly label: string;
  /** What has the first and the last colour; default the least and the largest value. */
  readonly domain?: Range;
}

/** A grid of cells, coloured by their values; the first row lies at the bottom. */
export function cellLayer(values: readonly (readonly number[])[], { x, y, label, domain }: Cells): Layer {
  const rows = values.flatMap((row, i) =>
    row.map((value, j) => ({ x: x[j], x2: x[j + 1], y: y[i], y2: y[i + 1], value })),
  );
  const fill = { scale: "level", field: "value" };
  const scaled = (scale: "x" | "y", field: string) => ({ scale, field });
  // A line around each cell in its own colour hides the seams between cells.
  const update = {
    x: scaled("x", "x"),
    x2: scaled("x", "x2"),
    y: scaled("y", "y"),
    y2: scaled("y", "y2"),
    fill,
    stroke: fill,
  };
  const shown = rows.filter(({ value }) => Number.isFinite(value));
  const corner = (end: 0 | -1): Point => [x.at(end) ?? 0, y.at(end) ?? 0];
  return {
    name: label,
    rows: shown,
    reach: [corner(0), corner(-1)],
    levels: levelsOf(domain ?? rangeOf(shown.map(({ value }) => value)) ?? [0, 1], label),
    mark: (data) => ({ type: "rect", from: { data }, encode: { update } }),
  };
}
