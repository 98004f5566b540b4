// The values that a literal subset of Python has, each with the place where it was written.
// What would have to be run is kept as text, and never run.

/** What is not a literal. */
export class Unknown {
  /** @param text - as it was written */
  constructor(
    readonly text: string,
    readonly at: number,
  ) {}
}

/** A value of a dict, and where its key was written. */
export interface Entry {
  readonly value: Value;
  readonly at: number;
}

/** A dict, or an EasyDict. */
export class Dict {
  readonly entries = new Map<string, Entry>();

  /** The value of a key. */
  get(key: string): Value | undefined {
    return this.entries.get(key)?.value;
  }
}

/** A value. */
export type Value = number | string | boolean | null | readonly Value[] | Dict | Unknown;
