// The density of a model in the plane, from its likelihood: how probable it takes each place to be.
// With samples above, one sees whether data lie where the model expects them.
import { namesOf, optionsOf } from "../config/options.js";
import type { DensityReport } from "../model/reports.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkCount, checkFrame, checkModel, checkTensor, ROWS } from "./arguments.js";
import { cellLayer, edges, lightLayer, type Point } from "./layer.js";
import { type AxesSettings, axesNames, numberPanel } from "./panel.js";
import { Plot } from "./picture.js";
import { centresOf, checkExtent, checkPlanar, cornersOf, type Extent, extentNames, extentOf } from "./plane.js";
import { type ProcessModel, type RunSettings, repeated, runNames, statesAt } from "./process.js";
import { type Range, rangeOf } from "./range.js";
import { pointsOf } from "./samples.js";
import { Times } from "./times.js";

/** A model whose density can be asked for. */
export interface DensityModel extends ProcessModel {
  /** As {@link GenerativeModel.logProb}. */
  logProb(x: Tensor, settings: object): Promise<Pick<DensityReport, "logProb">>;
}

/** Settings of {@link density}. */
export interface DensitySettings extends Omit<RunSettings, "x0">, Extent, AxesSettings {
  /** Cells along each axis, at most 200; default 80. The density is computed at the centre of each. */
  readonly grid?: number;
  /** Samples `[N, 2]` that are drawn above, the first 2000 of them. */
  readonly against?: Tensor;
}

const { x0: _, ...ofRun } = runNames;
const names = namesOf<DensitySettings>({ ...ofRun, ...extentNames, ...axesNames, grid: true, against: true });

/** Samples that tell which part of the plane is shown where there are none to draw. */
const COUNT = 1000;

/** Of densities as colours: tighter tolerances take several times as long and look alike. */
const SOLVER = { type: "ODESolver", args: { method: "dopri5", rtol: 1e-3, atol: 1e-3 } } as const;

/** Cells along each axis at most: more would be finer than the pixels of the picture. */
const MOST = 200;

/** Points that are drawn above. */
const LIMIT = 2000;

/** The points that are drawn, and the part of the plane in which they, or samples of the model, lie. */
async function placed(model: DensityModel, settings: DensitySettings) {
  const points = settings.against === undefined ? [] : await pointsOf(settings.against, {});
  const isFixed = settings.x !== undefined && settings.y !== undefined;
  if (isFixed || points.length > 0) return { points, shown: extentOf(settings, points) };
  const samples = await statesAt(model, new Times(model).ends.slice(1), settings, COUNT);
  return { points, shown: extentOf(settings, await pointsOf(samples.reshape([-1, 2]), {})) };
}

/** Densities at the centres of cells, row by row. */
async function densitiesAt(
  model: DensityModel,
  centres: readonly Point[],
  { seed, condition, solver = SOLVER, guidance, weights, signal, progress }: DensitySettings,
): Promise<number[]> {
  const given = condition && repeated(condition, centres.length);
  const x = tensor(centres, { dtype: model.config.dtype ?? "f32" });
  const { logProb } = await model.logProb(x, { seed, condition: given, solver, guidance, weights, signal, progress });
  return Array.from(await logProb.exp().data(), Number);
}

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
  const { grid = 80, title, columns } = optionsOf("plot.density", settings, names);
  checkModel("plot.density", model, "a model with a density (logProb)", "logProb", "sampleForwardProcess");
  checkPlanar("plot.density", model);
  checkFrame(settings);
  checkCount("grid", grid, MOST);
  checkCount("count", settings.count);
  if (settings.against !== undefined) checkTensor("plot.density: against", settings.against, ROWS);
  checkExtent(settings);
  return new Plot(async () => {
    const { points, shown } = await placed(model, settings);
    const densities = await densitiesAt(model, centresOf(shown, grid, grid), settings);
    const rows = Array.from({ length: grid }, (_, i) => densities.slice(i * grid, (i + 1) * grid));
    const domain: Range = [0, rangeOf(densities)?.[1] || 1];
    const cells = { x: edges(shown.x, grid), y: edges(shown.y, grid), label: "density", domain };
    const above = points.length === 0 ? [] : [lightLayer("data", points.slice(0, LIMIT))];
    return [
      numberPanel({
        layers: [cellLayer(rows, cells), ...above],
        limits: cornersOf(shown),
        tight: true,
        ...(title !== undefined && { title }),
        ...(columns && { columns }),
      }),
    ];
  });
}
