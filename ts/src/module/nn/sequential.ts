// Sequential: layers one after the other.
// Its layers are named by their place alone ("0.weight"), as in PyTorch.
import type { Tensor } from "../../tensor/tensor.js";
import { Layer } from "./layer.js";

/**
 * Applies layers in order.
 *
 * @example
 * ```ts
 * const net = new nn.Sequential(new nn.Linear(2, 8), new nn.SiLU(), new nn.Linear(8, 2));
 * net.parameters().map(({ name }) => name); // ["0.weight", "0.bias", "2.weight", "2.bias"]
 * ```
 */
export class Sequential extends Layer {
  /** In the order in which they are applied. */
  readonly layers: readonly Layer[];

  /** @param layers - in the order in which they are applied */
  constructor(...layers: readonly Layer[]) {
    super();
    this.layers = layers;
  }

  /** @internal */
  override children(): Iterable<[string, unknown]> {
    return Object.entries(this.layers);
  }

  override forward(x: Tensor): Tensor {
    return this.layers.reduce((value, layer) => layer.forward(value), x);
  }
}
