// Pictures of samples, models and figures, side by side, as SVG or PNG: what the namespace `plot` has.
// One file for each kind of picture.
export type { Values } from "./arguments.js";
export { type BarSettings, type Bars, bars } from "./bars.js";
export { type DensityModel, type DensitySettings, density } from "./density.js";
export { type FieldModel, type FieldSettings, field } from "./field.js";
export type { GridSettings } from "./grid.js";
export { type HeatMapSettings, heatMap } from "./heat-map.js";
export { type ImageSettings, images } from "./images.js";
export { lines, type Series } from "./lines.js";
export { type LossEvent, type LossPlotSettings, loss } from "./loss.js";
export { type MarginalSettings, marginals } from "./marginals.js";
export type { AxesSettings, Division } from "./panel.js";
export { Plot, panels } from "./picture.js";
export type { Extent } from "./plane.js";
export type { ProcessModel, ProcessSettings, RunSettings } from "./process.js";
export type { Range } from "./range.js";
export { type PlotSettings, type ScatterSettings, scatter, trajectories } from "./samples.js";
export { type SnapshotSettings, snapshots } from "./snapshots.js";
export { type TablePlotSettings, table } from "./table.js";
export type { Timed, TimedConfig } from "./times.js";
