// Panels in rows, and the Vega specification of all of them: what is handed to the thread that draws.
// Takes plain numbers; tensors are read before.
import type { Spec } from "vega";
import type { Picture } from "./painter.js";
import { colorScale, legendOf, type Panel } from "./panel.js";
import { drawableIn } from "./texts.js";

/** Panels of a row at most, where nobody says how many. */
const ROW = 4;

/** Columns of as few rows as hold so many panels, each about as long as the others. */
export const columnsOf = (panels: number) => Math.ceil(panels / Math.ceil(panels / ROW));

/** Settings of pictures of several panels. */
export interface GridSettings {
  /** Panels of a row; default as many as make rows of about equal length, at most four. */
  readonly columns?: number;
  /** Above all of them. */
  readonly title?: string;
}

/** How panels are put together. */
export interface Grid extends GridSettings {
  /** What has which colour in all of them, where they do not say it themselves. */
  readonly colors?: readonly string[];
}

/** Rows of panels, as one panel. */
export function gridPanel(panels: readonly Panel[], grid: Grid): Panel {
  const { columns = columnsOf(panels.length), title, colors = [] } = grid;
  return (name) => {
    const drawn = panels.map((panel, i) => panel(`${name}-${i}`));
    return {
      data: Object.assign({}, ...drawn.map(({ data }) => data)),
      mark: {
        type: "group",
        ...(title && { title: { text: title, fontSize: 15, offset: 14 } }),
        scales: [colorScale(colors)],
        legends: legendOf(colors, "square"),
        layout: { columns, padding: 28, bounds: "full", align: "each" },
        marks: drawn.map(({ mark }) => mark),
      },
    };
  };
}

const font = "DejaVu Sans";

const config: Spec["config"] = {
  title: { font, fontSize: 13, subtitleFont: font, subtitleFontSize: 10 },
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
};

/** What is drawn of a panel. */
export function pictureOf(panel: Panel): Picture {
  const { mark, data } = panel("panel");
  const spec: Spec = {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    background: "white",
    padding: 12,
    layout: { columns: 1, bounds: "full" },
    config,
    marks: [mark],
  };
  return { spec: drawableIn(spec), data: drawableIn(data) };
}
