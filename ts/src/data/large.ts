// Tensors that are made a piece at a time, so that making a large one holds nobody up.
// No second copy of all elements is made on the way.
import type { DType } from "../native/boundary.js";
import { native } from "../native.js";
import { bytesOf, type TypedArray } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { inSlices } from "./slices.js";

/** Elements of one piece. */
const PIECE = 1 << 15;

/**
 * A tensor of this shape.
 *
 * @param piece - the elements from `start` to before `end`, row by row, as the typed array of the element type (bf16 as Float32Array)
 * @param unit - elements that stay together in a piece
 */
export async function tensorInPieces(
  { shape, dtype, unit = 1 }: { readonly shape: readonly number[]; readonly dtype: DType; readonly unit?: number },
  piece: (start: number, end: number) => TypedArray,
): Promise<Tensor> {
  const count = shape.reduce((product, size) => product * size, 1);
  const length = Math.max(1, Math.floor(PIECE / unit)) * unit;
  const writer = new native.NativeTensorWriter(dtype, [...shape]);
  await inSlices(Math.ceil(count / length), (i) => {
    writer.write(bytesOf(piece(i * length, Math.min(count, (i + 1) * length))));
  });
  return new Tensor({ handle: writer.finish() });
}
