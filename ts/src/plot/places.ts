// Where each of many texts first came: a table of hashes with open addresses (Peterson 1957), all of its room taken beforehand.
// A Map of a million texts is built anew each time that it has doubled, at a stretch.

/** FNV-1a (Fowler, Noll and Vo 1991) over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Different texts by the places at which they first came. */
export class Places {
  readonly #textAt: (place: number) => string;
  /** A place and one, or 0 where nothing is. */
  readonly #slots: Int32Array;

  /**
   * @param count - texts at most
   * @param textAt - the text at a place
   */
  constructor(count: number, textAt: (place: number) => string) {
    this.#textAt = textAt;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2)));
  }

  /** The first place of the text at this place. */
  first(place: number): number {
    const text = this.#textAt(place);
    const last = this.#slots.length - 1;
    for (let slot = hashOf(text) & last; ; slot = (slot + 1) & last) {
      const known = (this.#slots[slot] as number) - 1;
      if (known < 0) {
        this.#slots[slot] = place + 1;
        return place;
      }
      if (this.#textAt(known) === text) return known;
    }
  }
}
