// Draws what a report shows of a model: samples, and their way from noise.
// What a model cannot do with what it is given becomes a sentence of the page.
import { ConfigError, DataError } from "../errors.js";
import { Times } from "../plot/times.js";
import type { Tensor } from "../tensor/tensor.js";
import { isTiled, kindOf } from "./columns.js";
import { givenFor, type Rows } from "./drawn.js";
import type { Flow } from "./payload.js";
import type { ReportSettings } from "./settings.js";
import type { Subject } from "./subject.js";
import { TILES, viewsOf } from "./views.js";

/** Numbers of one sample above which fewer samples are drawn. */
const LARGE = 256;

/** Numbers of all trajectories at most, while they are in memory. */
const NUMBERS = 3e7;

type Settings = ReportSettings<never, never>;

/** States along their ways. */
interface Trajectories {
  /** Leaf by leaf: `[T, N, …]`. */
  readonly tensors: readonly Tensor[];
  /** The model's time of each state. */
  readonly times: readonly number[];
}

/** What can be seen of a model. */
export interface Seen {
  /** Samples, leaf by leaf; absent where there can be none. */
  readonly samples?: readonly Tensor[];
  readonly flow?: Flow;
  readonly notes: { readonly flow: string; readonly samples: string };
}

const count = (number: number) => number.toLocaleString("en-GB");

const wantedSamples = ({ width }: Subject, { samples }: Settings) => samples ?? (width > LARGE ? 64 : 2000);

/** Whether an error only says that a condition, or starts, were not given. */
const lacks = (error: unknown, { x0, condition }: Rows): error is DataError =>
  error instanceof DataError && (x0.length === 0 || condition.length === 0);

/** Samples, or why there are none. */
async function samplesOf(subject: Subject, rows: Rows, settings: Settings): Promise<readonly Tensor[] | string> {
  const { seed = 0, sampling = {} } = settings;
  const { given, count: own } = givenFor(rows, wantedSamples(subject, settings));
  try {
    return await subject.sample(given, own, { ...sampling, seed });
  } catch (error) {
    if (lacks(error, rows)) return `No samples could be drawn. ${error.message}.`;
    throw error;
  }
}

/** How many particles, and how many moments. Pictures of images and tokens take the first of them. */
function amounts(subject: Subject, settings: Settings): { readonly rows: number; readonly frames: number } {
  const { vocabulary, leaves, width } = subject;
  const kinds = leaves.map(kindOf);
  const hasTiles = vocabulary !== undefined || kinds.some(isTiled);
  const frames = settings.frames ?? (hasTiles ? 31 : 61);
  const most = Math.max(1, Math.floor(NUMBERS / (frames * width)));
  const onlyTiles = vocabulary !== undefined || kinds.every(isTiled);
  const wanted = settings.particles ?? (onlyTiles ? TILES : Math.min(2000, wantedSamples(subject, settings)));
  return { rows: Math.min(wanted, most), frames };
}

/** Trajectories, or why there are none. */
async function trajectoriesOf(subject: Subject, rows: Rows, settings: Settings): Promise<Trajectories | string> {
  const { rows: wanted, frames } = amounts(subject, settings);
  const { seed = 0, sampling = {} } = settings;
  const { given, count: own } = givenFor(rows, wanted);
  const process = new Times(subject.model);
  const times = process.spread(frames);
  try {
    return { tensors: await subject.flow(given, own, { ...sampling, seed, tSpan: process.span(times) }), times };
  } catch (error) {
    // Where more is wrong than that it cannot show the way, drawing samples says so.
    if (lacks(error, rows) || error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** The ends of trajectories, where they are as many as the samples that are wanted. */
function endsOf({ tensors, times }: Trajectories, wanted: number): readonly Tensor[] | undefined {
  if ((tensors[0]?.shape[1] ?? 0) < wanted) return undefined;
  return tensors.map((tensor) => tensor.select(0, times.length - 1).narrow(0, 0, wanted));
}

function flowNote(subject: Subject, { start, times }: Omit<Flow, "views">, hasData: boolean): string {
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 1];
  const units = subject.encoding === undefined ? "" : " Coordinates are those of the encoded rows that the model sees.";
  const still = hasData ? " What does not move are the data." : "";
  const what = subject.vocabulary === undefined ? "Samples" : "Tokens (grey where masked)";
  return `${what} on their way along the model's own trajectories, from ${start} at t = ${first} to samples at t = ${last}.${still}${units}`;
}

/** Samples and their way, as far as the model can show them. */
export async function look(subject: Subject, rows: Rows, settings: Settings): Promise<Seen> {
  const found = await trajectoriesOf(subject, rows, settings);
  const { count: wanted } = givenFor(rows, wantedSamples(subject, settings));
  const ends = typeof found === "string" ? undefined : endsOf(found, wanted);
  const samples = ends ?? (await samplesOf(subject, rows, settings));
  if (typeof samples === "string")
    return { notes: { flow: "There is no animation, since there are no samples.", samples } };
  const { columns, axes, range = [-1, 1], particles = 2000 } = settings;
  const hasData = rows.data.length > 0;
  // Without a way, the samples are a flow of one moment.
  const { tensors, times } =
    typeof found === "string" ? { tensors: samples.map((each) => each.unsqueeze(0)), times: [1] } : found;
  const views = await viewsOf({ subject, flow: tensors, data: rows.data, columns, axes, range, particles });
  const noise = subject.vocabulary === undefined ? "noise" : "masks or random tokens";
  const start = rows.x0.length > 0 ? "the source" : noise;
  const isVector = views.some(({ kind }) => kind === "points" || kind === "histogram");
  const flow =
    typeof found === "string"
      ? `There is no animation: ${found}.`
      : flowNote(subject, { start, times }, hasData && isVector);
  const drawn = `${count(samples[0]?.shape[0] ?? 0)} samples were drawn with seed ${settings.seed ?? 0}`;
  const compared = hasData
    ? `${drawn}; there are ${count(rows.data[0]?.shape[0] ?? 0)} rows of data.`
    : `${drawn}. No data were given.`;
  return { samples, flow: { start, times, views }, notes: { flow, samples: compared } };
}
