// A panel of a plot as a Vega group: title, scales, axes, legends, and its layers.
// Takes plain numbers; tensors are read before.
import type { Columns, DataSets } from "./data-sets.js";
import type { Layer, Legend, Mark, Point, Scale } from "./layer.js";
import { type Range, rangeOf } from "./range.js";

/** A Vega group, and the data that it names. */
export interface Drawn {
  readonly mark: Mark;
  readonly data: DataSets;
}

/** A panel: what is drawn by this name, after which its data are named. */
export type Panel = (name: string) => Drawn;

/** Settings of all plots with two axes of numbers. */
export interface AxesSettings {
  /** Above the picture. */
  readonly title?: string;
  /** Names of the axes; of samples by default `x[0]`, `x[1]` … */
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
  readonly divisions?: { readonly x?: Division | "utc"; readonly y?: Division };
  /** How the numbers of the vertical axis are written, as d3-format has it. */
  readonly format?: string;
  /** Lines in smaller letters below the title. */
  readonly subtitle?: readonly string[];
  /** Default a square of {@link SIZE}. */
  readonly size?: Size;
  /** Whether the colours are explained below; default true. */
  readonly legend?: boolean;
}

/** Width and height of a panel, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Width and height of a panel, in pixels, where nothing else is said. */
export const SIZE = 320;

const square: Size = { width: SIZE, height: SIZE };

/** Colours that differ for colour-blind readers too (Okabe & Ito 2008). */
const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999933", "#332288"];

/** The box of a panel. */
export const boxOf = ({ width, height }: Size = square) => ({
  width: { value: width },
  height: { value: height },
  stroke: { value: "#cccccc" },
});

/** A title and what stands below it; there is no room for them where there are none. */
export const titleOf = (text: string | undefined, subtitle: readonly string[] = []) =>
  text || subtitle.length > 0
    ? { title: { text: text ?? "", ...(subtitle.length > 0 && { subtitle: [...subtitle] }) } }
    : {};

const divided = { linear: { type: "linear", zero: false }, log: { type: "log" }, utc: { type: "utc" } } as const;

/** Ticks of dates tell the year, too, which Vega's own leave to the first of a year. */
const DATES = {
  year: "%Y",
  quarter: "%b %Y",
  month: "%b %Y",
  week: "%d %b %Y",
  date: "%d %b %Y",
  hours: "%d %b %H:%M",
  minutes: "%H:%M",
  seconds: "%H:%M:%S",
  milliseconds: "%H:%M:%S.%L",
};

/** The shortest axis that can be divided. */
const TINY = 1e-300;

/** The share of an axis that lies beyond the points on either side. */
const MARGIN = 0.04;

/** The ends of an axis on which all of these values lie. */
function extent(values: readonly number[], division: keyof typeof divided, margin: number): Range {
  const [there, back] = division === "log" ? [Math.log, Math.exp] : [Number, Number];
  const range = rangeOf(values.map(there));
  if (range === undefined) return division === "log" ? [0.1, 1] : [0, 1];
  const [low, high] = range;
  const beyond = high - low > TINY ? (high - low) * margin : MARGIN;
  const ends: Range = [back(low - beyond), back(high + beyond)];
  return division === "utc" ? datesIn(ends) : ends;
}

/** The last moment of an axis of dates, and a day: further out there are no dates for its ticks. */
const [LAST, DAY] = [8.6e15, 86_400_000];

function datesIn([low, high]: Range): Range {
  const [first, last] = [Math.max(-LAST, Math.min(LAST, low)), Math.max(-LAST, Math.min(LAST, high))];
  return first < last ? [first, last] : [first - DAY, last + DAY];
}

/** The scale that gives each of these names its colour. */
export const colorScale = (names: readonly string[]): Scale => ({
  name: "color",
  type: "ordinal",
  domain: [...names],
  range: COLORS,
});

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

/** How many times as far as its axis reaches a place may lie from it: further out, those who draw lose count, and nothing is seen. */
const FAR = 100;

/** Which axis a column is of. */
const axisOf: Readonly<Record<string, "x" | "y">> = { x: "x", x2: "x", y: "y", y2: "y", top: "y" };

/** Columns whose places do not lie further out than can be drawn. */
function within(columns: Columns, ends: Readonly<Record<"x" | "y", Range>>): Columns {
  const limited = ([name, values]: [string, Columns[string]]) => {
    const axis = axisOf[name];
    if (axis === undefined || !(values instanceof Float64Array)) return [name, values] as const;
    const [low, high] = ends[axis];
    const beyond = FAR * (high - low);
    const [least, most] = [low - beyond, high + beyond];
    const isFar = values.some((value) => value < least || value > most);
    return [name, isFar ? values.map((value) => Math.min(most, Math.max(least, value))) : values] as const;
  };
  return Object.fromEntries(Object.entries(columns).map(limited));
}

/** A panel with two axes of numbers. */
export function numberPanel(panel: PanelData): Panel {
  const {
    title,
    subtitle,
    columns = ["", ""],
    layers,
    limits,
    tight = false,
    size = square,
    format,
    legend = true,
  } = panel;
  const { x = "linear", y = "linear" } = panel.divisions ?? {};
  const points = limits ?? layers.flatMap(({ reach }) => reach);
  const levels = layers.flatMap((layer) => layer.levels ?? []);
  const names = [...new Set(layers.filter((layer) => layer.levels === undefined).map(({ name }) => name))];
  const box = boxOf(size);
  const ends = {
    x: extent(
      points.map((point) => point[0]),
      x,
      tight ? 0 : MARGIN,
    ),
    y: extent(
      points.map((point) => point[1]),
      y,
      tight ? 0 : MARGIN,
    ),
  };
  const scale = (name: "x" | "y", division: keyof typeof divided) => ({
    name,
    ...divided[division],
    domain: [...ends[name]],
    range: name === "x" ? [0, size.width] : [size.height, 0],
  });
  const axis = { tickCount: 6, labelOverlap: true } as const;
  const nameOf = (panel: string, layer: number) => `${panel}-${layer}`;
  return (name) => ({
    data: Object.fromEntries(layers.map(({ columns }, i) => [nameOf(name, i), within(columns, ends)])),
    mark: {
      type: "group",
      encode: { update: box },
      ...titleOf(title, subtitle),
      scales: [scale("x", x), scale("y", y), colorScale(names), ...levels.map((level) => level.scale)],
      axes: [
        {
          scale: "x",
          orient: "bottom",
          title: columns[0],
          ...axis,
          ...(x === "utc" && { tickCount: 4, format: DATES as never }),
        },
        { scale: "y", orient: "left", title: columns[1], ...axis, ...(format && { format }) },
      ],
      legends: [...(legend ? legendOf(names, "circle") : []), ...levels.flatMap(({ legend }) => legend ?? [])],
      // Cut at the box once for all: each mark that is cut costs resvg a layer of the whole picture.
      marks: [
        {
          type: "group",
          clip: true,
          encode: { update: { width: box.width, height: box.height } },
          marks: layers.map((layer, i) => layer.mark(nameOf(name, i))),
        },
      ],
    },
  });
}
