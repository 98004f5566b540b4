// The marginals of a process over time: how one coordinate is distributed at each time, as a histogram a column.
// Shows at a glance where a process decides what becomes of a sample.
import { inSlices } from "../data/slices.js";
import { refused } from "../model/settings.js";
import type { Tensor } from "../tensor/tensor.js";
import { cellLayer, edges, type Range, usualRange } from "./layer.js";
import { type Division, numberPanel, type Panel } from "./panel.js";
import { Plot } from "./picture.js";
import { type Process, type ProcessModel, type ProcessSettings, processOf } from "./process.js";

/** Settings of {@link marginals}. */
export interface MarginalSettings extends ProcessSettings {
  /** The coordinates that are shown, a panel each; default the first two, or the only one. */
  readonly coordinates?: readonly number[];
  /** Their names; default `x[0]`, `x[1]` … */
  readonly names?: readonly string[];
  /** Bins of a histogram; default 50. */
  readonly bins?: number;
  /** The ends of the histograms; default those between which all but a few values of each coordinate lie. */
  readonly range?: Range;
  /** Above the pictures. */
  readonly title?: string;
}

/** Times at which a model is looked at, and samples that are drawn, where the settings do not say. */
const USUAL = { times: 60, count: 4000 };

/** The share of the cells that are darker than the scale of colours goes: ends at which all mass lies in few bins would hide the rest. */
const BRIGHT = 0.005;

/** The share of the values that a histogram leaves out on either side. */
const CUT = 0.001;

/** Where columns begin and end that stand for these times, each reaching half way to the next. */
function around(times: readonly number[], division: Division): number[] {
  const [there, back] = division === "log" ? [Math.log, Math.exp] : [Number, Number];
  const places = times.map(there);
  if (places.length < 2) return [(places[0] ?? 0) - 0.5, (places[0] ?? 0) + 0.5].map(back);
  const between = places.slice(1).map((place, i) => (place + (places[i] ?? place)) / 2);
  return [places[0] ?? 0, ...between, places.at(-1) ?? 0].map(back);
}

/** The share of `values` per unit that lies in each bin. */
function histogram(values: readonly number[], places: readonly number[]): number[] {
  const [bins, low, high] = [places.length - 1, places[0] ?? 0, places.at(-1) ?? 1];
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * bins);
    // The largest value belongs to the last bin.
    const into = value === high ? bins - 1 : bin;
    if (into >= 0 && into < bins) counts[into] = (counts[into] ?? 0) + 1;
  }
  return counts.map((count) => (count * bins) / (values.length * (high - low)));
}

/** The panel of one coordinate. */
async function marginalPanel(
  { times, states, unit, division }: Process,
  coordinate: number,
  { bins = 50, range, names, title }: MarginalSettings,
  place: number,
): Promise<Panel> {
  const [, count = 0] = states.shape;
  const values = Array.from(await states.narrow(2, coordinate, 1).data(), Number);
  const [low, high] = range ?? usualRange(values, CUT) ?? [0, 1];
  const y = edges(low < high ? [low, high] : [low - 0.5, high + 0.5], bins);
  const columns: number[][] = [];
  await inSlices(times.length, (i) => columns.push(histogram(values.slice(i * count, (i + 1) * count), y)));
  // An axis has its times from the least to the largest, whichever way sampling goes.
  const order = times.map((time, i) => ({ time, column: columns[i] ?? [] })).sort((a, b) => a.time - b.time);
  const rows = Array.from({ length: bins }, (_, bin) => order.map(({ column }) => column[bin] ?? 0));
  const [, brightest] = usualRange(columns.flat(), BRIGHT) ?? [0, 1];
  const x = around(
    order.map(({ time }) => time),
    division,
  );
  return numberPanel({
    columns: [unit, names?.[place] ?? `x[${coordinate}]`],
    layers: [cellLayer(rows, { x, y, label: "density", domain: [0, brightest || 1] })],
    divisions: { x: division },
    tight: true,
    ...(title !== undefined && { title }),
  });
}

function check({ bins, range, coordinates, names }: MarginalSettings): void {
  if (bins !== undefined && !(Number.isSafeInteger(bins) && bins > 0)) throw refused("bins", "an integer ≥ 1", bins);
  if (range !== undefined && !(range.every(Number.isFinite) && range[0] < range[1])) {
    throw refused("range", "two numbers, low < high", range);
  }
  if (coordinates?.length === 0) throw refused("coordinates", "at least one", coordinates);
  const wanted = coordinates?.length;
  if (names !== undefined && wanted !== undefined && names.length !== wanted) {
    throw refused("names", `${wanted} names, one for each coordinate`, names);
  }
}

/**
 * How each coordinate of a process is distributed over time: a histogram a column, as a heat map of its density.
 *
 * @param source - a model, of which 4000 samples (or `count`) are drawn at 60 times (or `times`); or trajectories `[T, N, D]`
 * @throws ConfigError for wrong settings; ShapeError for states that are no vectors, once the picture is drawn
 *
 * @example
 * ```ts
 * await plot.marginals(model, { coordinates: [0], names: ["longitude"], count: 5_000 }).save("marginals.png");
 * ```
 */
export function marginals(source: ProcessModel | Tensor, settings: MarginalSettings = {}): Plot {
  check(settings);
  const { coordinates } = settings;
  return new Plot(async () => {
    const process = await processOf(source, coordinates ?? [0], settings, USUAL);
    const shown = coordinates ?? Array.from({ length: Math.min(2, process.states.shape[2] ?? 0) }, (_, i) => i);
    return Promise.all(shown.map((coordinate, place) => marginalPanel(process, coordinate, settings, place)));
  });
}
