// Small models and data that the tests of this folder share.
// Small enough that training takes milliseconds a step.
import { type config, DiffusionModel, randn, type Tensor } from "thalweg";

/** A backbone of a few thousand parameters. */
export const mlp = {
  type: "MultiLayerPerceptron",
  args: { hiddenSizes: [3, 32, 32], outputSize: 2, activation: "silu" },
} as const;

/** A config in the plane, with what is given in place of its own. */
export function planar(more: Partial<config.DiffusionConfig> = {}) {
  return {
    xSize: 2,
    path: { type: "linear_vp_sde" },
    solver: { type: "ODESolver", args: { method: "euler", steps: 10 } },
    model: { type: "velocity_function", args: { backbone: mlp } },
    ...more,
  } as const satisfies config.DiffusionConfig;
}

/** A small model in the plane. */
export const small = (seed = 0) => new DiffusionModel({ ...planar(), xSize: 2, seed });

/** Normal data with another mean and scale. */
export const data = (rows = 256): Tensor => randn([rows, 2], { seed: 7 }).mul(3).add(5);

/** All numbers of a tensor. */
export const numbers = async (tensor: Tensor) => Array.from(await tensor.data(), Number);
