// Long work in JavaScript, done in slices between which others have their turn.
// So that a table of a million rows does not stop a server from answering.

/** Milliseconds after which others have their turn. */
const SLICE = 4;

/** When the slice began that runs now: one for all work that goes on at a time, since others wait for the sum of it. */
let began = 0;

/** What goes on once others had their turn, one after the other. */
const waiting: (() => void)[] = [];

function next(): void {
  began = performance.now();
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(next);
}

const isOver = () => performance.now() - began >= SLICE;

/** Others have their turn, and others of this work, too. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(next);
  });
}

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
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (isOver()) await turn();
  }
}

/** A function that gives others their turn when they have waited for long. */
export function turns(): () => Promise<void> {
  return async () => {
    if (isOver()) await turn();
  };
}

/**
 * Calls `work` for 0 … count − 1.
 *
 * @param work - takes well below a millisecond each time
 */
export async function inSlices(count: number, work: (index: number) => void): Promise<void> {
  for (let index = 0; index < count; index++) {
    work(index);
    if (isOver()) await turn();
  }
}

/** Rows of one piece of work. */
const ROWS = 1024;

/** Calls `work` for the rows 0 … count − 1, a thousand at a time. */
export function overRows(count: number, work: (start: number, end: number) => void): Promise<void> {
  return inSlices(Math.ceil(count / ROWS), (index) => work(index * ROWS, Math.min(count, (index + 1) * ROWS)));
}
