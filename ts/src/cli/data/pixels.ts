// What arrays of bytes need to be images of a model: numbers in [−1, 1], channels first.
// Both are said by the config, since an array does not tell.
import { ConfigError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ReadOptions } from "./kinds.js";

/** The settings of {@link pixelsOf}. */
export const pixelSettings = ["pixels", "channelsLast"] as const;

function flag(options: ReadOptions, name: string): boolean {
  const value = options[name] ?? false;
  if (typeof value === "boolean") return value;
  const [expected, got] = ["true or false", JSON.stringify(value)];
  throw new ConfigError(`read.${name}: expected ${expected}, got ${got}`, { expected, got, path: `read.${name}` });
}

/**
 * An array as it is, or with `pixels` 0 … 255 scaled to −1 … 1, or with `channelsLast` `[N, height, width, channels]` turned.
 *
 * @throws ConfigError for settings of another type, and where there are not four dimensions to turn
 */
export function pixelsOf(array: Tensor, options: ReadOptions): Tensor {
  const scaled = flag(options, "pixels") ? array.cast("f32").div(127.5).sub(1) : array;
  if (!flag(options, "channelsLast")) return scaled;
  if (scaled.rank === 4) return scaled.permute([0, 3, 1, 2]);
  const [expected, got] = ["an array [N, height, width, channels]", `[${scaled.shape.join(", ")}]`];
  throw new ConfigError(`read.channelsLast: expected ${expected}, got ${got}`, {
    expected,
    got,
    path: "read.channelsLast",
  });
}
