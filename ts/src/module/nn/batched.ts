// What layers over images and signals share: their input has channels and spatial dimensions, and a batch or none.
// Checked here, so that an error speaks of the layer's input and not of an op.
import { misfit } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";

/**
 * A function of `[B, C, …]` on an input that may lack the batch's dimension.
 *
 * @param layer - its name, for messages
 * @param spatial - the number of spatial dimensions
 * @param channels - how many there must be; any where undefined
 * @throws ShapeError where the input has other dimensions or channels
 */
export function batched(
  layer: string,
  spatial: number,
  channels: number | undefined,
  x: Tensor,
  apply: (x: Tensor) => Tensor,
): Tensor {
  const lacksBatch = x.rank === spatial + 1;
  const fits = lacksBatch || x.rank === spatial + 2;
  if (!fits || (channels !== undefined && x.shape[lacksBatch ? 0 : 1] !== channels)) {
    const places = spatial === 1 ? "L" : "H, W";
    throw misfit(
      layer,
      `an input [B, ${channels ?? "C"}, ${places}] or [${channels ?? "C"}, ${places}]`,
      `[${x.shape.join(", ")}]`,
    );
  }
  return lacksBatch ? apply(x.unsqueeze(0)).squeeze(0) : apply(x);
}
