// Shows how far a fit or a sampler is: a bar on a terminal, plain lines elsewhere if asked for.
// Draws on stderr, so that a program's output stays its own; without colours, so that there are none to turn off (NO_COLOR).
import type * as cliProgress from "cli-progress";
import { lazily } from "../native.js";
import type { FitEvent } from "./events.js";

/** What is shown of an event. */
export type Shown = Pick<FitEvent, "step" | "steps" | "stepsPerSecond" | "secondsLeft"> & {
  /** Of training. */
  readonly loss?: number | null;
  readonly validationLoss?: number;
};

/** Where progress is shown. */
export interface Progress {
  /** Shows an event. */
  update(event: Shown): void;
  /** Leaves the last state on the screen. */
  end(): void;
}

const barPackage = lazily<typeof cliProgress>("cli-progress");

/** Seconds between two plain lines. */
const LINE_INTERVAL = 5;

/** `1:05`, `2:03:09`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Step, loss, speed and time left, as one line shows them. */
export function line(event: Shown): string {
  const { step, steps, loss, stepsPerSecond, secondsLeft, validationLoss } = event;
  const validation = validationLoss === undefined ? "" : `  validation ${validationLoss.toPrecision(4)}`;
  const losses = typeof loss === "number" ? `  loss ${loss.toPrecision(4)}${validation}` : "";
  return `step ${step}/${steps}${losses}  ${stepsPerSecond.toFixed(1)} steps/s  ${clock(secondsLeft)} left`;
}

function bar(stream: NodeJS.WriteStream): Progress {
  const { SingleBar } = barPackage();
  const drawn = new SingleBar({
    stream,
    format: "{bar} {line}",
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: Math.max(8, Math.min(24, (stream.columns ?? 100) - 76)),
    hideCursor: true,
    // The events come ten times a second at most; the bar needs no clock of its own.
    noTTYOutput: false,
    stopOnComplete: false,
  });
  let started = false;
  return {
    update(event) {
      if (!started) drawn.start(event.steps, event.step, { line: line(event) });
      else drawn.update(event.step, { line: line(event) });
      started = true;
    },
    end() {
      if (started) drawn.stop();
    },
  };
}

function lines(stream: NodeJS.WritableStream): Progress {
  let last: Shown | undefined;
  let printed = Number.NEGATIVE_INFINITY;
  const print = () => {
    if (last !== undefined) stream.write(`${line(last)}\n`);
    last = undefined;
  };
  return {
    update(event) {
      last = event;
      const now = performance.now() / 1000;
      if (now - printed < LINE_INTERVAL) return;
      printed = now;
      print();
    },
    end: print,
  };
}

const silent: Progress = { update() {}, end() {} };

/** Whether a line can be drawn again where it stands: not on what is no terminal, nor on one that knows no more than letters. */
function redraws(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env.TERM !== "dumb";
}

/**
 * The display that `progress` asks for.
 *
 * @param wanted - true: always, as plain lines where there is no terminal to draw a bar on; false: never; undefined: on a terminal only
 * @param stream - where to
 */
export function progressOn(wanted: boolean | undefined, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (wanted === false || (wanted === undefined && !stream.isTTY)) return silent;
  return redraws(stream) ? bar(stream) : lines(stream);
}
