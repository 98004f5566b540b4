// Layer: a module from one tensor to one tensor, so that layers can be put in lists and chained.
// The base of everything in this folder.
import type { Tensor } from "../../tensor/tensor.js";
import { Module } from "../module.js";

/**
 * A module that takes one tensor and returns one: what {@link Sequential} is made of.
 *
 * @example
 * ```ts
 * class Shift extends nn.Layer {
 *   override forward(x: Tensor): Tensor {
 *     return x.add(1);
 *   }
 * }
 * await new nn.Sequential(new Shift(), new nn.ReLU()).forward(tensor([-3, 1])).toArray(); // [0, 2]
 * ```
 */
export abstract class Layer extends Module<Tensor, Tensor> {
  /** The layer's function. */
  abstract override forward(x: Tensor): Tensor;
}
