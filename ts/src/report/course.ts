// The events of a fit as the lines of a chart.
// Thinned where there are more than a screen can tell apart.
import type { FitEvent } from "../train/events.js";
import type { Course } from "./payload.js";

/** Events that are kept at most. */
const EVENTS = 2000;

const finite = (value: number | undefined) =>
  value !== undefined && Number.isFinite(value) ? Number(value.toPrecision(6)) : null;

/** The course of a fit; every event with a validation loss stays. */
export function courseOf(events: readonly FitEvent[]): Course {
  const stride = Math.ceil(events.length / EVENTS);
  const kept = events.filter(
    ({ validationLoss }, i) => validationLoss !== undefined || i % stride === 0 || i === events.length - 1,
  );
  return {
    step: kept.map(({ step }) => step),
    loss: kept.map(({ loss }) => finite(loss)),
    validationLoss: kept.map(({ validationLoss }) => finite(validationLoss)),
    learningRate: kept.map(({ learningRate }) => finite(learningRate)),
  };
}
