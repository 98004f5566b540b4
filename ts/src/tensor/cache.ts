// A bounded memory of what was traced.
// Bounded because a caller whose shapes keep changing would otherwise fill the memory with graphs.

/** Keeps the `size` values that were used last. */
export class Cache<Value> {
  readonly #values = new Map<string, Value>();
  readonly #size: number;

  /** @param size - how many values are kept */
  constructor(size: number) {
    this.#size = size;
  }

  /** The value of `key`, made anew where there is none or it is stale. */
  get(key: string, make: () => Value, fresh: (value: Value) => boolean): Value {
    const known = this.#values.get(key);
    const value = known !== undefined && fresh(known) ? known : make();
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#size && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }
}
