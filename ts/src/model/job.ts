// A job that gives tensors, from its start to its end: waits, shows how far it is, and lets an AbortSignal stop it.
// Training has more to tell on the way; see train/run.ts.
import { AbortError } from "../errors.js";
import type { NativeRun, NativeTensor } from "../native/boundary.js";
import { progressOn } from "../train/progress.js";
import { checkTruth, functionOf, refused } from "./settings.js";

/** How sampling, or the computation of densities, went. Where rows are done in chunks, all of them together. */
export interface SampleReport {
  /** Evaluations of the model, each of all rows of a chunk. */
  readonly evaluations: number;
  /** Steps that were taken; of an adaptive solver those that it accepted. */
  readonly accepted: number;
  /** Steps of an adaptive solver that it took back, since their error was too large. */
  readonly rejected: number;
  /** Wall-clock seconds. */
  readonly seconds: number;
}

/** What goes with a job beside what it computes. */
export interface JobSettings {
  /** Ends the call between two steps; it then rejects with an {@link AbortError}. */
  readonly signal?: AbortSignal;
  /** Whether progress is shown on stderr, as plain lines where there is no terminal; default false. */
  readonly progress?: boolean;
  /** Called at the end with what it took: evaluations, steps accepted and rejected, seconds. */
  readonly onReport?: (report: SampleReport) => void;
}

/**
 * Refuses to start with settings that are not what they must be, or where the signal was aborted before.
 *
 * @throws ConfigError for a setting of another type; AbortError
 */
export function checkJob(what: string, { signal, progress, onReport }: JobSettings): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw refused("signal", "an AbortSignal", signal);
  checkTruth("progress", progress);
  if (onReport !== undefined) functionOf("onReport", onReport);
  if (signal?.aborted) {
    throw new AbortError(`${what}: the signal was aborted before the start`, { cause: signal.reason });
  }
}

/** How a job ended. */
export interface Finished extends SampleReport {
  readonly tensors: NativeTensor[];
}

/** Waits for a job. */
export async function finished(run: NativeRun, { signal, progress, onReport }: JobSettings): Promise<Finished> {
  const onAbort = () => run.stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    if (progress) await shown(run);
    const { evaluations, stepsRun: accepted, rejected, seconds } = JSON.parse(await run.wait());
    const report = { evaluations, accepted, rejected, seconds };
    onReport?.(report);
    return { tensors: run.tensors(), ...report };
  } catch (error) {
    if (!(error instanceof AbortError && signal?.aborted)) throw error;
    throw new AbortError(error.message, { cause: signal.reason });
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Shows a job's events until its end. */
async function shown(run: NativeRun): Promise<void> {
  const display = progressOn(true);
  try {
    for (let json = await run.next(); json !== null; json = await run.next()) display.update(JSON.parse(json));
  } finally {
    display.end();
  }
}
