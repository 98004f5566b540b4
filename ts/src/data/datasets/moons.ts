// Two interleaving half circles.
// scikit-learn's `make_moons`, with random angles.
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";
import { type DatasetSettings, points, streams } from "./settings.js";

/**
 * Two interleaving half circles of radius 1 (scikit-learn's `make_moons`, with uniform random angles). Default noise 0.1.
 *
 * @returns `[count, 2]`
 * @throws ConfigError where `count` is no integer ≥ 1
 *
 * @example
 * ```ts
 * datasets.moons({ count: 512, seed: 0 }).shape; // [512, 2]
 * ```
 */
export function moons(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const angle = uniform().mul(Math.PI);
    const upper = points(angle.cos(), angle.sin());
    const lower = points(angle.cos().rsub(1), angle.sin().rsub(0.5));
    return uniform()
      .lt(0.5)
      .unsqueeze(1)
      .where(upper, lower)
      .add(normal().mul(settings.noise ?? 0.1));
  });
}
