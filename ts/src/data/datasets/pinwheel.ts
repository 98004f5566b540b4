// A wheel of bent normal distributions.
// Johnson et al. 2016, "Composing graphical models with neural networks for structured representations and fast inference".
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";
import { chosen, type DatasetSettings, points, streams } from "./settings.js";

/** Number of arms, their standard deviation outwards, and how fast they turn with e^r. */
const [ARMS, OUTWARDS, RATE] = [5, 0.3, 0.25];

/**
 * Five normal distributions around the centre, bent into the arms of a wheel (Johnson et al. 2016): at r = 1 + 0.3·z₁ outwards and `noise`·z₂ across, turned by
 * the arm's angle plus e^r/4, then doubled, as is usual. Default noise 0.1.
 *
 * @returns `[count, 2]`
 * @throws ConfigError where `count` is no integer ≥ 1
 *
 * @example
 * ```ts
 * datasets.pinwheel({ count: 512, seed: 0 }).shape; // [512, 2]
 * ```
 */
export function pinwheel(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const z = normal();
    const outwards = z.select(1, 0).mul(OUTWARDS).add(1);
    const across = z.select(1, 1).mul(settings.noise ?? 0.1);
    const angle = chosen(uniform(), ARMS)
      .mul((2 * Math.PI) / ARMS)
      .add(outwards.exp().mul(RATE));
    const [cos, sin] = [angle.cos(), angle.sin()];
    const x = outwards.mul(cos).sub(across.mul(sin));
    return points(x, outwards.mul(sin).add(across.mul(cos))).mul(2);
  });
}
