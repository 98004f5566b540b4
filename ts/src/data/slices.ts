// Long work in JavaScript, done in slices between which others have their turn.
// So that a table of a million rows does not stop a server from answering.
import { setImmediate } from "node:timers/promises";

/** Milliseconds after which others have their turn. */
const SLICE = 4;

/** Work in small steps, each well below a millisecond, with a result in the end. */
export type Steps<T = void> = Generator<void, T, undefined>;

/** Does all steps at once, for calls that cannot wait. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does steps in slices between which others have their turn. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  let started = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - started < SLICE) continue;
    await setImmediate();
    started = performance.now();
  }
}

/** A function that gives others their turn when they have waited for long. */
export function turns(): () => Promise<void> {
  let started = performance.now();
  return async () => {
    if (performance.now() - started < SLICE) return;
    await setImmediate();
    started = performance.now();
  };
}

/**
 * Calls `work` for 0 … count − 1.
 *
 * @param work - takes well below a millisecond each time
 */
export async function inSlices(count: number, work: (index: number) => void): Promise<void> {
  let started = performance.now();
  for (let index = 0; index < count; index++) {
    work(index);
    if (performance.now() - started < SLICE) continue;
    await setImmediate();
    started = performance.now();
  }
}

/** Rows of one piece of work. */
const ROWS = 1024;

/** Calls `work` for the rows 0 … count − 1, a thousand at a time. */
export function overRows(count: number, work: (start: number, end: number) => void): Promise<void> {
  return inSlices(Math.ceil(count / ROWS), (index) => work(index * ROWS, Math.min(count, (index + 1) * ROWS)));
}
