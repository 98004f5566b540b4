// Figures beside each other as horizontal bars, one group for each label: a measure beside its floor or baseline.
// Vega's band scales place them; no numbers but the figures themselves are needed.
import { box, COLORS, type Panel, places, SIZE } from "./panel.js";

/** Bars of one colour: a figure for each label. */
export interface Bars {
  /** Its name in the legend. */
  readonly name: string;
  /** The figures, one for each label. */
  readonly values: readonly number[];
}

/** A panel's title and content. */
export interface BarsData {
  readonly title: string;
  /** Name of the axis of the figures. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly sets: readonly Bars[];
}

/** A panel of bars, the first label on top. */
export function barPanel({ title, unit, labels, sets }: BarsData): Panel {
  const names = sets.map(({ name }) => name);
  const values = sets.flatMap(({ name, values }) => labels.map((label, i) => ({ label, name, value: values[i] ?? 0 })));
  const shown = values.map(({ value }) => value);
  const color = { scale: "color", field: "name" };
  const place = { y: { scale: "bar", field: "name" }, height: { scale: "bar", band: 1 } };
  const bar = { ...place, x: { scale: "x", value: 0 }, x2: { scale: "x", field: "value" }, fill: color };
  return (index) => ({
    type: "group",
    encode: { update: box },
    title: { text: title },
    data: [{ name: `panel${index}`, values }],
    scales: [
      {
        name: "x",
        type: "linear",
        domain: [Math.min(0, ...shown), Math.max(0, ...shown)],
        nice: true,
        range: [0, SIZE],
      },
      { name: "label", type: "band", domain: [...labels], range: [0, SIZE], padding: 0.25 },
      { name: "color", type: "ordinal", domain: names, range: COLORS },
    ],
    axes: [
      { scale: "x", orient: "bottom", tickCount: 6, title: unit },
      { scale: "label", orient: "left" },
    ],
    legends: names.length > 1 ? [{ fill: "color", symbolType: "square", ...places.below }] : [],
    marks: [
      {
        type: "group",
        from: { facet: { data: `panel${index}`, name: `panel${index}-label`, groupby: "label" } },
        encode: { update: { y: { scale: "label", field: "label" } } },
        signals: [{ name: "height", update: "bandwidth('label')" }],
        scales: [{ name: "bar", type: "band", domain: names, range: [0, { signal: "height" }] }],
        marks: [{ type: "rect", from: { data: `panel${index}-label` }, encode: { update: bar } }],
      },
    ],
  });
}
