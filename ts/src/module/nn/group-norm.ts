// GroupNorm (Wu and He 2018): blocks of channels to mean 0 and variance 1, then a learned scale and shift of each channel.
// With as many groups as channels it is instance normalisation.
import { namesOf, optionsOf } from "../../config/options.js";
import { misfit, refused, requireWhole } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";
import { constant } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";

/** Settings of {@link GroupNorm}. */
export interface GroupNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
  /** Whether there are a scale and a shift; default true. */
  readonly affine?: boolean;
}

const names = namesOf<GroupNormOptions>({ epsilon: true, affine: true });

/**
 * Normalisation of `[B, channels, …]` over blocks of channels and all that follows, with learned weight (1 at the start) and bias (0).
 *
 * @example
 * ```ts
 * new nn.GroupNorm(8, 64).forward(zeros([4, 64, 16, 16])).shape; // [4, 64, 16, 16]
 * ```
 */
export class GroupNorm extends Layer {
  /** `[channels]`; undefined where it is not affine. */
  readonly weight: Parameter | undefined;
  /** `[channels]`; undefined where it is not affine. */
  readonly bias: Parameter | undefined;
  readonly #groups: number;
  readonly #channels: number;
  readonly #epsilon: number;

  /**
   * @param groups - number of blocks
   * @param channels - a multiple of it
   * @param options - what is added to the variance, and whether there are parameters
   */
  constructor(groups: number, channels: number, options: GroupNormOptions = {}) {
    super();
    requireWhole("GroupNorm", "groups and channels", [groups, channels], 1);
    if (channels % groups !== 0) throw refused("GroupNorm", "groups", `a divisor of ${channels} channels`, groups);
    const { affine = true, epsilon = 1e-5 } = optionsOf("GroupNorm", options, names);
    this.#groups = groups;
    this.#channels = channels;
    this.#epsilon = epsilon;
    this.weight = affine ? new Parameter([channels], { init: constant(1), decay: false }) : undefined;
    this.bias = affine ? new Parameter([channels], { decay: false }) : undefined;
  }

  override forward(x: Tensor): Tensor {
    const [batch = 0, channels, ...places] = x.shape;
    if (channels !== this.#channels) {
      throw misfit("GroupNorm", `an input [B, ${this.#channels}, …]`, `[${x.shape.join(", ")}]`);
    }
    const size = places.reduce((product, each) => product * each, channels / this.#groups);
    const blocks = x.reshape([batch, this.#groups, size]).layerNorm({ epsilon: this.#epsilon });
    const normed = blocks.reshape(x.shape);
    if (this.weight === undefined || this.bias === undefined) return normed;
    const column = [channels, ...places.map(() => 1)];
    return normed.mul(this.weight.reshape(column)).add(this.bias.reshape(column));
  }
}
