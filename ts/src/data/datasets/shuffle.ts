// The rows of a tensor in a random order.
// For data that come sorted, before they are cut into parts.
import { optionsOf } from "../../config/options.js";
import { rand, tensor } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { tidy } from "../../tensor/tidy.js";

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
  const { seed = 0 } = optionsOf("shuffle", settings, ["seed"]);
  const keys = Array.from(await rand([data.shape[0] ?? 0], { dtype: "f64", seed }).data(), Number);
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
