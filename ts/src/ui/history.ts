// What a fit told so far, for tabs that come late: thinned, so that a week of training is no more than a screen shows.
// Validation losses and the last event always stay.
import type { FitEvent } from "../train/events.js";

/** Events that are kept at most, apart from those with a validation loss. */
const EVENTS = 4000;

/** The events of a fit. */
export class History {
  #events: FitEvent[] = [];
  /** Events that are thinned out are every other one of those before this. */
  #limit = EVENTS;

  add(event: FitEvent): void {
    this.#events.push(event);
    if (this.#events.length <= this.#limit) return;
    this.#events = this.#events.filter(({ validationLoss }, i) => i % 2 === 0 || validationLoss !== undefined);
    this.#limit = Math.max(EVENTS, this.#events.length * 2);
  }

  get events(): readonly FitEvent[] {
    return this.#events;
  }

  get last(): FitEvent | undefined {
    return this.#events.at(-1);
  }
}
