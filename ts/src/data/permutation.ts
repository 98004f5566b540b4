// A random order of rows, a function of the seed alone.
// The random numbers are the engine's, so that equal seeds give equal orders everywhere.
import { rand } from "../tensor/create.js";
import { overRows } from "./slices.js";

/** 0 … count − 1 in a random order (Fisher and Yates 1938, in Durstenfeld's form of 1964). */
export async function permutation(count: number, seed: number): Promise<Uint32Array> {
  const drawn = rand([count], { dtype: "f64", seed });
  const uniforms = (await drawn.data()) as Float64Array;
  drawn.dispose();
  const order = new Uint32Array(count);
  await overRows(count, (start, end) => {
    for (let row = start; row < end; row++) order[row] = row;
  });
  await overRows(count, (start, end) => {
    for (let done = start; done < end; done++) {
      const last = count - 1 - done;
      const other = Math.floor((uniforms[done] ?? 0) * (last + 1));
      const held = order[last] ?? 0;
      order[last] = order[other] ?? 0;
      order[other] = held;
    }
  });
  return order;
}
