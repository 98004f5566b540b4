// Numbers as quantised integers in base64: what keeps a report of thousands of particles small.
// 16 bits are finer than any screen; images have 8, as their files do.
import { inSlices } from "../data/slices.js";
import type { Packed } from "./payload.js";

/** How numbers are packed. */
export interface Packing {
  readonly shape: readonly number[];
  readonly bits: 8 | 16;
  /** The ends of what can be told apart; what lies beyond is moved there. By default the extent of the numbers. */
  readonly range?: readonly [low: number, high: number] | undefined;
}

/** Numbers of one piece of work. */
const PIECE = 1 << 14;

/** The least and the largest finite number. */
function extent(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 1] : [low, high];
}

/** The numbers of a tensor, row by row, packed. */
export async function packed(values: ArrayLike<number>, { shape, bits, range }: Packing): Promise<Packed> {
  const [low, high] = range ?? extent(values);
  const missing = 2 ** bits - 1;
  const integers = bits === 8 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  const scale = high > low ? (missing - 1) / (high - low) : 0;
  await inSlices(Math.ceil(values.length / PIECE), (piece) => {
    const end = Math.min(values.length, (piece + 1) * PIECE);
    for (let i = piece * PIECE; i < end; i++) {
      const value = values[i] as number;
      const level = Math.round((value - low) * scale);
      integers[i] = Number.isNaN(value) ? missing : Math.min(missing - 1, Math.max(0, level));
    }
  });
  const base64 = Buffer.from(integers.buffer, integers.byteOffset, integers.byteLength).toString("base64");
  return { shape, bits, low, high, base64 };
}

/** Whole numbers from 0 up to `largest`, exactly. */
export function packedIntegers(values: ArrayLike<number>, shape: readonly number[], largest: number): Promise<Packed> {
  const bits = largest < 2 ** 8 - 1 ? 8 : 16;
  return packed(values, { shape, bits, range: [0, 2 ** bits - 2] });
}
