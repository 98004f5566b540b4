// A job that gives tensors, from its start to its end: waits, and lets an AbortSignal stop it.
// Training has more to tell on the way; see train/run.ts.
import { AbortError } from "../errors.js";
import type { NativeRun, NativeTensor } from "../native/boundary.js";

/** How a job ended. */
export interface Finished {
  readonly tensors: NativeTensor[];
  /** Evaluations of the model's velocity. */
  readonly evaluations: number;
}

/** Refuses to start where the signal was aborted before. */
export function assertNotAborted(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new AbortError(`${what}: the signal was aborted before the start`, { cause: signal.reason });
  }
}

/** Waits for a job. */
export async function finished(run: NativeRun, signal: AbortSignal | undefined): Promise<Finished> {
  const onAbort = () => run.stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const { evaluations } = JSON.parse(await run.wait());
    return { tensors: run.tensors(), evaluations };
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
