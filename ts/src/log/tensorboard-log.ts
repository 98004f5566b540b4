// The log of a fit as TensorBoard shows it: scalars at their steps, in a file of events.
// The file's format is the business of tensorboard-events.ts.
import { hostname } from "node:os";
import { join } from "node:path";
import { pathOf } from "../model/settings.js";
import type { FitEvent } from "../train/events.js";
import type { FitLog } from "../train/logs.js";
import { fileLog, type Noted } from "./log-file.js";
import { type BoardEvent, boardBytes } from "./tensorboard-events.js";

/** Says that an event that starts a session has readers forget what they have of later steps. */
const VERSION = "brain.Event:2";

/** Files that this process has begun, so that two of one second have two names. */
let begun = 0;

/** A name as TensorBoard looks for it. */
function fileName(): string {
  const host = hostname().replace(/[^\w.-]/g, "-");
  begun += 1;
  return `events.out.tfevents.${String(Math.floor(Date.now() / 1000)).padStart(10, "0")}.${host}.${process.pid}.${begun}`;
}

/** An event's scalars by their tags. */
function scalarsOf({ loss, validationLoss, gradNorm, learningRate, stepsPerSecond }: FitEvent): Record<string, number> {
  return {
    loss,
    ...(validationLoss !== undefined && { validation_loss: validationLoss }),
    grad_norm: gradNorm,
    learning_rate: learningRate,
    steps_per_second: stepsPerSecond,
  };
}

const seconds = ({ time }: Noted) => time.getTime() / 1000;

/**
 * A log for TensorBoard (`tensorboard --logdir runs`): the scalars `loss`, `validation_loss`, `grad_norm`, `learning_rate` and `steps_per_second` at their steps, ten times a second at
 * most, beside those of `every` and of validations. Each fit writes a file of its own, `events.out.tfevents.…`; TensorBoard puts a resumed fit in the place of the steps that it does
 * again, and one that starts anew in the place of all earlier ones of the folder. How failures end is told at {@link FitLog}.
 *
 * @param folder - one for each run; it is made where there is none
 * @throws ConfigError for a path that is none; the fit rejects with one where another log of this process is writing to the folder
 *
 * @example
 * ```ts
 * await model.fit(data, { steps: 5_000, log: tensorBoardLog("runs/a") });
 * ```
 */
export function tensorBoardLog(folder: string): FitLog {
  const path = pathOf("tensorBoardLog", folder);
  return fileLog(({ resume }) => {
    let begins = true;
    /** What comes before the first event. */
    const head = (first: Noted): BoardEvent[] => {
      if (!begins) return [];
      begins = false;
      const [wallTime, step] = [seconds(first), resume ? first.event.step : 0];
      return [
        { wallTime, fileVersion: VERSION },
        { wallTime, step, starts: true },
      ];
    };
    return {
      place: path,
      path: join(path, fileName()),
      beginning: "unused",
      encoded: (events) =>
        boardBytes(
          events.flatMap((noted) => [
            ...head(noted),
            { wallTime: seconds(noted), step: noted.event.step, scalars: scalarsOf(noted.event) },
          ]),
        ),
    };
  });
}
