// LaterRun: a native run that begins once its data are there, such as a table that is being encoded or the first rows of a stream.
// It can be stopped before; then nothing was trained.
import type { NativeRun, NativeTensor } from "../native/boundary.js";

/** What a run that has not begun needs to know. */
export interface Beginning<Data> {
  /** What it waits for. */
  readonly data: Promise<Data>;
  /** Begins; `fail` has the run end with an error that came from outside. */
  begin(data: Data, fail: (error: unknown) => void): NativeRun;
  /** Lets go of data that came after the run was stopped. */
  drop(data: Data): void;
  /** The report of a run that was stopped before it began, as JSON. */
  idle(): Promise<string>;
}

/** A run that begins later. */
export class LaterRun<Data> implements NativeRun {
  readonly #beginning: Beginning<Data>;
  readonly #begun: Promise<NativeRun | undefined>;
  #native: NativeRun | undefined;
  #failure: { readonly error: unknown } | undefined;
  #stopped = false;
  #stopNow: (nothing: undefined) => void = () => undefined;

  constructor(beginning: Beginning<Data>) {
    this.#beginning = beginning;
    const stopped = new Promise<undefined>((resolve) => {
      this.#stopNow = resolve;
    });
    this.#begun = Promise.race([this.#begin(), stopped]);
  }

  async #begin(): Promise<NativeRun | undefined> {
    const data = await this.#beginning.data;
    if (this.#stopped) {
      this.#beginning.drop(data);
      return undefined;
    }
    this.#native = this.#beginning.begin(data, (error) => {
      this.#failure = { error };
      this.stop();
    });
    return this.#native;
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
