// Two spirals that wind around each other.
// Lang and Witbrock 1988, "Learning to tell two spirals apart", as FFJORD (Grathwohl et al. 2019) draws them.
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";
import { type DatasetSettings, points, streams } from "./settings.js";

/**
 * Two spirals, one the other turned by 180°: angle θ = 3π·√u, point ±θ/3·(−cos θ, sin θ) (Lang and Witbrock 1988; FFJORD), so that points lie equally densely along
 * them. Radii go from 0 to π. Default noise 0.1.
 *
 * @returns `[count, 2]`
 * @throws ConfigError where `count` is no integer ≥ 1
 *
 * @example
 * ```ts
 * datasets.spirals({ count: 512, seed: 0 }).shape; // [512, 2]
 * ```
 */
export function spirals(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const angle = uniform()
      .sqrt()
      .mul(3 * Math.PI);
    const side = uniform().lt(0.5).cast("f32").mul(2).sub(1);
    const radius = angle.div(3).mul(side);
    const spiral = points(radius.mul(angle.cos()).neg(), radius.mul(angle.sin()));
    return spiral.add(normal().mul(settings.noise ?? 0.1));
  });
}
