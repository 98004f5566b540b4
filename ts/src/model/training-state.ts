// What is known of a model's training without asking the engine: how many steps, and whether a fit is under way that nobody waits for.
// For warnings before samples are drawn.

import { warnOnce } from "../config/warnings.js";
import type { Run } from "../train/run.js";

/** Steps below which samples are hardly what is wanted. */
const FEW = 100;

/** How far a model is, as far as it is known. */
export class TrainingState {
  /** Steps that were done; infinite where the parameters came from elsewhere. */
  #steps = 0;
  #run: Run | undefined;

  /** Steps were done, in all. */
  reached(steps: number): void {
    this.#steps = Math.max(this.#steps, steps);
  }

  /** A fit began. */
  began(run: Run): void {
    this.#run = run;
  }

  /** Warns where samples would be those of a model that was hardly trained, or is being trained unnoticed. */
  beforeSampling(model: object, hasParameters: () => boolean): void {
    if (this.#run?.isUnderWay) {
      if (!this.#run.isUnattended) return;
      const message =
        "sample: the model is being trained and nobody waits for it; samples are of the model as it is now";
      warnOnce(model, "THALWEG_STILL_TRAINING", `${message}. Remedy: await model.fit(…)`);
      return;
    }
    if (this.#steps >= FEW || !hasParameters()) return;
    const [what, remedy] =
      this.#steps === 0
        ? ["was never trained, and its samples are noise", "await model.fit(data, { steps: 5_000 }), or load a model"]
        : [
            `was trained for ${this.#steps} steps, where most need thousands`,
            "await model.fit(data, { steps: 5_000, resume: true })",
          ];
    warnOnce(model, "THALWEG_UNTRAINED", `sample: the model ${what}. Remedy: ${remedy}`);
  }
}
