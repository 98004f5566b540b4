// The loss of a training towards its end: the mean over its last tenth.
// The loss of one batch jumps about; whether a training was good cannot be seen from it.
import type { FitEvent } from "../../train/events.js";
import type { FitLog } from "../../train/logs.js";

/** The share of the steps that are looked back over. */
const SHARE = 0.1;

/** A mean loss, and over how many steps. */
export interface Recent {
  readonly loss: number;
  readonly steps: number;
  /** The validation loss that was computed last; null where there was none. */
  readonly validationLoss: number | null;
}

/** A log that keeps losses. */
export class RecentLoss implements FitLog {
  readonly #events: { readonly step: number; readonly loss: number }[] = [];
  #validation: number | null = null;

  write({ step, loss, validationLoss }: FitEvent): void {
    this.#events.push({ step, loss });
    this.#validation = validationLoss ?? this.#validation;
  }

  async close(): Promise<void> {}

  /** The mean; null where there was no event. */
  mean(): Recent | null {
    const last = this.#events.at(-1)?.step;
    if (last === undefined) return null;
    const first = (this.#events[0]?.step ?? last) - 1;
    const steps = Math.max(1, Math.round((last - first) * SHARE));
    const losses = this.#events.flatMap(({ step, loss }) => (step > last - steps ? [loss] : []));
    const loss = losses.reduce((sum, one) => sum + one, 0) / losses.length;
    return { loss, steps, validationLoss: this.#validation };
  }
}
