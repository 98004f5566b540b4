// Samples while a model is in training, as pictures for the live page: they take turns with the training's steps.
// They are drawn while somebody looks, and one at a time.
import { namesOf, optionsOf } from "../config/options.js";
import { AbortError, ConfigError, relabelled } from "../errors.js";
import type { Size } from "../generated/config.js";
import { refused, settingsOf } from "../model/settings.js";
import { givenFor, type Rows, rowsOf } from "../report/drawn.js";
import { checkedSettings, type ReportSettings } from "../report/settings.js";
import { type Reported, Subject } from "../report/subject.js";
import { viewsOf } from "../report/views.js";
import type { LivePreview } from "./messages.js";

/** Settings of the previews of {@link livePage}: beside `model` and `every` those of {@link report} of the same names. */
export interface PreviewSettings<X extends Size, C extends Size>
  extends Pick<
    ReportSettings<X, C>,
    "data" | "condition" | "x0" | "columns" | "axes" | "samples" | "range" | "seed" | "sampling"
  > {
  /** The model that is in training. */
  readonly model: Reported<X, C>;
  /** When they are drawn: at least so many steps apart; ≥ 1. */
  readonly every: {
    /** How many; a preview that takes longer than that leaves some out. */
    readonly steps: number;
  };
}

const names = namesOf<PreviewSettings<never, never>>({
  model: true,
  every: true,
  data: true,
  condition: true,
  x0: true,
  columns: true,
  axes: true,
  samples: true,
  range: true,
  seed: true,
  sampling: true,
});

const everyNames = namesOf<PreviewSettings<never, never>["every"]>({ steps: true });

/** Checks what previews have in common with reports. */
function checked(settings: Omit<PreviewSettings<never, never>, "model">): typeof settings {
  const { every, sampling = {}, ...rest } = settings;
  try {
    checkedSettings(rest);
    settingsOf("sampling", sampling);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw relabelled(error, `previews.${error.message}`, { path: `previews.${error.path}`, cause: undefined });
  }
  return settings;
}

/** Draws previews. */
export class Previews {
  readonly #settings: Omit<PreviewSettings<never, never>, "model">;
  readonly #subject: Subject;
  readonly #send: (preview: LivePreview) => void;
  readonly #aborting = new AbortController();
  #rows: Promise<Rows> | undefined;
  #running: Promise<void> | undefined;
  #next = 0;
  #ended = false;

  /**
   * @param send - where previews go
   * @throws ConfigError for settings that cannot be
   */
  constructor(given: PreviewSettings<never, never>, send: (preview: LivePreview) => void) {
    const { model, ...settings } = optionsOf("previews", given, names);
    const { steps } = optionsOf("previews.every", settings.every, everyNames);
    if (!Number.isSafeInteger(steps) || steps < 1) throw refused("previews.every.steps", "an integer ≥ 1", steps);
    this.#settings = checked(settings);
    this.#subject = new Subject(model);
    this.#send = send;
  }

  /** Called with each step; draws samples where it is time. */
  at(step: number): void {
    if (step < this.#next || this.#running !== undefined || this.#ended) return;
    const { steps } = this.#settings.every;
    this.#next = (Math.floor(step / steps) + 1) * steps;
    this.#running = this.#draw(step).finally(() => {
      this.#running = undefined;
    });
  }

  async #draw(step: number): Promise<void> {
    const { samples = 500, columns, axes, range = [-1, 1], seed = 0, sampling = {} } = this.#settings;
    const subject = this.#subject;
    try {
      this.#rows ??= rowsOf(subject, this.#settings);
      const rows = await this.#rows;
      const { given, count } = givenFor(rows, samples);
      const signals = [this.#aborting.signal, ...(sampling.signal ? [sampling.signal] : [])];
      const drawn = await subject.sample(given, count, { ...sampling, seed, signal: AbortSignal.any(signals) });
      const flow = drawn.map((tensor) => tensor.unsqueeze(0));
      const views = await viewsOf({ subject, flow, data: rows.data, columns, axes, range, particles: samples });
      this.#send({ step, views });
    } catch (error) {
      this.#ended = true;
      // The end of the run ends them; anything else is told, and the training goes on.
      if (error instanceof AbortError) return;
      this.#send({ step, note: `There are no previews. ${error instanceof Error ? error.message : String(error)}` });
    }
  }

  /** Ends the one that is being drawn. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#aborting.abort();
    await this.#running;
  }
}
