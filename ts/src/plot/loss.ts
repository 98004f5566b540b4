// The course of a fit: loss over steps, as it was and smoothed, with that on the validation data.
// From the events of a fit that has ended, from the log of one that runs, or from a run's folder.
import { namesOf, optionsOf } from "../config/options.js";
import { readLog } from "../log/read-log.js";
import { refused } from "../model/settings.js";
import type { FitEvent } from "../train/events.js";
import { checkFrame, checkSwitch } from "./arguments.js";
import { type Layer, lineLayer, type Point, pointLayer } from "./layer.js";
import { type AxesSettings, axesNames, type Division, numberPanel, type Panel } from "./panel.js";
import { Plot } from "./picture.js";
import { rangeOf, usualRange } from "./range.js";
import { smoothed, thinned } from "./smoothing.js";

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

const course = (events: readonly LossEvent[], value: (event: LossEvent) => number | undefined): Point[] =>
  events
    .map((event): Point => [event.step, value(event) ?? Number.NaN])
    .filter((point) => point.every(Number.isFinite));

function divisionOf(lines: readonly (readonly Point[])[]): Division {
  const [low, high] = rangeOf(lines.flat().map(([, value]) => value)) ?? [0, 0];
  return low > 0 && high >= WIDE * low ? "log" : "linear";
}

async function lossPanel(events: readonly LossEvent[], settings: LossPlotSettings): Promise<Panel> {
  const { smoothing = SMOOTHING, columns = ["step", "loss"], title, scale } = settings;
  const training = course(events, ({ loss }) => loss);
  const validation = course(events, ({ validationLoss }) => validationLoss);
  const clear = smoothing === 0 ? training : await smoothed(training, smoothing);
  const y = scale ?? divisionOf([clear, validation]);
  // A logarithmic axis has no place for what is not positive.
  const shown = (points: readonly Point[]) => (y === "log" ? points.filter(([, value]) => value > 0) : points);
  const [first, last] = [training[0]?.[0] ?? 0, training.at(-1)?.[0] ?? 1];
  const [low, high] = usualRange(
    training.map(([, value]) => value),
    CUT,
  ) ?? [0, 1];
  const limits: Point[] = [[first, low], [last, high], ...clear, ...validation];
  const layers: Layer[] = [
    ...(smoothing === 0 ? [] : [lineLayer("training", [thinned(shown(training))], "faint")]),
    lineLayer("training", [thinned(shown(clear))], "single"),
  ];
  if (validation.length > 0) {
    layers.push(
      lineLayer("validation", [shown(validation)], "single"),
      pointLayer("validation", shown(validation), "marks"),
    );
  }
  return numberPanel({ columns, layers, limits, divisions: { y }, ...(title !== undefined && { title }) });
}

function ratePanel(events: readonly LossEvent[]): Panel {
  const rates = thinned(course(events, ({ learningRate }) => learningRate));
  return numberPanel({ columns: ["step", "learning rate"], layers: [lineLayer("learning rate", [rates], "single")] });
}

/** Refuses what are no events. */
function checkEvents(events: readonly LossEvent[]): void {
  if (!Array.isArray(events)) throw refused("log", "events { step, loss }, or the path of a log", events);
  const wrong = events.findIndex((event) => typeof event?.step !== "number" || typeof event.loss !== "number");
  if (wrong >= 0) throw refused(`log[${wrong}]`, "an event { step, loss }, both numbers", events[wrong]);
}

/**
 * The losses of a fit over its steps: those of training as they were, thin, and smoothed; those on the validation data, where there are any.
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
  checkSwitch("learningRate", learningRate);
  checkFrame(settings);
  if (typeof log !== "string") checkEvents(log);
  return new Plot(async () => {
    const events = typeof log === "string" ? await readLog(log) : log;
    return [await lossPanel(events, settings), ...(learningRate ? [ratePanel(events)] : [])];
  });
}
