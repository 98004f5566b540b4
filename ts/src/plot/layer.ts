// What a panel shows, layer by layer: points, lines, bands, cells, each as rows of data and a Vega mark.
// Takes plain numbers; tensors are read before.
import type { Spec } from "vega";
import type { Rows } from "./courses.js";
import { type Columns, columnsOf } from "./data-sets.js";
import { type Range, rangeOf } from "./range.js";

export type Mark = NonNullable<Spec["marks"]>[number];
export type Scale = NonNullable<Spec["scales"]>[number];
export type Legend = NonNullable<Spec["legends"]>[number];

/** A point in the units of the axes. */
export type Point = readonly [x: number, y: number];

/** A scale of colours, and what explains it. */
export interface Levels {
  readonly scale: Scale;
  readonly legend?: Legend;
}

/** What is drawn in one colour, or along one scale of colours. */
export interface Layer {
  /** Its name in the legend; layers of one name have one colour. */
  readonly name: string;
  /** Its data, as the mark reads them. */
  readonly columns: Columns;
  /** Points that the axes must reach. */
  readonly reach: readonly Point[];
  /** Its own scale of colours, and what explains it. */
  readonly levels?: Levels;
  /** The mark of a data set of these rows. */
  mark(data: string): Mark;
}

/** The corners of what is finite of points. */
export function outermost(points: readonly Point[]): Point[] {
  const [x, y] = ([0, 1] as const).map(
    (axis) => rangeOf(points.map((point) => point[axis])) ?? [Number.NaN, Number.NaN],
  );
  return ([0, 1] as const).map((end): Point => [x?.[end] ?? Number.NaN, y?.[end] ?? Number.NaN]);
}

const position = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" } };
const color = (name: string) => ({ scale: "color", value: name });

/** How points are drawn: small and light where they are many, so that they show their density; as marks on a line; and below what matters more. */
const dots = {
  many: { fillOpacity: { value: 0.55 }, size: { value: 7 } },
  marks: { fillOpacity: { value: 1 }, size: { value: 18 } },
  below: { fill: { value: "#999999" }, fillOpacity: { value: 0.35 }, size: { value: 6 } },
};

/** Points with the columns x and y. */
export function dotLayer(name: string, { columns, reach }: Rows, dot: keyof typeof dots = "many"): Layer {
  const update = { ...position, fill: color(name), ...dots[dot] };
  return { name, columns, reach, mark: (data) => ({ type: "symbol", from: { data }, encode: { update } }) };
}

/** A few thousand points; those that are not finite are left out. */
export const pointLayer = (name: string, points: readonly Point[], dot: keyof typeof dots = "many"): Layer =>
  dotLayer(name, { columns: columnsOf(["x", "y"], points), reach: outermost(points) }, dot);

/** Points above cells, white and so small and light that the colours below are seen between them. */
export function lightLayer(name: string, points: readonly Point[]): Layer {
  const fill = { scale: "above", value: name };
  const update = { ...position, fill, fillOpacity: { value: 0.45 }, size: { value: 2 } };
  return {
    name,
    columns: columnsOf(["x", "y"], points),
    reach: points,
    levels: {
      scale: { name: "above", type: "ordinal", domain: [name], range: ["white"] },
      // White needs an outline where it stands on white.
      legend: {
        fill: "above",
        orient: "bottom",
        offset: 10,
        symbolType: "circle",
        symbolSize: 30,
        symbolStrokeColor: "#666666",
        symbolStrokeWidth: 1,
      },
    },
    mark: (data) => ({ type: "symbol", from: { data }, encode: { update } }),
  };
}

/** How lines are drawn: one alone, thin and light where they are many, and as what a clearer line stands on. */
const strokes = {
  single: { strokeOpacity: { value: 1 }, strokeWidth: { value: 1.5 } },
  many: { strokeOpacity: { value: 0.5 }, strokeWidth: { value: 0.8 } },
  faint: { strokeOpacity: { value: 0.35 }, strokeWidth: { value: 0.7 } },
};

/** Lines with the columns x, y and line, the number of each. */
export function lineLayer(name: string, { columns, reach }: Rows, stroke: keyof typeof strokes = "many"): Layer {
  const update = { ...position, stroke: color(name), ...strokes[stroke] };
  return {
    name,
    columns,
    reach,
    mark: (data) => ({
      type: "group",
      from: { facet: { name: `${data}-line`, data, groupby: "line" } },
      marks: [{ type: "line", from: { data: `${data}-line` }, encode: { update } }],
    }),
  };
}

/** What lies between two lines, with the columns x, y and top, as a light area: bands within bands become darker. */
export function bandLayer(name: string, { columns, reach }: Rows): Layer {
  const update = { ...position, y2: { scale: "y", field: "top" }, fill: color(name), fillOpacity: { value: 0.2 } };
  return { name, columns, reach, mark: (data) => ({ type: "area", from: { data }, encode: { update } }) };
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

/** The ends of cells and their values; one without a finite value is left out. */
function cellColumns(values: readonly (readonly number[])[], x: readonly number[], y: readonly number[]) {
  const size = values.reduce((sum, row) => sum + row.length, 0);
  const column = () => new Float64Array(size);
  const all = { x: column(), x2: column(), y: column(), y2: column(), value: column() };
  let shown = 0;
  values.forEach((row, i) => {
    row.forEach((value, j) => {
      if (!Number.isFinite(value)) return;
      all.x[shown] = x[j] as number;
      all.x2[shown] = x[j + 1] as number;
      all.y[shown] = y[i] as number;
      all.y2[shown] = y[i + 1] as number;
      all.value[shown] = value;
      shown += 1;
    });
  });
  const cut = (whole: Float64Array) => whole.slice(0, shown);
  return { x: cut(all.x), x2: cut(all.x2), y: cut(all.y), y2: cut(all.y2), value: cut(all.value) };
}

/** A grid of cells, coloured by their values; the first row lies at the bottom. */
export function cellLayer(values: readonly (readonly number[])[], { x, y, label, domain }: Cells): Layer {
  const columns = cellColumns(values, x, y);
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
  const corner = (end: 0 | -1): Point => [x.at(end) ?? 0, y.at(end) ?? 0];
  return {
    name: label,
    columns,
    reach: [corner(0), corner(-1)],
    levels: levelsOf(domain ?? rangeOf(columns.value) ?? [0, 1], label),
    mark: (data) => ({ type: "rect", from: { data }, encode: { update } }),
  };
}
