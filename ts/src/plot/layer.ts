// What a panel shows, layer by layer: points, lines, bands, cells, each as rows of data and a Vega mark.
// Takes plain numbers; tensors are read before.
import type { Spec } from "vega";

export type Mark = NonNullable<Spec["marks"]>[number];
export type Scale = NonNullable<Spec["scales"]>[number];
export type Legend = NonNullable<Spec["legends"]>[number];

/** A point in the units of the axes. */
export type Point = readonly [x: number, y: number];

/** What is drawn in one colour, or along one scale of colours. */
export interface Layer {
  /** Its name in the legend; layers of one name have one colour. */
  readonly name: string;
  /** Rows of data, as the mark reads them. */
  readonly rows: readonly object[];
  /** Points that the axes must reach. */
  readonly reach: readonly Point[];
  /** Its own scale of colours, and what explains it. */
  readonly levels?: { readonly scale: Scale; readonly legend: Legend };
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

const finite = (point: readonly number[]) => point.every(Number.isFinite);
const position = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" } };
const color = (name: string) => ({ scale: "color", value: name });

/** Points; those that are not finite are left out. */
export function pointLayer(name: string, points: readonly Point[]): Layer {
  const update = { ...position, fill: color(name), fillOpacity: { value: 0.55 }, size: { value: 7 } };
  return {
    name,
    rows: points.filter(finite).map(([x, y]) => ({ x, y })),
    reach: points,
    mark: (data) => ({ type: "symbol", from: { data }, clip: true, encode: { update } }),
  };
}

/** Lines, thin and light where they are many. */
export function lineLayer(name: string, lines: readonly (readonly Point[])[], few = false): Layer {
  const stroke = { strokeOpacity: { value: few ? 1 : 0.5 }, strokeWidth: { value: few ? 1.5 : 0.8 } };
  const update = { ...position, stroke: color(name), ...stroke };
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

/** A grid of cells, coloured by their values; the first row lies at the bottom. */
export function cellLayer(values: readonly (readonly number[])[], x: Range, y: Range, label: string): Layer {
  const steps = { x: (x[1] - x[0]) / (values[0]?.length ?? 1), y: (y[1] - y[0]) / values.length };
  const rows = values.flatMap((row, i) =>
    row.map((value, j) => ({ x: x[0] + j * steps.x, y: y[0] + i * steps.y, value })),
  );
  const scaled = (scale: "x" | "y", band: number) => ({
    scale,
    signal: `datum.${scale} + ${band * steps[scale]}`,
  });
  const fill = { scale: "level", field: "value" };
  // A line around each cell in its own colour hides the seams between cells.
  const update = { x: scaled("x", 0), x2: scaled("x", 1), y: scaled("y", 0), y2: scaled("y", 1), fill, stroke: fill };
  const shown = rows.filter(({ value }) => Number.isFinite(value));
  return {
    name: label,
    rows: shown,
    reach: [
      [x[0], y[0]],
      [x[1], y[1]],
    ],
    levels: {
      scale: {
        name: "level",
        type: "linear",
        domain: [...(rangeOf(shown.map(({ value }) => value)) ?? [0, 1])],
        range: { scheme: "viridis" },
        zero: false,
      },
      legend: { fill: "level", type: "gradient", title: label, orient: "right", gradientLength: 160 },
    },
    mark: (data) => ({ type: "rect", from: { data }, clip: true, encode: { update } }),
  };
}
