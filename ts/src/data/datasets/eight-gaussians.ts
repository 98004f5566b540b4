// Eight normal distributions on a circle.
// The usual test of whether all modes are found.
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";
import { chosen, type DatasetSettings, points, streams } from "./settings.js";

/**
 * Eight normal distributions on a circle of radius 5. Default noise √0.1.
 *
 * @returns `[count, 2]`
 * @throws ConfigError where `count` is no integer ≥ 1
 *
 * @example
 * ```ts
 * datasets.eightGaussians({ count: 512, seed: 0 }).shape; // [512, 2]
 * ```
 */
export function eightGaussians(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const angle = chosen(uniform(), 8).mul(Math.PI / 4);
    const centre = points(angle.cos(), angle.sin()).mul(5);
    return centre.add(normal().mul(settings.noise ?? Math.sqrt(0.1)));
  });
}
