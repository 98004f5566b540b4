// The machine itself, measured between the turns of a contest: the peak of matrix products on one thread and on all,
// and the bandwidth of memory. A machine on which these vary is busy, and what was measured on it decides nothing.
import type { Reply } from "./protocol.ts";
import { maximum, median, minimum } from "./statistics.ts";
import type { Refusal, Side, Workers } from "./worker.ts";

/** On two threads or more a product must be this much faster than on one. */
export const LEAST_SCALING = 1.7;
/** (fastest − slowest) / fastest of the products of a contest. */
export const MOST_VARIATION = 0.1;

const PRODUCT = { work: "product", size: 1024, chain: 8 } as const;

/** What was measured beside a contest. */
export interface Gauge {
  /** Peak of a product on all threads, FLOP/s. */
  readonly peak: number;
  /** Median rate on all threads by that on one. */
  readonly scaling: number;
  /** The larger (fastest − slowest) / fastest of the two. */
  readonly variation: number;
  /** Bytes a second; 0 where it was not asked for. */
  readonly bandwidth: number;
  /** Why the machine is called busy; empty where it is not. */
  readonly busy: string;
}

const rate = (reply: Reply | Refusal, amount: "flops" | "bytes"): number[] =>
  "error" in reply ? [] : reply.seconds.map((seconds) => (reply[amount] ?? 0) / seconds);

/** Rates that were gathered, as a verdict. */
export function judge(
  one: readonly number[],
  all: readonly number[],
  bandwidth: readonly number[],
  threads: number,
): Gauge {
  const spread = (rates: readonly number[]) => 1 - minimum(rates) / maximum(rates);
  const [scaling, variation] = [median(all) / median(one), maximum([spread(one), spread(all)])];
  const reasons = [
    threads > 1 && scaling < LEAST_SCALING
      ? `${threads} threads multiply ${scaling.toFixed(2)} times as fast as one`
      : "",
    variation > MOST_VARIATION ? `its product varies by ${(100 * variation).toFixed(0)} %` : "",
  ];
  const busy = reasons.filter((reason) => reason !== "").join(", and ");
  return { peak: maximum(all), scaling, variation, bandwidth: maximum([0, ...bandwidth]), busy };
}

/** Gathers the rates of one contest. */
export class Gauging {
  readonly #workers: Workers;
  readonly #side: Side;
  readonly #threads: number;
  readonly #target: number;
  readonly #one: number[] = [];
  readonly #all: number[] = [];
  readonly #bandwidth: number[] = [];

  /**
   * @param workers - where to ask
   * @param side - whose product is the fastest here
   * @param threads - all of them
   * @param target - seconds of one probe
   */
  constructor(workers: Workers, side: Side, threads: number, target: number) {
    [this.#workers, this.#side, this.#threads, this.#target] = [workers, side, threads, target];
  }

  /** One probe of each kind; of the bandwidth where `bytes` are given. */
  async probe(bytes: number): Promise<void> {
    const target = this.#target;
    for (const [threads, rates] of [[1, this.#one] as const, [this.#threads, this.#all] as const]) {
      const worker = await this.#workers.of(this.#side, threads);
      rates.push(...rate(await worker.ask({ ...PRODUCT, target }), "flops"));
    }
    if (bytes === 0) return;
    for (const side of ["ours", "torch"] as const) {
      const worker = await this.#workers.of(side, this.#threads);
      this.#bandwidth.push(...rate(await worker.ask({ work: "bandwidth", bytes, target }), "bytes"));
    }
  }

  /** The verdict. */
  result(): Gauge {
    return judge(this.#one, this.#all, this.#bandwidth, this.#threads);
  }
}

/** Products of every side, on one thread and on all, FLOP/s: which library reaches the most. */
export async function crossCheck(workers: Workers, threads: number, target: number) {
  const rows: { readonly side: Side; readonly one: number; readonly all: number }[] = [];
  for (const side of ["ours", "torch", "jax"] as const) {
    const best = async (count: number) => {
      const worker = await workers.of(side, count);
      const rates: number[] = [];
      for (let turn = 0; turn < 3; turn++) rates.push(...rate(await worker.ask({ ...PRODUCT, target }), "flops"));
      return maximum([0, ...rates]);
    };
    rows.push({ side, one: await best(1), all: await best(threads) });
  }
  return rows;
}
