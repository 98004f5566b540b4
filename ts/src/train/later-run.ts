// LaterRun: a native run that begins once its data are there, such as a table that is being encoded or the first rows of a stream.
// It can be stopped before; then nothing was trained.
import type { NativeRun, NativeTensor } from "../native/boundary.js";

/** What a run that has not begun needs to know. */
export interface Beginning {
  /** Begins; `fail` has the run end with an error that came from outside. */
  begin(fail: (error: unknown) => void): Promise<NativeRun>;
  /** The report of a run that was stopped before it began, as JSON. */
  idle(): Promise<string>;
}

/** A run that begins later. */
export class LaterRun implements NativeRun {
  readonly #beginning: Beginning;
  readonly #begun: Promise<NativeRun | undefined>;
  #native: NativeRun | undefined;
  #failure: { readonly error: unknown } | undefined;
  #stopped = false;
  #stopNow: (nothing: undefined) => void = () => undefined;

  constructor(beginning: Beginning) {
    this.#beginning = beginning;
    const stopped = new Promise<undefined>((resolve) => {
      this.#stopNow = resolve;
    });
    this.#begun = Promise.race([this.#begin(), stopped]);
  }

  async #begin(): Promise<NativeRun> {
    const native = await this.#beginning.begin((error) => {
      this.#failure = { error };
      this.stop();
    });
    this.#native = native;
    if (this.#stopped) native.stop();
    return native;
  }

  /** Whether the run was asked to end. */
  get stopped(): boolean {
    return this.#stopped;
  }

  async next(): Promise<string | null> {
    return (await this.#begun)?.next() ?? null;
  }

  stop(): void {
    this.#stopped = true;
    this.#native?.stop();
    this.#stopNow(undefined);
  }

  resume(): void {
    this.#native?.resume();
  }

  async wait(): Promise<string> {
    const native = await this.#begun;
    const report = await (native === undefined ? this.#beginning.idle() : native.wait());
    if (this.#failure !== undefined) throw this.#failure.error;
    return report;
  }

  async feed(groups: string, tensors: NativeTensor[], epoch: number): Promise<boolean> {
    return (await this.#begun)?.feed(groups, tensors, epoch) ?? false;
  }

  complete(): void {
    this.#native?.complete();
  }

  tensors(): NativeTensor[] {
    return this.#native?.tensors() ?? [];
  }
}
