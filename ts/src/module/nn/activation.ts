// Activations by the names that configs use.
// A table from name to layer.
import type { Activation } from "../../generated/config.js";
import { ELU } from "./elu.js";
import { GELU } from "./gelu.js";
import { GELUTanh } from "./gelu-tanh.js";
import { Identity } from "./identity.js";
import type { Layer } from "./layer.js";
import { Mish } from "./mish.js";
import { ReLU } from "./relu.js";
import { SELU } from "./selu.js";
import { SiLU } from "./silu.js";
import { Softplus } from "./softplus.js";
import { Square } from "./square.js";
import { Swish } from "./swish.js";
import { Tanh } from "./tanh.js";

const activations: Readonly<Record<Activation, new () => Layer>> = {
  mish: Mish,
  tanh: Tanh,
  relu: ReLU,
  softplus: Softplus,
  elu: ELU,
  selu: SELU,
  silu: SiLU,
  swish: Swish,
  gelu: GELU,
  gelu_tanh: GELUTanh,
  square: Square,
  identity: Identity,
};

/**
 * A new layer with the activation of this name, as configs of built-in networks say it; of `"swish"` each has a β of its own.
 *
 * @param name - `"mish"`, `"silu"`, `"gelu"` …
 *
 * @example
 * ```ts
 * await nn.activation("relu").forward(tensor([-2, 3])).toArray(); // [0, 3]
 * ```
 */
export function activation(name: Activation): Layer {
  return new activations[name]();
}
