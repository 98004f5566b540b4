// What the live page is told, message by message, as JSON of server-sent events.
// The one contract between the server and ts/page/live.ts.
import type { View } from "../report/payload.js";
import type { FitEvent } from "../train/events.js";

/** An event of the fit, in which JSON has null for numbers that are not finite. */
export type LiveEvent = {
  readonly [Name in keyof FitEvent]: Name extends "step" | "steps" | "epoch" ? number : number | null;
};

/** `start`: what was before a tab came, or while it was too slow. */
export interface LiveStart {
  readonly history: readonly LiveEvent[];
}

/** `preview`: samples of this moment, or why there are none. */
export interface LivePreview {
  readonly step: number;
  readonly views?: readonly View[];
  readonly note?: string;
}

/** `end`: nothing comes any more. */
export interface LiveEnd {
  readonly reason: string;
}

/** All messages by their names. */
export interface Messages {
  readonly start: LiveStart;
  readonly step: LiveEvent;
  readonly preview: LivePreview;
  readonly end: LiveEnd;
}
