// The outcome of an entry as plain data: what is printed, kept in out/bench and written to the report.
// Made once from the contest; everything after it only reads.
import { type Bar, type Entry, met, type Result } from "./entry.ts";
import { maximum, median, minimum } from "./statistics.ts";

/** A contestant's outcome, in seconds or bytes. */
export interface Standing {
  readonly name: string;
  readonly ours: boolean;
  readonly min?: number;
  readonly median?: number;
  readonly floor?: number;
  readonly error?: string;
  readonly point?: { readonly series: string; readonly x: number };
  /** Evaluations of the network, where that is not fixed. */
  readonly evaluations?: number;
}

/** A bar and how it was met. */
export interface Verdict {
  readonly what: string;
  readonly bar: string;
  readonly measured?: number;
  readonly met: "met" | "not met" | "undecided" | "not measured";
}

/** An entry's outcome. */
export interface Outcome {
  readonly name: string;
  readonly title: string;
  readonly unit: Entry["unit"];
  readonly note?: string;
  readonly standings: readonly Standing[];
  readonly verdicts: readonly Verdict[];
  /** Why it decides nothing; empty where it does. */
  readonly busy: string;
  /** FLOP/s on all threads, scaling from one, the largest variation. */
  readonly machine: { readonly peak: number; readonly scaling: number; readonly variation: number };
}

function verdict(bar: Bar, result: Result, busy: boolean): Verdict {
  const [measured, isMet] = [bar.of(result), met(bar, result)];
  const sign = bar.kind === "atLeast" ? "≥" : "≤";
  const word = isMet === undefined ? "not measured" : busy ? "undecided" : isMet ? "met" : "not met";
  return { what: bar.what, bar: `${sign} ${bar.value}`, ...(measured !== undefined && { measured }), met: word };
}

/** What a contest gave, in numbers. */
export function outcomeOf(entry: Entry, result: Result): Outcome {
  const { name, title, unit, note } = entry;
  const reasons = result.gauges.map((gauge) => gauge.busy).filter((text) => text !== "");
  const count =
    result.gauges.length === 1 ? "" : `in ${reasons.length} of ${result.gauges.length} contests, one of which: `;
  const busy = reasons.length === 0 ? "" : `${count}${reasons[0]}`;
  const standings = result.measured.map(({ contestant, values, error, floor, reply }): Standing => {
    const { name: contestantName, side, point } = contestant;
    return {
      name: contestantName,
      ours: side === "ours",
      ...(values.length > 0 && { min: minimum(values), median: median(values) }),
      ...(floor !== undefined && { floor }),
      ...(error !== undefined && { error }),
      ...(point && { point }),
      ...(reply.evaluations !== undefined && { evaluations: reply.evaluations }),
    };
  });
  return {
    name,
    title,
    unit,
    ...(note && { note }),
    standings,
    verdicts: entry.bars.map((bar) => verdict(bar, result, busy !== "")),
    busy,
    machine: {
      peak: maximum(result.gauges.map((gauge) => gauge.peak)),
      scaling: minimum(result.gauges.map((gauge) => gauge.scaling)),
      variation: maximum(result.gauges.map((gauge) => gauge.variation)),
    },
  };
}
