// Where the time of a piece of work goes, kernel by kernel, each beside what the machine allows.
import type { StepTime } from "../native/boundary.js";
import { native } from "../native.js";

/** Where the time of a piece of work went. */
export interface Profile<T> {
  /** What the work returned. */
  readonly value: T;
  /** Seconds from its start to its end. */
  readonly seconds: number;
  /** Threads that programs run on; the times of steps are those of all threads, added up. */
  readonly threads: number;
  /** Floating-point operations a second of one thread, while all multiply large matrices. */
  readonly productRate: number;
  /** Bytes a second that one thread reads and writes while all copy in a cache. */
  readonly cacheRate: number;
  /** Bytes a second that one thread reads and writes while all copy in memory. */
  readonly memoryRate: number;
  /** Kinds of steps, the longest first. */
  readonly steps: readonly StepTime[];
}

/**
 * Runs a function and tells where its time went: every kind of step of the programs that ran meanwhile in this process.
 * Measuring costs a fraction of a microsecond per step; the first call also measures the machine (about 0.2 s).
 *
 * @param work - what is measured, until its promise resolves
 * @throws DataError where another profile of this process has not ended yet; whatever `work` throws
 *
 * @example
 * ```ts
 * const { steps } = await profile(() => model.fit(data, { steps: 100 }));
 * for (const { step, seconds, limit } of steps.slice(0, 5)) console.log(step, seconds, limit);
 * ```
 */
export async function profile<T>(work: () => T | Promise<T>): Promise<Profile<T>> {
  native.startProfile();
  const start = performance.now();
  let value: T;
  try {
    value = await work();
  } catch (error) {
    await native.stopProfile();
    throw error;
  }
  const seconds = (performance.now() - start) / 1000;
  return { value, seconds, ...(await native.stopProfile()) };
}
