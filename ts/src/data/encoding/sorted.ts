// Numbers in ascending order, sorted in slices between which others have their turn.
// Blocks are sorted by the runtime, then merged (von Neumann 1945).
import { inSlices } from "../slices.js";

/** Numbers of one block; sorting it takes about two milliseconds. */
const BLOCK = 1 << 15;

/** A sorted copy. */
export async function sorted(values: Float64Array): Promise<Float64Array> {
  const { length } = values;
  const blocks = Math.ceil(length / BLOCK);
  let from = values.slice();
  let to = new Float64Array(length);
  await inSlices(blocks, (block) => void from.subarray(block * BLOCK, (block + 1) * BLOCK).sort());
  for (let run = BLOCK; run < length; run *= 2) {
    let [left, right] = [0, 0];
    await inSlices(blocks, (block) => {
      const [begin, end] = [block * BLOCK, Math.min(length, (block + 1) * BLOCK)];
      const first = begin - (begin % (2 * run));
      const [middle, last] = [Math.min(length, first + run), Math.min(length, first + 2 * run)];
      if (begin === first) [left, right] = [first, middle];
      for (let at = begin; at < end; at++) {
        const takesLeft = left < middle && (right >= last || (from[left] as number) <= (from[right] as number));
        to[at] = from[takesLeft ? left++ : right++] as number;
      }
    });
    [from, to] = [to, from];
  }
  return from;
}
