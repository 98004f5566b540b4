// Figures beside each other as horizontal bars, one group for each label: a measure beside its floor or baseline.
// Vega's band scales place them; no numbers but the figures themselves are needed.

import { namesOf, optionsOf } from "../config/options.js";
import { ShapeError } from "../errors.js";
import { refused } from "../model/settings.js";
import { checkFrame, checkTexts } from "./arguments.js";
import { boxOf, colorScale, legendOf, type Panel, SIZE, type Size, titleOf } from "./panel.js";
import { Plot } from "./picture.js";

/** Bars of one colour: a figure for each label. */
export interface Bars {
  /** Its name in the legend. */
  readonly name: string;
  /** The figures, one for each label. */
  readonly values: readonly number[];
}

/** A panel's title and content. */
interface BarsData {
  readonly title?: string | undefined;
  /** Lines in smaller letters below the title. */
  readonly subtitle?: readonly string[];
  /** Name of the axis of the figures. */
  readonly unit?: string | undefined;
  /** How the figures are written, as d3-format has it. */
  readonly format?: string;
  readonly labels: readonly string[];
  readonly sets: readonly Bars[];
  /** Default a square. */
  readonly size?: Size;
  /** Whether the colours are explained below; default true. */
  readonly legend?: boolean;
}

/** A panel of bars, the first label on top. */
export function barPanel(panel: BarsData): Panel {
  const { title, subtitle, unit, format, labels, sets, size = { width: SIZE, height: SIZE }, legend = true } = panel;
  const names = sets.map(({ name }) => name);
  // By their places: labels that look alike have bars of their own.
  const places = labels.map((_, place) => place);
  const rows = sets.flatMap(({ name, values }) => places.map((label) => ({ label, name, value: values[label] ?? 0 })));
  const shown = rows.map(({ value }) => value);
  const color = { scale: "color", field: "name" };
  const place = { y: { scale: "bar", field: "name" }, height: { scale: "bar", band: 1 } };
  const bar = { ...place, x: { scale: "x", value: 0 }, x2: { scale: "x", field: "value" }, fill: color };
  const bottom = { tickCount: 6, labelOverlap: true, title: unit ?? "", ...(format && { format }) } as const;
  return (name) => ({
    data: { [name]: { label: rows.map(({ label }) => label), name: rows.map((row) => row.name), value: shown } },
    mark: {
      type: "group",
      encode: { update: boxOf(size) },
      ...titleOf(title, subtitle),
      signals: [{ name: "labels", value: [...labels] }],
      scales: [
        {
          name: "x",
          type: "linear",
          domain: [Math.min(0, ...shown), Math.max(0, ...shown)],
          nice: true,
          range: [0, size.width],
        },
        { name: "label", type: "band", domain: places, range: [0, size.height], padding: 0.25 },
        colorScale(names),
      ],
      axes: [
        { scale: "x", orient: "bottom", ...bottom },
        {
          scale: "label",
          orient: "left",
          description: `Labels: ${labels.join(", ")}`,
          encode: { labels: { update: { text: { signal: "labels[datum.value]" } } } },
        },
      ],
      legends: legend ? legendOf(names, "square") : [],
      marks: [
        {
          type: "group",
          from: { facet: { data: name, name: `${name}-label`, groupby: "label" } },
          encode: { update: { y: { scale: "label", field: "label" } } },
          signals: [{ name: "height", update: "bandwidth('label')" }],
          scales: [{ name: "bar", type: "band", domain: names, range: [0, { signal: "height" }] }],
          marks: [{ type: "rect", from: { data: `${name}-label` }, encode: { update: bar } }],
        },
      ],
    },
  });
}

/** Settings of {@link bars}. */
export interface BarSettings {
  /** What each figure is of, from top to bottom. */
  readonly labels: readonly string[];
  /** Above the picture. */
  readonly title?: string;
  /** Name of the axis of the figures. */
  readonly unit?: string;
}

const names = {
  set: namesOf<Bars>({ name: true, values: true }),
  settings: namesOf<BarSettings>({ labels: true, title: true, unit: true }),
};

/**
 * Figures as horizontal bars, those of one label beside each other: a measure beside its floor or its baseline.
 *
 * @param sets - one colour each
 * @throws ShapeError where there is not one figure for each label
 *
 * @example
 * ```ts
 * const sets = [{ name: "samples", values: [0.14, 0.78] }, { name: "half to half", values: [0.09, 0.47] }];
 * await plot.bars(sets, { labels: ["swiss roll", "airports"], unit: "distance" }).save("distances.png");
 * ```
 */
export function bars(sets: readonly Bars[], settings: BarSettings): Plot {
  const { labels, title, unit } = optionsOf("plot.bars", settings, names.settings);
  if (!Array.isArray(sets)) throw refused("plot.bars", "an array of { name, values }", sets);
  if (labels === undefined) throw refused("labels", "names, one for each figure of a set", labels);
  checkTexts("labels", labels);
  checkFrame({ title });
  if (unit !== undefined && typeof unit !== "string") throw refused("unit", "a text", unit);
  sets.forEach((set, i) => {
    const where = `plot.bars: set ${i + 1}`;
    const { name, values } = optionsOf(where, set, names.set);
    if (typeof name !== "string") throw refused(`${where}: name`, "a text", name);
    const isFigures = Array.isArray(values) && values.every(Number.isFinite);
    if (!isFigures) throw refused(`${where}: values`, "an array of finite numbers", values);
    const isNew = sets.findIndex((other) => other.name === name) === i;
    if (!isNew) throw refused(`${where}: name`, "another name than those before, since each has a colour", name);
  });
  const wrong = sets.find(({ values }) => values.length !== labels.length);
  if (wrong !== undefined) {
    const [expected, got] = [`${labels.length} figures, one for each label`, String(wrong.values.length)];
    const where = `plot.bars: ${JSON.stringify(wrong.name)}`;
    throw new ShapeError(`${where}: expected ${expected}, got ${got}`, { expected, got, where });
  }
  return new Plot(async () => [barPanel({ title, unit, labels, sets })]);
}
