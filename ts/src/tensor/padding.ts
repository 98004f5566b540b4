// What a tensor is surrounded with: one value, its mirror image, its outermost elements, or itself once more.
// A base class of Tensor; made of parts of the tensor, so that gradients find their way back.
import { namesOf, optionsOf } from "../config/options.js";
import { misfit, refused, requireWhole } from "./checks.js";
import { Structural } from "./structure.js";
import type { Tensor } from "./tensor.js";

/** With what a tensor is surrounded. */
export type PaddingMode = "constant" | "reflect" | "replicate" | "circular";

/** How {@link Padded.pad} fills. */
export interface PadOptions {
  /**
   * `"constant"` (the default): `value`. `"reflect"`: the mirror image beyond the outermost element. `"replicate"`: the
   * outermost element again and again. `"circular"`: the other end.
   */
  readonly mode?: PaddingMode;
  /** What `"constant"` fills in; default 0. */
  readonly value?: number;
}

const padNames = namesOf<PadOptions>({ mode: true, value: true });

const modes: readonly PaddingMode[] = ["constant", "reflect", "replicate", "circular"];

/** Padding, on concrete and traced tensors alike. */
export abstract class Padded extends Structural {
  /**
   * Surrounded by `before[i]` and `after[i]` elements along axis i: zeros, unless the options say what else.
   *
   * @example
   * ```ts
   * await tensor([1, 2, 3]).pad([1], [2], { mode: "reflect" }).toArray(); // [2, 1, 2, 3, 2, 1]
   * ```
   */
  pad(before: readonly number[], after: readonly number[], options: PadOptions = {}): Tensor {
    const { mode = "constant", value = 0 } = optionsOf("pad", options, padNames);
    requireWhole("pad", "what is added", [...before, ...after], 0);
    if (!modes.includes(mode)) throw refused("pad", "mode", modes.join(", "), mode);
    if (mode === "constant" && value === 0) return this.apply("pad", [], { before, after });
    const rank = this.shape.length;
    if (before.length !== rank || after.length !== rank) {
      throw misfit("pad", `${rank} numbers before and after`, `${before.length} and ${after.length}`);
    }
    return before.reduce(
      (x, front, axis) => this.#surrounded(x, axis, front, after[axis] ?? 0, mode, value),
      this.self,
    );
  }

  #surrounded(x: Tensor, axis: number, front: number, back: number, mode: PaddingMode, value: number): Tensor {
    const size = x.shape[axis] ?? 0;
    const wide = (part: Tensor, count: number) => part.broadcastTo(x.shape.map((n, i) => (i === axis ? count : n)));
    const { most, sides } = {
      constant: {
        most: Number.POSITIVE_INFINITY,
        sides: () => [wide(this.scalar(value), front), x, wide(this.scalar(value), back)],
      },
      replicate: {
        most: size > 0 ? Number.POSITIVE_INFINITY : 0,
        sides: () => [wide(x.narrow(axis, 0, 1), front), x, wide(x.narrow(axis, size - 1, 1), back)],
      },
      reflect: {
        most: Math.max(0, size - 1),
        sides: () => [x.narrow(axis, 1, front).flip(axis), x, x.narrow(axis, size - 1 - back, back).flip(axis)],
      },
      circular: {
        most: size,
        sides: () => [x.narrow(axis, size - front, front), x, x.narrow(axis, 0, back)],
      },
    }[mode];
    if (front === 0 && back === 0) return x;
    if (Math.max(front, back) <= most) {
      return this.joined(
        sides().filter((part) => (part.shape[axis] ?? 0) > 0),
        axis,
      );
    }
    throw misfit("pad", `at most ${most} more along axis ${axis} by mode ${mode}`, `${front} and ${back}`);
  }
}
