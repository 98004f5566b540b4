// Reads what jsonLinesLog wrote: the events of a fit as if it had been one run, however often it was killed and resumed.
// A file that is being written can be read at any time.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { lines, parsed } from "../data/json-lines.js";
import { DataError } from "../errors.js";
import { pathOf } from "../model/settings.js";
import type { FitEvent } from "../train/events.js";

/** An event as a log has it. */
export interface LoggedEvent extends FitEvent {
  /** When it was written: ISO 8601 with milliseconds. */
  readonly time?: string;
}

/** The log's name in the folder of a run. */
const NAME = "log.jsonl";

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The fields that every event has. */
const NUMBERS = ["step", "steps", "epoch", "loss", "gradNorm", "learningRate", "stepsPerSecond", "secondsLeft"];

/** The event of a line's object, in which JSON has null for numbers that are not finite. */
function eventOf(file: string, at: number, fields: Readonly<Record<string, unknown>>): LoggedEvent {
  const entries = Object.entries(fields).map(([name, value]) => [name, value === null ? Number.NaN : value] as const);
  const event: Readonly<Record<string, unknown>> = Object.fromEntries(entries);
  const wrong = Number.isNaN(event.step) ? "step" : NUMBERS.find((name) => typeof event[name] !== "number");
  if (wrong === undefined) return event as unknown as LoggedEvent;
  const [expected, got] = [`an event of a fit, whose ${wrong} is a number`, JSON.stringify(fields[wrong]) ?? "none"];
  const where = `line ${at}`;
  throw new DataError(`${file}: ${where}: expected ${expected}, got ${got}`, { expected, got, path: file, where });
}

/**
 * The events of a log that {@link jsonLinesLog} wrote, in order of their steps. Where a resumed fit did steps again, those of the earlier one are left out; a last line
 * that is not whole, because its writer was killed or is still writing, too.
 *
 * @param path - the file, or the folder of a run, which has it as `log.jsonl`
 * @throws DataError with file and line for what is no log, or cannot be read
 *
 * @example
 * ```ts
 * await model.fit(data, { steps: 5_000, log: jsonLinesLog("log.jsonl") });
 * const losses = (await readLog("log.jsonl")).map(({ step, loss }) => [step, loss]);
 * ```
 */
export async function readLog(path: string): Promise<LoggedEvent[]> {
  const file = (await isFolder(pathOf("readLog", path))) ? join(path, NAME) : path;
  const events: LoggedEvent[] = [];
  for await (const { text, at, ended } of lines(file)) {
    if (!ended) break;
    const event = eventOf(file, at, parsed(file, text, at));
    while ((events.at(-1)?.step ?? -1) >= event.step) events.pop();
    events.push(event);
  }
  return events;
}
