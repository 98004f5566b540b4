// How often others had their turn while something ran: what the tests of long work count.
// Counting does not depend on how busy the machine is, as clocks do.

/** Runs something; its result, the turns that others had meanwhile, and the mean milliseconds between two of them. */
export async function turnsDuring<T>(work: () => Promise<T>): Promise<{ result: T; turns: number; mean: number }> {
  let [turns, running] = [0, true];
  const turn = () => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  const before = performance.eventLoopUtilization();
  try {
    const result = await work();
    return { result, turns, mean: performance.eventLoopUtilization(before).active / turns };
  } finally {
    running = false;
  }
}
