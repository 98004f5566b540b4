// How many tensors are alive, once those that nobody holds any more are gone: what a test before left behind would else go
// while the next one counts.
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { memory } from "thalweg";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Tensors that somebody holds. */
export async function held(): Promise<number> {
  for (let before = -1, rounds = 0; before !== memory().liveTensors && rounds < 20; rounds++) {
    before = memory().liveTensors;
    collect();
    // Their memory is given back a turn later.
    await setImmediate();
    await setImmediate();
  }
  return memory().liveTensors;
}
