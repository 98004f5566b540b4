// Where the parameters of a module live while training steps change them: on the other side, in the optimiser's order.
// The module's parameters follow them; graphs read them by reference, so that a step makes no graph stale.
import { ConfigError } from "../errors.js";
import type { NativeParameters, NativeTensor, TracedValue } from "../native/boundary.js";
import { native } from "../native.js";
import type { Trace } from "../tensor/trace.js";
import type { Module } from "./module.js";
import type { Parameter } from "./parameter.js";

const known = new WeakMap<Module<never, unknown>, TrainedParameters>();

/** The parameters of one module, as training steps have left them. */
export class TrainedParameters {
  /** The parameters on the other side. */
  readonly native: NativeParameters;
  readonly #module: Module<never, unknown>;
  readonly #parameters: readonly Parameter[];
  readonly #bound = new WeakMap<Trace, readonly TracedValue[]>();
  /** Their values now, once something has asked. */
  #values: readonly NativeTensor[] | undefined;

  private constructor(module: Module<never, unknown>, declared: ReturnType<Module["declared"]>) {
    const parameters = module.parameters();
    this.#module = module;
    for (const { name, parameter } of parameters) parameter.named(name);
    this.#parameters = parameters.map(({ parameter }) => parameter);
    this.native = new native.NativeParameters(JSON.stringify({ parameters: declared }), this.#parameters[0]?.seed ?? 0);
  }

  /**
   * Those of a module; the same ones for as long as it has the same parameters.
   *
   * @throws ConfigError where nothing in it can be trained
   */
  static of(module: Module<never, unknown>): TrainedParameters {
    const declared = module.declared();
    if (!declared.some(({ trainable }) => trainable)) {
      const [expected, got] = ["a module with parameters that can be trained", `${declared.length} that cannot`];
      const name = module.constructor.name;
      throw new ConfigError(`trainStep: expected ${expected}, got ${got} in ${name}`, { expected, got, where: name });
    }
    const before = known.get(module);
    if (before?.isOf(module)) return before;
    const trained = new TrainedParameters(module, declared);
    known.set(module, trained);
    return trained;
  }

  /** Whether a module has these parameters, and no others. */
  isOf(module: Module<never, unknown>): boolean {
    const now = module.parameters();
    return now.length === this.#parameters.length && now.every((one, i) => one.parameter === this.#parameters[i]);
  }

  /**
   * Takes the values that the module's parameters have by now, where they are not those of the last step.
   *
   * @throws ConfigError where the module has other parameters by now
   */
  claim(): void {
    if (!this.isOf(this.#module)) {
      const [expected, got] = ["the parameters that the module had when trainStep was called", "others"];
      const remedy = "Remedy: call trainStep anew after layers were added or replaced";
      throw new ConfigError(`trainStep: expected ${expected}, got ${got}. ${remedy}`, { expected, got });
    }
    if (this.#parameters.every((parameter) => parameter.follows(this))) return;
    this.native.set(this.#parameters.map((parameter) => parameter.handle()));
    this.#parameters.forEach((parameter, index) => {
      parameter.follow(this, index);
    });
    this.changed();
  }

  /** A step was submitted: values that were read before are old. */
  changed(): void {
    this.#values = undefined;
  }

  /** The value of a parameter behind all steps that were submitted. */
  value(index: number): NativeTensor {
    this.#values ??= this.native.values();
    return this.#values[index] as NativeTensor;
  }

  /** A parameter as an input of a graph, by reference. */
  valueIn(trace: Trace, index: number): TracedValue {
    const bound = this.#bound.get(trace) ?? this.native.bind(trace.native);
    this.#bound.set(trace, bound);
    return bound[index] as TracedValue;
  }
}
