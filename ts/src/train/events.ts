// What a running job tells, and how it ends.
// Read from the native side's JSON; the fields are those of crates/model/src/run.rs.

/** Where a fit is. At most ten of these a second are seen, and none of those that were asked for by `every` is left out. */
export interface FitEvent {
  /** Steps done. */
  readonly step: number;
  /** Steps to do. */
  readonly steps: number;
  /** Passes over the data begun, from 0. */
  readonly epoch: number;
  /** Loss of the last step. */
  readonly loss: number;
  /** Euclidean norm of the last gradient, before clipping. */
  readonly gradNorm: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** Speed since the start. */
  readonly stepsPerSecond: number;
  /** Time left at that speed. */
  readonly secondsLeft: number;
  /** Loss on the validation data, where it was computed since the last event. */
  readonly validationLoss?: number;
}

/** How a fit ended. */
export interface FitReport {
  /** Steps done in all, earlier runs included. */
  readonly step: number;
  /** Steps done by this run. */
  readonly stepsRun: number;
  /** Loss of the last step; null where none was done. */
  readonly loss: number | null;
  /** Lowest validation loss; null where there was none. */
  readonly bestValidationLoss: number | null;
  /** Wall-clock seconds. */
  readonly seconds: number;
  /** Why it ended. */
  readonly reason: "finished" | "stopped" | "early stop";
  /** The errors of logs that failed on the way; absent where none did. */
  readonly logErrors?: readonly unknown[];
}
