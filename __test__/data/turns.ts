// How often others had their turn while something ran: what the tests of long work count.
// Counting does not depend on how busy the machine is, as clocks do.

/** What something did to others. */
export interface Turns<T> {
  readonly result: T;
  /** The turns that others had. */
  readonly turns: number;
  /** The mean milliseconds between two of them. */
  readonly mean: number;
  /** The most milliseconds of processor time between two of them; it includes what the collector of garbage took. */
  readonly longest: number;
}

/** Runs something; its result, and what it did to others. */
export async function turnsDuring<T>(work: () => Promise<T>): Promise<Turns<T>> {
  let [turns, running, longest] = [0, true, 0];
  let used = process.cpuUsage();
  const look = () => {
    const { user, system } = process.cpuUsage(used);
    used = process.cpuUsage();
    longest = Math.max(longest, (user + system) / 1000);
  };
  const turn = () => {
    turns += 1;
    look();
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  const before = performance.eventLoopUtilization();
  try {
    const result = await work();
    const mean = performance.eventLoopUtilization(before).active / turns;
    look();
    return { result, turns, mean, longest };
  } finally {
    running = false;
  }
}
