// An entry of the benchmark: contestants that take turns, a floor, and bars, which are data.
// What is measured is a list of numbers per contestant; a bar is a function of their minima.
import type { Gauge } from "./gauge.ts";
import type { Reply, Request } from "./protocol.ts";
import { minimum } from "./statistics.ts";
import type { Side } from "./worker.ts";

/** One that takes turns. */
export interface Contestant {
  /** Unique within its entry. */
  readonly name: string;
  readonly side: Side;
  readonly request: Request;
  /** Default: all. */
  readonly threads?: number;
  /** A process of its own for each turn, and what is measured of it: see lib/contest.ts. */
  readonly fresh?: "peak" | "start";
  /** Where it stands in the picture. */
  readonly point?: { readonly series: string; readonly x: number };
}

/** What the turns of a contestant gave: seconds, or bytes. */
export interface Measured {
  readonly contestant: Contestant;
  readonly values: readonly number[];
  /** The last reply, with facts. */
  readonly reply: Partial<Reply>;
  /** Why there are no values. */
  readonly error?: string;
  /** The floor in seconds, where the entry has one. */
  readonly floor?: number;
}

/** What an entry's contest gave. */
export interface Result {
  readonly measured: readonly Measured[];
  /** Of each group of contestants. */
  readonly gauges: readonly Gauge[];
}

/** What is demanded of a result. */
export interface Bar {
  readonly what: string;
  readonly kind: "atLeast" | "atMost";
  readonly value: number;
  /** The number that is compared; undefined where what it needs was not measured. */
  of(result: Result): number | undefined;
}

/** What an entry may need before its contestants are known. */
export interface Context {
  readonly threads: number;
  readonly quick: boolean;
  /** Asks our worker for something once. */
  ask(request: Request): Promise<Reply>;
}

/** A row of the benchmark. */
export interface Entry {
  readonly name: string;
  readonly title: string;
  readonly unit: "s" | "ms" | "MB";
  /** Groups of contestants; those of one group take turns with each other. */
  groups(context: Context): Contestant[][] | Promise<Contestant[][]>;
  /** The floor of a contestant in seconds. */
  floor?(measured: Measured, gauge: Gauge): number | undefined;
  readonly bars: readonly Bar[];
  /** Seconds of one turn; default 0.5. */
  readonly target?: number;
  /** Turns of each contestant; default 5. */
  readonly rounds?: number;
  /** What a reader must know. */
  readonly note?: string;
}

/** The minimum of a contestant; undefined where it has no values. */
export function leastOf(result: Result, name: string): number | undefined {
  const found = result.measured.find(({ contestant }) => contestant.name === name);
  return found === undefined || found.values.length === 0 ? undefined : minimum(found.values);
}

const divided = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a / b;

/** How many times as fast as the best peer: of all, or of those named. */
export function bestPeer(value: number, among?: readonly string[]): Bar {
  const peers = ({ measured }: Result) =>
    measured.filter(({ contestant: { side, name }, values }) => {
      return side !== "ours" && values.length > 0 && (among?.includes(name) ?? true);
    });
  return {
    what: among === undefined ? "best peer ÷ ours" : `${among.join(" or ")} ÷ ours`,
    kind: "atLeast",
    value,
    of(result) {
      const times = peers(result).map(({ values }) => minimum(values));
      return times.length === 0 ? undefined : divided(minimum(times), leastOf(result, "ours"));
    },
  };
}

/** The part of the time that the floor is. */
export function ofFloor(value: number): Bar {
  return {
    what: "floor ÷ ours",
    kind: "atLeast",
    value,
    of(result) {
      const ours = result.measured.find(({ contestant }) => contestant.name === "ours");
      return divided(ours?.floor, leastOf(result, "ours"));
    },
  };
}

/** One contestant by another. */
export function quotient(of: string, by: string, value: number): Bar {
  return {
    what: `${of} ÷ ${by}`,
    kind: "atMost",
    value,
    of: (result) => divided(leastOf(result, of), leastOf(result, by)),
  };
}

/** The number itself. */
export function absolute(name: string, value: number, what: string): Bar {
  return { what, kind: "atMost", value, of: (result) => leastOf(result, name) };
}

/** Whether a bar is met; undefined where it cannot be said. */
export function met(bar: Bar, result: Result): boolean | undefined {
  const value = bar.of(result);
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return bar.kind === "atLeast" ? value >= bar.value : value <= bar.value;
}
