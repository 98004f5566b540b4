// The density of a model in the plane, from its likelihood: how probable it takes each place to be.
// With samples above, one sees whether data lie where the model expects them.
import { refused } from "../model/settings.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { cellLayer, edges, type Layer, pointLayer } from "./layer.js";
import { type AxesSettings, numberPanel } from "./panel.js";
import { Plot } from "./picture.js";
import { centresOf, checkExtent, checkPlanar, cornersOf, type Extent, extentOf } from "./plane.js";
import { type ProcessModel, type RunSettings, repeated, statesAt } from "./process.js";
import { pointsOf } from "./samples.js";
import { Times } from "./times.js";

/** A model whose density can be asked for. */
export interface DensityModel extends ProcessModel {
  /** As {@link GenerativeModel.logProb}. */
  logProb(x: Tensor, settings: object): Promise<{ readonly logProb: Tensor }>;
}

/** Settings of {@link density}. */
export interface DensitySettings extends Omit<RunSettings, "x0">, Extent, AxesSettings {
  /** Cells along each axis; default 80. The density is computed at the centre of each. */
  readonly grid?: number;
  /** Samples `[N, 2]` that are drawn above, the first 2000 of them. */
  readonly against?: Tensor;
}

/** Samples around which the window is laid where there are none to draw. */
const COUNT = 1000;

/** Points that are drawn above. */
const LIMIT = 2000;

/**
 * The density of a model in the plane as a heat map: exp of {@link GenerativeModel.logProb} on a grid, per square of the units of the data.
 *
 * @param model - with states of two coordinates, and a density: no flow between two sets
 * @throws ConfigError for wrong settings or a model without a density; ShapeError for a model of another size
 *
 * @example
 * ```ts
 * await plot.density(model, { grid: 20, against: data, columns: ["x", "y"] }).save("density.png");
 * ```
 */
export function density(model: DensityModel, settings: DensitySettings = {}): Plot {
  const { grid = 80, against, title, columns, seed, condition, solver, signal, progress } = settings;
  checkPlanar("plot.density", model);
  checkExtent(settings);
  if (!(Number.isSafeInteger(grid) && grid > 0)) throw refused("grid", "an integer ≥ 1", grid);
  return new Plot(async () => {
    const all = new Times(model);
    const around = async () =>
      pointsOf((await statesAt(model, all.ends.slice(1), settings, COUNT)).reshape([-1, 2]), {});
    const points = against === undefined ? [] : await pointsOf(against, {});
    const isFixed = settings.x !== undefined && settings.y !== undefined;
    const window = extentOf(settings, isFixed || points.length > 0 ? points : await around());
    const centres = centresOf(window, grid, grid);
    const { logProb } = await model.logProb(tensor(centres, { dtype: model.config.dtype ?? "f32" }), {
      seed,
      solver,
      signal,
      progress,
      condition: condition && repeated(condition, centres.length),
    });
    const densities = Array.from(await logProb.exp().data(), Number);
    const rows = Array.from({ length: grid }, (_, i) => densities.slice(i * grid, (i + 1) * grid));
    const cells = { x: edges(window.x, grid), y: edges(window.y, grid), label: "density" };
    const above: Layer[] = points.length === 0 ? [] : [pointLayer("data", points.slice(0, LIMIT), "above")];
    return [
      numberPanel({
        layers: [cellLayer(rows, cells), ...above],
        limits: cornersOf(window),
        tight: true,
        ...(title !== undefined && { title }),
        ...(columns && { columns }),
      }),
    ];
  });
}
