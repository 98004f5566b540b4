// Work in slices: others have their turn, however much of it goes on at a time.
// Slices are counted, so that a busy machine changes nothing.
import { describe, expect, it } from "vitest";
import { inSlices, inTurns, overRows, turns } from "../../ts/src/data/slices.ts";

/** Does nothing for so many milliseconds. */
function busy(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** How many pieces of work others had to wait for at most, at a time. */
async function longest(work: (piece: () => void) => Promise<unknown>): Promise<number> {
  let [since, most, isRunning] = [0, 0, true];
  const look = () => {
    most = Math.max(most, since);
    since = 0;
    if (isRunning) setImmediate(look);
  };
  setImmediate(look);
  await work(() => {
    busy(1);
    since += 1;
  });
  isRunning = false;
  return Math.max(most, since);
}

describe("slices", () => {
  it("of one work are short", async () => {
    expect(await longest((piece) => inSlices(30, piece))).toBeLessThanOrEqual(5);
  });

  it("of works that go on at a time are no longer than those of one", async () => {
    const all = (piece: () => void) => Promise.all(Array.from({ length: 20 }, () => inSlices(10, piece)));
    // Each may do one piece before it looks at the clock.
    expect(await longest(all)).toBeLessThanOrEqual(20 + 5);
    const late = (piece: () => void) =>
      Promise.all(Array.from({ length: 20 }, () => new Promise(setImmediate).then(() => inSlices(10, piece))));
    expect(await longest(late)).toBeLessThanOrEqual(20 + 5);
  });

  it("of many short works, one after the other, are those of one", async () => {
    expect(
      await longest(async (piece) => {
        for (let i = 0; i < 30; i++) await overRows(1, piece);
      }),
    ).toBeLessThanOrEqual(5);
    expect(
      await longest(async (piece) => {
        for (let i = 0; i < 30; i++) {
          const turn = turns();
          piece();
          await turn();
        }
      }),
    ).toBeLessThanOrEqual(5);
  });

  it("do all work in order, and give its result", async () => {
    const rows: number[] = [];
    await overRows(2500, (start, end) => rows.push(start, end));
    expect(rows).toEqual([0, 1024, 1024, 2048, 2048, 2500]);
    function* steps(): Generator<void, number, undefined> {
      for (let i = 0; i < 10; i++) {
        busy(1);
        yield;
      }
      return 7;
    }
    expect(await Promise.all([inTurns(steps()), inTurns(steps())])).toEqual([7, 7]);
  });
});
