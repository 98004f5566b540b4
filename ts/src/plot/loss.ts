// The course of a fit: loss over steps, as it was and smoothed, with that on the validation data.
// From the events of a fit that has ended, from the log of one that runs, or from a run's folder.
import { namesOf, optionsOf } from "../config/options.js";
import { overRows } from "../data/slices.js";
import { readLog } from "../log/read-log.js";
import { checkTruth, refused } from "../model/settings.js";
import type { FitEvent } from "../train/events.js";
import { checkFrame } from "./arguments.js";
import { coursesOf } from "./courses.js";
import { dotLayer, type Layer, lineLayer, type Point } from "./layer.js";
import { type AxesSettings, axesNames, type Division, numberPanel, type Panel } from "./panel.js";
import { Plot } from "./picture.js";
import { rangeOf, usualRange } from "./range.js";
import { type Curve, smoothed } from "./smoothing.js";

/** What {@link loss} needs of an event of a fit. */
export type LossEvent = Pick<FitEvent, "step" | "loss"> & Partial<Pick<FitEvent, "validationLoss" | "learningRate">>;

/** Settings of {@link loss}. */
export interface LossPlotSettings extends AxesSettings {
  /**
   * How the axis of the loss is divided. By default `"log"` where the smoothed losses are positive and the largest is four times the least or more, and `"linear"` else.
   */
  readonly scale?: Division;
  /** Width of the smoothing as a share of the steps, in [0, 1): the standard deviation of a normal kernel; default 0.02. With 0 the losses stay as they are. */
  readonly smoothing?: number;
  /** Whether the learning rate is shown beside it; default false. */
  readonly learningRate?: boolean;
}

const names = namesOf<LossPlotSettings>({ ...axesNames, scale: true, smoothing: true, learningRate: true });

/** The width of the smoothing where the settings do not say. */
const SMOOTHING = 0.02;

/** How many times the least loss the largest must be for a logarithmic axis. */
const WIDE = 4;

/** The share of the losses as they were that may lie beyond the axis, on either side: a few peaks would hide all the rest. */
const CUT = 0.005;

/** The steps and values of events, all that are finite. */
async function curveOf(events: readonly LossEvent[], value: (event: LossEvent) => number | undefined): Promise<Curve> {
  const [x, y] = [new Float64Array(events.length), new Float64Array(events.length)];
  let count = 0;
  await overRows(events.length, (start, end) => {
    for (const event of events.slice(start, end)) {
      const own = value(event);
      if (own === undefined || !Number.isFinite(own) || !Number.isFinite(event.step)) continue;
      x[count] = event.step;
      y[count++] = own;
    }
  });
  return { x: x.subarray(0, count), y: y.subarray(0, count) };
}

/** The points at which values are larger than this. */
async function above({ x, y }: Curve, least: number): Promise<Curve> {
  const shown = { x: new Float64Array(x.length), y: new Float64Array(x.length) };
  let count = 0;
  await overRows(x.length, (start, end) => {
    for (let i = start; i < end; i++) {
      if (!((y[i] as number) > least)) continue;
      shown.x[count] = x[i] as number;
      shown.y[count++] = y[i] as number;
    }
  });
  return { x: shown.x.subarray(0, count), y: shown.y.subarray(0, count) };
}

const lineOf = ({ x, y }: Curve) => coursesOf(["x", "y", "line"], 1, () => ({ x, values: [y] }));

function divisionOf(curves: readonly Curve[]): Division {
  const ranges = curves.map(({ y }) => rangeOf(y)).filter((range) => range !== undefined);
  const [low, high] = [Math.min(...ranges.map(([least]) => least)), Math.max(...ranges.map(([, most]) => most))];
  return low > 0 && high >= WIDE * low ? "log" : "linear";
}

async function lossPanel(events: readonly LossEvent[], settings: LossPlotSettings): Promise<Panel> {
  const { smoothing = SMOOTHING, columns = ["step", "loss"], title, scale } = settings;
  const training = await curveOf(events, ({ loss }) => loss);
  const validation = await curveOf(events, ({ validationLoss }) => validationLoss);
  const clear = smoothing === 0 ? training : await smoothed(training, smoothing);
  const y = scale ?? divisionOf([clear, validation]);
  // A logarithmic axis has no place for what is not positive.
  const drawn = async (curve: Curve) => lineOf(y === "log" ? await above(curve, 0) : curve);
  const [raw, line, other] = [await drawn(training), await drawn(clear), await drawn(validation)];
  const [first, last] = [training.x[0] ?? 0, training.x.at(-1) ?? 1];
  const [low, high] = usualRange(training.y, CUT) ?? [0, 1];
  const limits: Point[] = [[first, low], [last, high], ...line.reach, ...other.reach];
  const layers: Layer[] = [
    ...(smoothing === 0 ? [] : [lineLayer("training", raw, "faint")]),
    lineLayer("training", line, "single"),
  ];
  if (validation.x.length > 0) {
    layers.push(lineLayer("validation", other, "single"), dotLayer("validation", other, "marks"));
  }
  return numberPanel({ columns, layers, limits, divisions: { y }, ...(title !== undefined && { title }) });
}

async function ratePanel(events: readonly LossEvent[]): Promise<Panel> {
  const rates = await lineOf(await curveOf(events, ({ learningRate }) => learningRate));
  return numberPanel({ columns: ["step", "learning rate"], layers: [lineLayer("learning rate", rates, "single")] });
}

/** Refuses what are no events. */
function checkEvents(events: readonly LossEvent[]): void {
  if (!Array.isArray(events)) throw refused("log", "events { step, loss }, or the path of a log", events);
  const wrong = events.findIndex((event) => typeof event?.step !== "number" || typeof event.loss !== "number");
  if (wrong >= 0) throw refused(`log[${wrong}]`, "an event { step, loss }, both numbers", events[wrong]);
}

/**
 * The losses of a fit over its steps: those of training as they were, thin, and smoothed; those on the validation data, where there are any. Of more than
 * 5000 points of a line the first, the last, the lowest and the highest of each half pixel of a PNG file are drawn: no peak is lost.
 *
 * @param log - events of a fit, of which step and loss are enough, a log that {@link jsonLinesLog} wrote, or the folder of a run with its `log.jsonl`; also while the fit is running
 * @throws ConfigError for other settings; DataError where the log cannot be read, once the picture is drawn
 *
 * @example
 * ```ts
 * const validation = { data: samples, every: 10 };
 * await model.fit(data, { steps: 5_000, validation, log: jsonLinesLog("runs/a/log.jsonl") });
 * await plot.loss("runs/a", { learningRate: true }).save("loss.png");
 * ```
 */
export function loss(log: readonly LossEvent[] | string, settings: LossPlotSettings = {}): Plot {
  const { smoothing = SMOOTHING, scale, learningRate } = optionsOf("plot.loss", settings, names);
  if (typeof smoothing !== "number" || !(smoothing >= 0 && smoothing < 1)) {
    throw refused("smoothing", "a share of the steps in [0, 1)", smoothing);
  }
  if (scale !== undefined && scale !== "linear" && scale !== "log") throw refused("scale", '"linear" or "log"', scale);
  checkTruth("learningRate", learningRate);
  checkFrame(settings);
  if (typeof log !== "string") checkEvents(log);
  return new Plot(async () => {
    const events = typeof log === "string" ? await readLog(log) : log;
    return [await lossPanel(events, settings), ...(learningRate ? [await ratePanel(events)] : [])];
  });
}
