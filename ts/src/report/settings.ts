// The settings of a report, as users write them, and what they are where they are not given.
// Checked once, before anything is computed.
import type { Table } from "../data/table.js";
import type { SampleOptions, Size } from "../generated/config.js";
import type { JobSettings } from "../model/job.js";
import type { Pairs } from "../model/options.js";
import { refused, settingsOf } from "../model/settings.js";
import type { StateOf } from "../model/state.js";
import type { FitEvent } from "../train/events.js";

/** How samples are drawn for a report: options of the model's `sample` that are the same for all of them. */
export interface ReportSampling
  extends JobSettings,
    Pick<SampleOptions, "solver" | "guidance" | "diffusion" | "weights"> {
  /** Of a pair of models, how strongly the one guides the other. */
  readonly guidanceScale?: number;
  /** Of a model of tokens, how they are sampled. */
  readonly sampler?: object;
}

/** Settings of {@link report}. */
export interface ReportSettings<X extends Size, C extends Size> {
  /** Data that the samples are compared with, best such that training did not see: what the model is fitted to, or a table. */
  readonly data?: StateOf<X> | Pairs<X> | Table;
  /**
   * Conditions to sample with, for conditional models. Where there are as many rows as of the data, they belong together. Of a model of tables, the conditions
   * are those of the table.
   */
  readonly condition?: StateOf<C>;
  /** Samples of the source to start from, for models fitted between two sets; those of `data: { x0, x1 }` if not given. */
  readonly x0?: StateOf<X>;
  /** The events of the fit, or the path of the log that {@link jsonLinesLog} wrote (or of its folder): their losses become a curve. */
  readonly log?: string | readonly FitEvent[];
  /** Above the page; by default the model's class. */
  readonly title?: string;
  /** Names of the coordinates of a state; by default the columns of its table, or their numbers. */
  readonly columns?: readonly string[];
  /** The two coordinates that are drawn, by number or name; default the first two, of a table two columns of numbers. */
  readonly axes?: readonly [number | string, number | string];
  /** Samples that are drawn and measured; default 2000, or 64 of states of more than 256 numbers. */
  readonly samples?: number;
  /** Particles of the animation at most, default 2000. Of images there are as many as about 2 MB hold, at most 36. */
  readonly particles?: number;
  /** Moments of the animation; default 61, of images 31. */
  readonly frames?: number;
  /** The numbers that are black and white in images; default `[-1, 1]`. */
  readonly range?: readonly [low: number, high: number];
  /** Whether the likelihood of the data is computed; by default of states of up to 64 numbers, where the model has one. */
  readonly likelihood?: boolean;
  /** Seed of samples and of the choice of rows; an integer, default 0. */
  readonly seed?: number;
  /** How samples are drawn. */
  readonly sampling?: ReportSampling;
}

const names: readonly (keyof ReportSettings<Size, Size>)[] = [
  ...([
    "data",
    "condition",
    "x0",
    "log",
    "title",
    "columns",
    "axes",
    "samples",
    "particles",
    "frames",
    "range",
  ] as const),
  ...(["likelihood", "seed", "sampling"] as const),
];

const least = { samples: 4, particles: 1, frames: 2 } as const;

/**
 * The settings of a report.
 *
 * @throws ConfigError for a name that is not known, or a value that cannot be
 */
export function checkedSettings<X extends Size, C extends Size>(given: ReportSettings<X, C>): ReportSettings<X, C> {
  const settings = settingsOf("report", given);
  const unknown = Object.keys(settings).find((name) => !names.includes(name as never));
  if (unknown !== undefined) throw refused(`report: ${unknown}`, `one of ${names.join(", ")}`, unknown);
  for (const [name, low] of Object.entries(least)) {
    const value = settings[name as keyof typeof least];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= low))
      throw refused(name, `an integer ≥ ${low}`, value);
  }
  const { range, seed, log, axes, columns, title } = settings;
  if (range !== undefined && !(range.every(Number.isFinite) && range[0] < range[1]))
    throw refused("range", "two numbers, low < high", range);
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw refused("seed", "an integer", seed);
  if (log !== undefined && typeof log !== "string" && !Array.isArray(log))
    throw refused("log", "the events of a fit, or the path of a log", log);
  if (axes !== undefined && !(Array.isArray(axes) && axes.length === 2)) throw refused("axes", "two coordinates", axes);
  if (columns !== undefined && !columns.every((name) => typeof name === "string"))
    throw refused("columns", "names", columns);
  if (title !== undefined && typeof title !== "string") throw refused("title", "a text", title);
  return settings;
}
