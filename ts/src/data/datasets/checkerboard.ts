// The dark squares of a board.
// A density with edges, which a flow has to cut out.
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";
import { type DatasetSettings, points, streams } from "./settings.js";

/**
 * Uniform on the dark squares of a 4 × 4 board; squares have side 1/0.45. Default noise 0.
 *
 * @returns `[count, 2]`
 * @throws ConfigError where `count` is no integer ≥ 1
 *
 * @example
 * ```ts
 * datasets.checkerboard({ count: 512, seed: 0 }).shape; // [512, 2]
 * ```
 */
export function checkerboard(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const x = uniform().mul(4).sub(2);
    const column = x.floor();
    const odd = column.sub(column.div(2).floor().mul(2));
    const y = uniform().sub(uniform().lt(0.5).cast("f32").mul(2)).add(odd);
    return points(x, y)
      .div(0.45)
      .add(normal().mul(settings.noise ?? 0));
  });
}
