// Packed numbers: what the browser reads is what Node wrote, to the fineness of the integers.
import { expect, it } from "vitest";
import { unpacked } from "../../ts/page/unpack.ts";
import { packed, packedIntegers } from "../../ts/src/report/pack.ts";

const numbers = Array.from({ length: 20_000 }, (_, i) => 3 + 7 * Math.sin(i * 1.7));

it.each([8, 16] as const)("numbers come back to half a step of %i bits", async (bits) => {
  const block = await packed(numbers, { shape: [100, 200], bits });
  const step = (block.high - block.low) / (2 ** bits - 2);
  expect([block.low, block.high]).toEqual([Math.min(...numbers), Math.max(...numbers)]);
  const back = unpacked(block);
  expect(back.length).toBe(numbers.length);
  const worst = Math.max(...numbers.map((value, i) => Math.abs(value - (back[i] as number))));
  // Beside the integers, the browser has numbers of 32 bits.
  expect(worst).toBeLessThan(step / 2 + 10 * 2 ** -24);
  expect(worst).toBeGreaterThan(step * 0.4);
});

it("what is no number stays none, what lies outside moves to the ends", async () => {
  const values = [Number.NaN, -5, 0, 1, 5, Number.POSITIVE_INFINITY];
  const block = await packed(values, { shape: [6], bits: 16, range: [0, 1] });
  expect(Array.from(unpacked(block))).toEqual([Number.NaN, 0, 0, 1, 1, 1]);
});

it("numbers that are all the same come back, and so do none", async () => {
  expect(Array.from(unpacked(await packed([4, 4], { shape: [2], bits: 16 })))).toEqual([4, 4]);
  expect(unpacked(await packed([], { shape: [0], bits: 16 })).length).toBe(0);
});

it.each([3, 254, 255, 50_000])("whole numbers up to %i are exact", async (largest) => {
  const values = [0, 1, largest - 1, largest];
  const block = await packedIntegers(values, [4], largest);
  expect(Array.from(unpacked(block))).toEqual(values);
  expect(block.bits).toBe(largest < 255 ? 8 : 16);
});
