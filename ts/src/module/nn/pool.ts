// The layers that pool: what the means and the largest elements of windows share.
// What a window becomes is the subclass's.
import { optionsOf } from "../../config/options.js";
import type { Tensor } from "../../tensor/tensor.js";
import { batched } from "./batched.js";
import { Layer } from "./layer.js";

/** A pooling of any number of dimensions. */
export abstract class Pool<Options extends object> extends Layer {
  readonly #spatial: number;
  readonly #size: number | readonly number[];
  readonly #options: Options;

  constructor(spatial: number, size: number | readonly number[], options: Options, known: readonly string[]) {
    super();
    optionsOf(this.constructor.name, options, known);
    this.#spatial = spatial;
    this.#size = size;
    this.#options = options;
  }

  /** What the windows of a batch become. */
  protected abstract pool(batch: Tensor, size: number | readonly number[], options: Options): Tensor;

  override forward(x: Tensor): Tensor {
    return batched(this.constructor.name, this.#spatial, undefined, x, (batch) =>
      this.pool(batch, this.#size, this.#options),
    );
  }
}
