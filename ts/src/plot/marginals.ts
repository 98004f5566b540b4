// The marginals of a process over time: how one coordinate is distributed at each time, as a smoothed histogram a column.
// Shows at a glance where a process decides what becomes of a sample.
import { namesOf, optionsOf } from "../config/options.js";
import { numbersOf } from "../data/rows.js";
import { turns } from "../data/slices.js";
import { refused } from "../model/settings.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkCoordinates, checkCount, checkFrame, checkRange, checkTexts } from "./arguments.js";
import { binsFor, sharesIn } from "./histogram.js";
import { cellLayer, edges } from "./layer.js";
import { type Division, numberPanel, type Panel } from "./panel.js";
import { Plot } from "./picture.js";
import { checkSource, type Process, type ProcessModel, type ProcessSettings, processOf, runNames } from "./process.js";
import { type Range, usualRange } from "./range.js";
import { smoothedBins } from "./smoothing.js";

/** Settings of {@link marginals}. */
export interface MarginalSettings extends ProcessSettings {
  /** The coordinates that are shown, a panel each; default the first two, or the only one. */
  readonly coordinates?: readonly number[];
  /** Their names; default `x[0]`, `x[1]` … */
  readonly names?: readonly string[];
  /** Bins of a histogram; default twice the cube root of the number of samples, at most 50. At most 500. */
  readonly bins?: number;
  /** Width of the smoothing along the coordinate, in bins: the standard deviation of a normal kernel; default 1. With 0 the histograms stay as they are. */
  readonly smoothing?: number;
  /** The ends of the histograms; default those between which all but a few values of each coordinate lie. */
  readonly range?: Range;
  /** Above the pictures. */
  readonly title?: string;
}

const names = namesOf<MarginalSettings>({
  ...runNames,
  times: true,
  coordinates: true,
  names: true,
  bins: true,
  smoothing: true,
  range: true,
  title: true,
});

/** Times at which a model is looked at, and samples that are drawn, where the settings do not say. */
const USUAL = { times: 60, count: 16_000 };

/** Bins at most, and the width of the smoothing, where the settings do not say: the noise of a bin is then about a fiftieth of a normal density's peak. */
const [BINS, SMOOTHING] = [50, 1];

/** Bins at most: more would be finer than the pixels of the picture. */
const MOST = 500;

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

/** The panel of one coordinate. */
async function marginalPanel(
  { times, states, unit, division }: Process,
  coordinate: number,
  { bins, range, smoothing = SMOOTHING, names, title }: MarginalSettings,
  place: number,
): Promise<Panel> {
  const [, samples = 0] = states.shape;
  const count = bins ?? binsFor(samples, BINS);
  const values = await numbersOf(states.narrow(2, coordinate, 1));
  const [start, end] = range ?? usualRange(values, CUT) ?? [0, 1];
  const ends: Range = start < end ? [start, end] : [start - 0.5, start + 0.5];
  const columns: number[][] = [];
  const turn = turns();
  for (let i = 0; i < times.length; i++) {
    const shares = await sharesIn(values.subarray(i * samples, (i + 1) * samples), { range: ends, count });
    const densities = shares.map((share) => (share * count) / (ends[1] - ends[0]));
    columns.push(smoothedBins(densities, smoothing));
    await turn();
  }
  // An axis has its times from the least to the largest, whichever way sampling goes.
  const order = times.map((time, i) => ({ time, column: columns[i] ?? [] })).sort((a, b) => a.time - b.time);
  const rows = Array.from({ length: count }, (_, bin) => order.map(({ column }) => column[bin] ?? 0));
  const [, brightest] = usualRange(columns.flat(), BRIGHT) ?? [0, 1];
  const x = around(
    order.map(({ time }) => time),
    division,
  );
  return numberPanel({
    columns: [unit, names?.[place] ?? `x[${coordinate}]`],
    layers: [cellLayer(rows, { x, y: edges(ends, count), label: "density", domain: [0, brightest || 1] })],
    divisions: { x: division },
    tight: true,
    ...(title !== undefined && { title }),
  });
}

function check({ bins, smoothing, range, coordinates, names, title, count }: MarginalSettings): void {
  checkCount("bins", bins, MOST);
  checkCount("count", count);
  checkCoordinates(coordinates);
  checkRange("range", range);
  checkFrame({ title });
  checkTexts("names", names);
  if (smoothing !== undefined && !(smoothing >= 0 && Number.isFinite(smoothing))) {
    throw refused("smoothing", "a number of bins ≥ 0", smoothing);
  }
  const wanted = coordinates?.length;
  if (names !== undefined && wanted !== undefined && names.length !== wanted) {
    throw refused("names", `${wanted} names, one for each coordinate`, names);
  }
}

/**
 * How each coordinate of a process is distributed over time: a histogram a column, as a heat map of its density. Histograms are smoothed along the coordinate by a normal kernel as wide as
 * a bin, since the noise of their counts would be stripes over time; `smoothing: 0` shows them as they are. They have fewer bins where there are fewer samples.
 *
 * @param source - a model, of which 16 000 samples (or `count`) are drawn at 60 times (or `times`); or trajectories `[T, N, D]`
 * @throws ConfigError for wrong settings; ShapeError for states that are no vectors, once the picture is drawn
 *
 * @example
 * ```ts
 * await plot.marginals(model, { coordinates: [0], names: ["longitude"], count: 5_000 }).save("marginals.png");
 * ```
 */
export function marginals(source: ProcessModel | Tensor, settings: MarginalSettings = {}): Plot {
  check(optionsOf("plot.marginals", settings, names));
  checkSource("plot.marginals", source);
  const { coordinates } = settings;
  return new Plot(async () => {
    const process = await processOf(source, coordinates ?? [0], settings, USUAL);
    const shown = coordinates ?? Array.from({ length: Math.min(2, process.states.shape[2] ?? 0) }, (_, i) => i);
    const panels: Panel[] = [];
    for (const [place, coordinate] of shown.entries())
      panels.push(await marginalPanel(process, coordinate, settings, place));
    return panels;
  });
}
