// MultiLayerPerceptron: linear layers with activations between, in TypeScript.
// The twin of the built-in backbone: the same parameter names, shapes and initial values.
import { namesOf, optionsOf } from "../../config/options.js";
import { ConfigError } from "../../errors.js";
import type { Activation } from "../../generated/config.js";
import { Tensor } from "../../tensor/tensor.js";
import { Module } from "../module.js";
import { activation } from "./activation.js";
import type { Layer } from "./layer.js";
import { Linear } from "./linear.js";

/** Settings of {@link MultiLayerPerceptron}. */
export interface MultiLayerPerceptronConfig {
  /** Size of the input's last dimension, then of each hidden layer. */
  readonly hiddenSizes: readonly number[];
  /** Size of the output's last dimension. */
  readonly outputSize: number;
  /** What follows each layer but the last. */
  readonly activation: Activation;
}

const names = namesOf<MultiLayerPerceptronConfig>({ hiddenSizes: true, outputSize: true, activation: true });

/**
 * Linear layers with an activation after each but the last. Several inputs are concatenated along the last dimension;
 * one without it (times `[B]`) is a column. Parameters are named `model.linear0.weight` …, as in GenerativeRL.
 *
 * @example
 * ```ts
 * const net = new nn.MultiLayerPerceptron({ hiddenSizes: [3, 64], outputSize: 2, activation: "silu" });
 * net.forward(zeros([5]), zeros([5, 2])).shape; // [5, 2]
 * ```
 */
export class MultiLayerPerceptron extends Module {
  /** Layers by name: `linear0`, `activation0`, `linear1`, …. */
  readonly model: Readonly<Record<string, Layer>>;

  /** @param config - sizes and activation */
  constructor(config: MultiLayerPerceptronConfig) {
    super();
    optionsOf("MultiLayerPerceptron", config, names);
    const sizes = [...config.hiddenSizes, config.outputSize];
    const layers: Record<string, Layer> = {};
    sizes.slice(1).forEach((size, i) => {
      if (i > 0) layers[`activation${i - 1}`] = activation(config.activation);
      layers[`linear${i}`] = new Linear(sizes[i] ?? size, size);
    });
    if (Object.keys(layers).length === 0) {
      throw new ConfigError("MultiLayerPerceptron: hiddenSizes: expected at least the input's size, got []", {
        expected: "at least the input's size",
        got: "[]",
        path: "hiddenSizes",
      });
    }
    this.model = layers;
  }

  override forward(...inputs: Tensor[]): Tensor {
    const columns = inputs.map((input) => (input.rank === 1 ? input.unsqueeze(1) : input));
    return Object.values(this.model).reduce((x, layer) => layer.forward(x), Tensor.concat(columns, -1));
  }
}
