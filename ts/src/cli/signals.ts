// Ctrl-C: the first one asks a command to end well, the second one ends it.
// SIGTERM, which job schedulers send, and SIGHUP, which a terminal sends that is closed, are the same.
import { exitCodes, Interrupted } from "./failure.js";
import { note } from "./output.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs work that can be interrupted; `hint` says on stderr what happens now. */
export async function interruptible<Result>(
  hint: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    note(`\n${hint}; once more to quit at once`);
    controller.abort(new Interrupted("interrupted"));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
