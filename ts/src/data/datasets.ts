// Toy data sets in the plane, each a function of its settings alone.
// Drawn by the engine, so that equal seeds give equal points everywhere.
import { ConfigError } from "../errors.js";
import { rand, randn, tensor } from "../tensor/create.js";
import { Tensor } from "../tensor/tensor.js";
import { tidy } from "../tensor/tidy.js";

/** Settings of a toy data set. */
export interface DatasetSettings {
  /** Number of points; ≥ 1. */
  readonly count: number;
  /** Standard deviation of the noise on each coordinate, in the units of the definition. */
  readonly noise?: number;
  /** Equal seeds give equal points; default 0. */
  readonly seed?: number;
}

/** Independent random numbers for one data set: a stream of its own for each quantity. */
function streams({ count, seed = 0 }: DatasetSettings) {
  if (!Number.isSafeInteger(count) || count < 1) {
    const details = { expected: "an integer ≥ 1", got: String(count), path: "count" };
    throw new ConfigError(`count: expected an integer ≥ 1, got ${count}`, details);
  }
  let next = seed * 16;
  return {
    uniform: () => rand([count], { seed: next++ }),
    normal: () => randn([count, 2], { seed: next++ }),
  };
}

/** Each coordinate stretched so that it goes from −limit to limit. */
function fitted(points: Tensor, limit: number): Tensor {
  const low = points.min(0, { keepDims: true });
  const range = points.max(0, { keepDims: true }).sub(low);
  return points
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
    const roll = Tensor.stack([angle.mul(angle.cos()), angle.mul(angle.sin())], 1);
    return fitted(roll.add(normal().mul(settings.noise ?? 0)), 5);
  });
}

/**
 * Two interleaving half circles of radius 1 (scikit-learn's `make_moons`, with uniform random angles). Default noise 0.1.
 *
 * @returns `[count, 2]`
 */
export function moons(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const angle = uniform().mul(Math.PI);
    const upper = Tensor.stack([angle.cos(), angle.sin()], 1);
    const lower = Tensor.stack([angle.cos().rsub(1), angle.sin().rsub(0.5)], 1);
    return uniform()
      .lt(0.5)
      .unsqueeze(1)
      .where(upper, lower)
      .add(normal().mul(settings.noise ?? 0.1));
  });
}

/**
 * Eight normal distributions on a circle of radius 5. Default noise √0.1.
 *
 * @returns `[count, 2]`
 */
export function eightGaussians(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const angle = uniform()
      .mul(8)
      .floor()
      .mul(Math.PI / 4);
    const centre = Tensor.stack([angle.cos(), angle.sin()], 1).mul(5);
    return centre.add(normal().mul(settings.noise ?? Math.sqrt(0.1)));
  });
}

/**
 * Uniform on the dark squares of a 4 × 4 board; squares have side 1/0.45. Default noise 0.
 *
 * @returns `[count, 2]`
 */
export function checkerboard(settings: DatasetSettings): Tensor {
  return tidy(() => {
    const { uniform, normal } = streams(settings);
    const x = uniform().mul(4).sub(2);
    const column = x.floor();
    const odd = column.sub(column.div(2).floor().mul(2));
    const y = uniform().sub(uniform().lt(0.5).cast("f32").mul(2)).add(odd);
    return Tensor.stack([x, y], 1)
      .div(0.45)
      .add(normal().mul(settings.noise ?? 0));
  });
}

/**
 * The rows of a table in a random order.
 *
 * @param data - `[N, …]`
 * @param settings - equal seeds give equal orders; default 0
 *
 * @example
 * ```ts
 * const rows = await datasets.shuffle(data, { seed: 1 });
 * const test = rows.narrow(0, 0, 20);
 * const train = rows.slice([20]);
 * ```
 */
export async function shuffle(data: Tensor, settings: { readonly seed?: number } = {}): Promise<Tensor> {
  const keys = Array.from(await rand([data.shape[0] ?? 0], { dtype: "f64", seed: settings.seed ?? 0 }).data(), Number);
  const order = keys.map((key, row) => ({ key, row })).sort((a, b) => a.key - b.key);
  return tidy(() =>
    data.indexSelect(
      0,
      tensor(
        order.map(({ row }) => row),
        { dtype: "i64" },
      ),
    ),
  );
}
