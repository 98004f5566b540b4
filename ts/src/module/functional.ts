// functionalCall: a module as a function of its parameters, so that it can be differentiated by them.
// What a training loop without a model needs, and any derivative by parameters.
import { misfit } from "../tensor/checks.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Module } from "./module.js";

/**
 * What a module's forward gives with these parameters in place of its own, which stay as they are. With {@link grad} and the
 * parameters as its first argument it gives the gradient by them.
 *
 * @param module - any module
 * @param parameters - by name, all of them, as {@link Module.stateDict} gives them
 * @param inputs - what forward takes
 * @throws ConfigError where a name is missing or unknown; ShapeError where a shape differs
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(2, 1);
 * const loss = (parameters: Record<string, Tensor>, x: Tensor) => functionalCall(layer, parameters, x).square().mean();
 * const gradient = grad(loss)(layer.stateDict(), ones([8, 2]));
 * gradient.weight.shape; // [1, 2]
 * ```
 */
export function functionalCall<Inputs extends readonly unknown[], Output>(
  module: { forward(...inputs: Inputs): Output } & Module<never, unknown>,
  parameters: Readonly<Record<string, Tensor>>,
  ...inputs: Inputs
): Output {
  const pairs = module.pairedWith(parameters, "functionalCall");
  for (const { name, parameter, value } of pairs) {
    if (`${value.shape}` === `${parameter.shape}`) continue;
    throw misfit("functionalCall", `${name} of shape [${parameter.shape}]`, `[${value.shape}]`);
  }
  for (const { parameter, value } of pairs) parameter.replace(value);
  try {
    return module.forward(...inputs);
  } finally {
    for (const { parameter } of pairs) parameter.restore();
  }
}
