// Values on a grid as colours.
// The first row lies at the bottom, as an axis of numbers has it.
import { namesOf, optionsOf } from "../config/options.js";
import { toRows } from "../data/rows.js";
import { ShapeError } from "../errors.js";
import { refused } from "../model/settings.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkFrame, checkRange, checkTensor } from "./arguments.js";
import { cellLayer, edges } from "./layer.js";
import { type AxesSettings, axesNames, numberPanel } from "./panel.js";
import { Plot } from "./picture.js";
import type { Range } from "./range.js";

/** Settings of {@link heatMap}. */
export interface HeatMapSettings extends AxesSettings {
  /** The outer ends of the first and the last column; default 0 and the number of columns. */
  readonly x?: Range;
  /** The outer ends of the first and the last row; default 0 and the number of rows. */
  readonly y?: Range;
  /** What the colours mean. */
  readonly label?: string;
}

/** More would take seconds to draw and be finer than the pixels of the picture. */
const CELLS = 40_000;

const names = namesOf<HeatMapSettings>({ ...axesNames, x: true, y: true, label: true });

/**
 * Values on a grid `[rows, columns]` as colours, the first row at the bottom; cells that are not finite stay empty.
 *
 * @throws ShapeError for another rank or more than 40 000 cells, once the picture is drawn
 *
 * @example
 * ```ts
 * const { y, x } = { y: linspace(-1, 1, 20).reshape([20, 1]), x: linspace(-1, 1, 30) };
 * const density = x.square().add(y.square()).mul(-4).exp();
 * await plot.heatMap(density, { x: [-1, 1], y: [-1, 1], label: "density" }).save("density.png");
 * ```
 */
export function heatMap(values: Tensor, settings: HeatMapSettings = {}): Plot {
  const { label, x, y, ...frame } = optionsOf("plot.heatMap", settings, names);
  checkTensor("plot.heatMap", values, "[rows, columns]");
  checkFrame(frame);
  checkRange("x", x);
  checkRange("y", y);
  if (label !== undefined && typeof label !== "string") throw refused("label", "a text", label);
  const draw = async () => {
    const [rows = 0, columns = 0] = values.shape;
    if (values.rank !== 2 || values.size === 0) {
      const [expected, got] = ["a tensor [rows, columns]", `[${values.shape.join(", ")}]`];
      throw new ShapeError(`plot.heatMap: expected ${expected}, got ${got}`, { expected, got, where: "plot.heatMap" });
    }
    if (values.size > CELLS) {
      const [expected, got] = [`at most ${CELLS} cells`, `[${rows}, ${columns}]`];
      const factor = Math.ceil(Math.sqrt(values.size / CELLS));
      const remedy = `Remedy: values.reshape([1, 1, ${rows}, ${columns}]).avgPool(${factor}).squeeze(0).squeeze(0)`;
      const message = `plot.heatMap: expected ${expected}, got ${got}. ${remedy}`;
      throw new ShapeError(message, { expected, got, where: "plot.heatMap" });
    }
    const [across, up] = [x ?? ([0, columns] as const), y ?? ([0, rows] as const)];
    const cells = { x: edges(across, columns), y: edges(up, rows), label: label ?? "" };
    return [numberPanel({ ...frame, tight: true, layers: [cellLayer(await toRows(values), cells)] })];
  };
  return new Plot(draw);
}
