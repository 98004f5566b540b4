// Whether the loss of a fit rose far above what it was before training: the sign of a learning rate that is too large.
// By medians, since single losses are noisy; a few numbers are kept, however long the fit is.

/** Losses in a row whose median is looked at. */
const ROW = 5;

/** How many times as large counts as risen. */
const FACTOR = 10;

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The losses of a fit as they come. */
export class LossWatch {
  #first: number | undefined;
  readonly #row: number[] = [];
  #highest = 0;

  /** Takes the next loss; the first one is that before the first step. */
  push(loss: number): void {
    if (!Number.isFinite(loss)) return;
    if (this.#first === undefined) {
      this.#first = loss;
      return;
    }
    if (this.#row.push(loss) > ROW) this.#row.shift();
    if (this.#row.length === ROW) this.#highest = Math.max(this.#highest, median(this.#row));
  }

  /** From where to where it rose; undefined where it did not, or there were too few losses to tell. */
  rose(): { readonly from: number; readonly to: number } | undefined {
    const [from = 0, to] = [this.#first, this.#highest];
    return from > 0 && to > FACTOR * from ? { from, to } : undefined;
  }
}
