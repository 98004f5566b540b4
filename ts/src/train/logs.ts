// Logs of a fit: what takes note of its events, from before the first until after the last.
// One that cannot begin ends the fit at once; one that fails on the way is told of, and the training goes on without it.
import { ConfigError, DataError } from "../errors.js";
import { describe } from "../tensor/tree.js";
import type { FitEvent } from "./events.js";

/** How a fit begins, as its logs are told. */
export interface LogStart {
  /** Whether the fit goes on from an earlier one (`resume`), so that its events belong behind those that are there. */
  readonly resume: boolean;
}

/**
 * What takes note of a fit: {@link jsonLinesLog}, {@link tensorBoardLog}, or one of your own; given to `fit` as `log`.
 *
 * Where `open` fails or takes more than ten seconds, the fit rejects with that error before it has done more than its first steps. Where `write` or `close` fails, training goes on without
 * this log, since a full disk must not cost a night of training: the process is warned at once and once (`process.on("warning")`, by default a line on stderr), and
 * the error is in `logErrors` of the fit's report. A log that has not closed ten seconds after the end counts as one that failed: it may go on, but the fit does not wait for it.
 *
 * @example
 * ```ts
 * const losses: number[] = [];
 * const log: FitLog = { write: ({ loss }) => losses.push(loss), close: async () => undefined };
 * await model.fit(data, { steps: 10, log });
 * ```
 */
export interface FitLog {
  /** Called before the first event; no event is written before its promise has resolved. */
  open?(start: LogStart): void | Promise<void>;
  /**
   * Called with each event, in order. Returns at once: what takes time is done behind it. Where it returns a promise, the next event does not wait for it, the end of the
   * fit does, and one that rejects counts as a `write` that failed.
   */
  write(event: FitEvent): void | PromiseLike<void>;
  /** Called once the fit has ended, however it ended; the fit's promise waits until all that was written is kept, for ten seconds at most. */
  close(): Promise<void>;
}

function isLog(value: unknown): value is FitLog {
  if (typeof value !== "object" || value === null) return false;
  const { open = () => undefined, write, close } = value as Partial<FitLog>;
  return [open, write, close].every((method) => typeof method === "function");
}

/** Seconds that a log is given to write down and to close, once the fit has ended. */
const PATIENCE = 10;

/** Resolves as a promise does, or rejects where that takes too long. */
async function inTime(work: Promise<void>, what: "opened" | "closed"): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const [expected, got] = [`it to be ${what} within ${PATIENCE} s`, "nothing by then"];
    const error = new DataError(`log: expected ${expected}, got ${got}; the fit waits no longer`, { expected, got });
    timer = setTimeout(() => reject(error), PATIENCE * 1000);
    // A fit that was stopped waits for nobody who is still opening, and neither does the process.
    if (what === "opened") timer.unref();
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

/** The logs of one fit. */
export class Logs {
  readonly #logs = new Set<FitLog>();
  readonly #errors: unknown[] = [];
  /** What resolves once a log has taken note of the events so far, for those that take their time. */
  readonly #noted = new Map<FitLog, Promise<void>>();
  #closed = false;

  /**
   * @param wanted - none, one or several; one that is named twice is written to once
   * @throws ConfigError for what is no log
   */
  constructor(wanted: FitLog | readonly FitLog[] = []) {
    for (const log of Array.isArray(wanted) ? wanted : [wanted]) {
      if (isLog(log)) this.#logs.add(log);
      else {
        const [expected, got] = ["a log, such as jsonLinesLog(file), or { write, close }", describe(log)];
        throw new ConfigError(`log: expected ${expected}, got ${got}`, { expected, got, path: "log" });
      }
    }
  }

  /** What failed on the way. */
  get errors(): readonly unknown[] {
    return this.#errors;
  }

  /** Opens all, or throws the error of the one that cannot be opened. One that is open only after the end is closed at once. */
  async open(start: LogStart): Promise<void> {
    const wanted = [...this.#logs];
    this.#logs.clear();
    for (const log of wanted) {
      if (this.#closed) return;
      await this.#opened(log, log.open?.(start));
      if (this.#closed) await log.close();
      else this.#logs.add(log);
    }
  }

  /** Waits until a log is open; one that is only later is closed at once. */
  async #opened(log: FitLog, opening: unknown): Promise<void> {
    if (!isThenable(opening)) return;
    const open = Promise.resolve(opening).then(() => undefined);
    try {
      await inTime(open, "opened");
    } catch (error) {
      open.then(() => log.close()).catch(() => undefined);
      if (!this.#closed) throw error;
    }
  }

  write(event: FitEvent): void {
    for (const log of this.#logs) {
      try {
        const written: unknown = log.write(event);
        if (isThenable(written)) this.#await(log, written);
      } catch (error) {
        this.#drop(log, error);
      }
    }
  }

  #await(log: FitLog, written: PromiseLike<unknown>): void {
    const done = Promise.resolve(written).then(
      () => undefined,
      (error: unknown) => this.#drop(log, error),
    );
    const before = this.#noted.get(log);
    this.#noted.set(log, before === undefined ? done : before.then(() => done));
  }

  /** Goes on without a log; of all that fails in it, the first error is told. */
  #drop(log: FitLog, error: unknown): void {
    if (!this.#logs.delete(log)) return;
    this.#failed(error);
    (async () => log.close())().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const logs = new Set([...this.#logs, ...this.#noted.keys()]);
    const ended = await Promise.allSettled([...logs].map((log) => inTime(this.#end(log), "closed")));
    this.#logs.clear();
    for (const end of ended) if (end.status === "rejected") this.#failed(end.reason);
  }

  /** Waits for what a log has still to note, and closes it, unless it has failed. */
  async #end(log: FitLog): Promise<void> {
    await this.#noted.get(log);
    if (this.#logs.has(log)) await log.close();
  }

  #failed(error: unknown): void {
    this.#errors.push(error);
    const reason = error instanceof Error ? error.message : describe(error);
    process.emitWarning(`a log of a fit failed, and ends here: ${reason}`, {
      type: "ThalwegWarning",
      code: "THALWEG_LOG",
    });
  }
}
