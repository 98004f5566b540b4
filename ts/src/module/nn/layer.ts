// Layer: a module from one tensor to one tensor, so that layers can be put in lists and chained.
// The base of everything in this folder.
import type { Tensor } from "../../tensor/tensor.js";
import { Module } from "../module.js";

/** A module that takes one tensor and returns one. */
export abstract class Layer extends Module<Tensor, Tensor> {
  /** The layer's function. */
  abstract override forward(x: Tensor): Tensor;
}
