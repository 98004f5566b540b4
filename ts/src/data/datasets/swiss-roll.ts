// The swiss roll, seen from the side.
// scikit-learn's `make_swiss_roll`, first and third coordinate (Marsland 2009), as GenerativeRL scales it.
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";
import { type DatasetSettings, points, streams } from "./settings.js";

/** Each coordinate stretched so that it goes from −limit to limit. */
function fitted(all: Tensor, limit: number): Tensor {
  const low = all.min(0, { keepDims: true });
  const range = all.max(0, { keepDims: true }).sub(low);
  return all
    .sub(low)
    .div(range)
    .sub(0.5)
    .mul(2 * limit);
}

/**
 * The swiss roll, seen from the side: angle θ = 3π/2·(1 + 2u), point θ·(cos θ, sin θ) plus noise (scikit-learn's
 * `make_swiss_roll`, first and third coordinate), then each coordinate stretched to [−5, 5], as in GenerativeRL.
 *
 * @returns `[count, 2]`
 *
 * @example
 * ```ts
 * const data = datasets.swissRoll({ count: 10_000, noise: 0.6, seed: 0 });
 * ```
 */
export function swissRoll(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const angle = uniform()
      .mul(2)
      .add(1)
      .mul(1.5 * Math.PI);
    const roll = points(angle.mul(angle.cos()), angle.mul(angle.sin()));
    return fitted(roll.add(normal().mul(settings.noise ?? 0)), 5);
  });
}
