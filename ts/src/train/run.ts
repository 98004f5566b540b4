// Run: a fit that is under way. It can be awaited, iterated, both or neither; it goes on by itself.
// One loop reads the native events and hands them to the display, to logs, to the caller's function and to iterators.
import { AbortError } from "../errors.js";
import type { NativeRun } from "../native/boundary.js";
import type { FitEvent, FitReport } from "./events.js";
import type { LogStart, Logs } from "./logs.js";
import type { Progress } from "./progress.js";

/** Milliseconds that logs have to open once a run was asked to end. */
const PATIENCE = 1000;

/** What a run does besides training. */
export interface RunHooks {
  readonly progress: Progress;
  readonly logs: Logs;
  readonly start: LogStart;
  /** Called at the steps that were asked for; training waits for it. */
  readonly call: ((event: FitEvent) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with every event. */
  readonly onEvent?: (event: FitEvent) => void;
  /** Called at the end, unless the fit failed. */
  readonly onReport?: (report: FitReport) => void;
}

/** An iterator's events that were not taken yet. */
class Queue {
  readonly #events: FitEvent[] = [];
  #wake: (() => void) | undefined;

  push(event: FitEvent): void {
    this.#events.push(event);
    this.wake();
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  take(): FitEvent | undefined {
    return this.#events.shift();
  }

  /** Resolves at the next event or at the end. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * A fit that is under way, started by {@link FittedModel.fit}. Awaiting it gives the report; iterating gives events.
 * Leaving a loop does not stop it, {@link Run.stop} and an AbortSignal do. A failure rejects the promise and ends the
 * loop with the error; where nobody awaits or iterates, it is an unhandled rejection, once.
 *
 * @example
 * ```ts
 * const run = model.fit(data, { steps: 5_000 });
 * for await (const { step, loss } of run) if (loss < 0.1) run.stop();
 * const { reason } = await run;
 * ```
 */
export class Run implements PromiseLike<FitReport>, AsyncIterable<FitEvent> {
  readonly #native: NativeRun;
  readonly #hooks: RunHooks;
  readonly #done: Promise<FitReport>;
  readonly #queues = new Set<Queue>();
  /** Resolves once the run was asked to end. */
  readonly #stopping: Promise<void>;
  #askedToEnd: () => void = () => undefined;
  #awaited = false;
  #ended = false;

  /** @internal */
  constructor(native: NativeRun, hooks: RunHooks) {
    this.#native = native;
    this.#hooks = hooks;
    this.#stopping = new Promise((resolve) => {
      this.#askedToEnd = resolve;
    });
    const onAbort = () => this.stop();
    hooks.signal?.addEventListener("abort", onAbort, { once: true });
    this.#done = this.#work().finally(() => {
      hooks.signal?.removeEventListener("abort", onAbort);
      hooks.progress.end();
      this.#ended = true;
    });
    this.#done.then(
      () => this.#wakeAll(),
      (error: unknown) => {
        // Nobody listens: let the process hear of it, as of any promise that nobody handles.
        if (!this.#awaited && this.#queues.size === 0) void Promise.reject(error);
        this.#wakeAll();
      },
    );
  }

  async #work(): Promise<FitReport> {
    const { logs } = this.#hooks;
    const report = await this.#followed().finally(() => logs.close());
    return logs.errors.length === 0 ? report : { ...report, logErrors: logs.errors };
  }

  /** Resolves a while after the run was asked to end. */
  async #outOfPatience(): Promise<void> {
    await this.#stopping;
    await new Promise((resolve) => setTimeout(resolve, PATIENCE).unref());
  }

  /** Opens the logs; where one cannot be opened, training ends with its error. One that takes for ever holds up no end. */
  async #open(): Promise<void> {
    try {
      await Promise.race([this.#hooks.logs.open(this.#hooks.start), this.#outOfPatience()]);
    } catch (error) {
      this.#native.stop();
      await this.#native.wait();
      throw error;
    }
  }

  async #followed(): Promise<FitReport> {
    await this.#open();
    for (let json = await this.#native.next(); json !== null; json = await this.#native.next()) {
      const { paused, ...fields }: FitEvent & { readonly paused?: boolean } = JSON.parse(json);
      // JSON has no NaN and says null.
      const event = { ...fields, loss: fields.loss ?? Number.NaN, gradNorm: fields.gradNorm ?? Number.NaN };
      this.#hooks.progress.update(event);
      this.#hooks.logs.write(event);
      this.#hooks.onEvent?.(event);
      for (const queue of this.#queues) queue.push(event);
      if (paused) await this.#pause(event);
    }
    const report: FitReport = JSON.parse(await this.#native.wait());
    this.#hooks.onReport?.(report);
    if (this.#hooks.signal?.aborted && report.reason === "stopped") {
      const { reason: cause } = this.#hooks.signal;
      throw new AbortError(`fit was aborted by its signal after step ${report.step}; the model keeps that state`, {
        cause,
      });
    }
    return report;
  }

  /** Training waits while the caller's function runs, until it is asked to end; where the function fails, training ends with its error. */
  async #pause(event: FitEvent): Promise<void> {
    try {
      await Promise.race([this.#hooks.call?.(event), this.#stopping]);
    } catch (error) {
      this.#native.stop();
      await this.#native.wait();
      throw error;
    }
    this.#native.resume();
  }

  /**
   * Whether it has not ended.
   *
   * @internal
   */
  get isUnderWay(): boolean {
    return !this.#ended;
  }

  /**
   * Whether it has not ended, and nobody awaits it, iterates it or is called by it.
   *
   * @internal
   */
  get isUnattended(): boolean {
    return !(this.#ended || this.#awaited || this.#queues.size > 0 || this.#hooks.call !== undefined);
  }

  #wakeAll(): void {
    for (const queue of this.#queues) queue.wake();
  }

  /** Ends the fit after the step that is being done; the promise then resolves with the reason `"stopped"`. */
  stop(): void {
    this.#native.stop();
    this.#askedToEnd();
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited like a promise.
  then<Result = FitReport, Failure = never>(
    onFulfilled?: ((report: FitReport) => Result | PromiseLike<Result>) | null,
    onRejected?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.#awaited = true;
    return this.#done.then(onFulfilled, onRejected);
  }

  /** As of a promise: what to do where the fit failed. */
  catch<Failure = never>(
    onRejected?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<FitReport | Failure> {
    return this.then(undefined, onRejected);
  }

  /** As of a promise: what to do in the end, however it came. */
  finally(onFinally?: (() => void) | null): Promise<FitReport> {
    this.#awaited = true;
    return this.#done.finally(onFinally);
  }

  /** Events until the end. Ends with the error of a fit that failed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<FitEvent, void, undefined> {
    const queue = new Queue();
    this.#queues.add(queue);
    try {
      while (true) {
        const event = queue.take();
        if (event !== undefined) yield event;
        else if (this.#ended) break;
        else await queue.change();
      }
      await this.#done;
    } finally {
      this.#queues.delete(queue);
    }
  }
}
