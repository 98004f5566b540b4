// The S curve, seen from the side.
// scikit-learn's `make_s_curve`, first and third coordinate (Tenenbaum, de Silva and Langford 2000).
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";
import { type DatasetSettings, points, streams } from "./settings.js";

/**
 * The letter S of two arcs of radius 1: angle θ = 3π·(u − ½), point (sin θ, sign(θ)·(cos θ − 1)); scikit-learn's `make_s_curve`, first and third coordinate.
 * Coordinates go from −1 to 1 and from −2 to 2. Default noise 0.
 *
 * @returns `[count, 2]`
 * @throws ConfigError where `count` is no integer ≥ 1
 *
 * @example
 * ```ts
 * datasets.sCurve({ count: 512, seed: 0 }).shape; // [512, 2]
 * ```
 */
export function sCurve(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const angle = uniform()
      .sub(0.5)
      .mul(3 * Math.PI);
    const curve = points(angle.sin(), angle.sign().mul(angle.cos().sub(1)));
    return curve.add(normal().mul(settings.noise ?? 0));
  });
}
