// Packed numbers as an array again.
// The counterpart of ts/src/report/pack.ts.
import type { Packed } from "../src/report/payload.ts";

/** The numbers of a block, row by row; NaN where they were not finite. */
export function unpacked({ bits, low, high, base64 }: Packed): Float32Array {
  const text = atob(base64);
  const bytes = Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const view = new DataView(bytes.buffer);
  const width = bits / 8;
  const missing = 2 ** bits - 1;
  return Float32Array.from({ length: bytes.length / width }, (_, i) => {
    const integer = bits === 8 ? view.getUint8(i) : view.getUint16(2 * i, true);
    return integer === missing ? Number.NaN : low + (integer / (missing - 1)) * (high - low);
  });
}

/** A dimension of a block. */
export const sizeOf = ({ shape }: Packed, axis: number): number => shape.at(axis) ?? 1;
