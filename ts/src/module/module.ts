// Module: the base of networks written in TypeScript. Parameters are found in its fields, as in PyTorch.
// Its forward runs in two ways: on concrete tensors at once, and traced when a model records it.
import { ConfigError, relabelled, ThalwegError } from "../errors.js";
import { foreign, markOurs } from "../tensor/foreign.js";
import { Tensor } from "../tensor/tensor.js";
import { currentTrace } from "../tensor/trace.js";
import { describe } from "../tensor/tree.js";
import { Parameter } from "./parameter.js";

/** A parameter and its dotted name. */
export interface NamedParameter {
  /** The fields that lead to it: `"layers.0.weight"`. */
  readonly name: string;
  /** The parameter. */
  readonly parameter: Parameter;
}

/** A forward that is running: the outermost module that it belongs to, and its own place there. */
interface Frame {
  readonly paths: ReadonlyMap<object, string>;
  readonly path: string;
}

const frames: Frame[] = [];

/** Where an error first left a forward: the innermost module and what it was called with. */
const origins = new WeakMap<ThalwegError, string>();

/**
 * A network, or a part of one. Subclasses declare parameters and other modules in public fields (also in arrays and plain
 * objects) and implement {@link Module.forward}. A module given to a model's config is registered by
 * {@link registerModule}; its `forward` then gets `(t, x, condition?)`.
 *
 * @typeParam Input - what forward takes; nested states are {@link Tree}s
 * @typeParam Output - what forward returns
 *
 * @example
 * ```ts
 * class Twice extends Module {
 *   readonly layer = new nn.Linear(2, 2);
 *   override forward(x: Tensor): Tensor {
 *     return this.layer.forward(this.layer.forward(x).relu());
 *   }
 * }
 * const y = new Twice().forward(zeros([5, 2])); // y.shape is [5, 2]
 * ```
 */
export abstract class Module<Input = Tensor, Output = Tensor> {
  static {
    markOurs(Module.prototype, "module");
  }

  /**
   * Of a model's network whose condition is a label: the number that stands for no label, in rows that `conditionDropout` leaves without a condition and where none is
   * given to `sample`. Without it such a condition is learned, which a forward that casts it to whole numbers leaves no way to: that is a TraceError.
   *
   * @example
   * ```ts
   * class OfClasses extends Module {
   *   override readonly noCondition = 10;
   *   readonly labels = new nn.Embedding(11, 32); // ten classes, and one for none
   *   readonly last = new nn.Linear(2 + 1 + 32, 2);
   *   override forward(t: Tensor, x: Tensor, condition: Tensor): Tensor {
   *     const label = this.labels.forward(condition.squeeze(1).cast("i64"));
   *     return this.last.forward(Tensor.concat([x, t.unsqueeze(1), label], 1));
   *   }
   * }
   * ```
   */
  declare readonly noCondition?: number;

  constructor() {
    // Every call, also by other modules, passes through here: errors and graphs name the part they come from.
    const forward = this.forward;
    const value = (...inputs: Input[]) => entered(this, inputs, () => forward.apply(this, inputs));
    Object.defineProperty(this, "forward", { value, configurable: true, writable: true, enumerable: false });
  }

  /**
   * The module's function. On concrete tensors it runs at once, with parameters that are initialised at first use;
   * within a model it runs once per input shape and mode, to be recorded.
   */
  abstract forward(...inputs: Input[]): Output;

  /**
   * Fields in which parameters and modules are looked for, by name.
   *
   * @internal
   */
  children(): Iterable<[string, unknown]> {
    return Object.entries(this);
  }

  /** All parameters with their dotted names, each once, in the order of the fields. */
  parameters(): NamedParameter[] {
    return surveyed(this).parameters;
  }

  /**
   * What the native side has to know of the parameters.
   *
   * @internal
   */
  declared() {
    return this.parameters().map(({ name, parameter }) => {
      const { shape, init, trainable, decay } = parameter;
      return { name, shape, init, trainable, decay };
    });
  }

  /** Forgets the values of all parameters; the next use initialises them anew from `seed`. */
  seed(seed: number): this {
    for (const { name, parameter } of this.parameters()) {
      parameter.reseed(seed);
      parameter.named(name);
    }
    return this;
  }

  /**
   * Takes values for all parameters by name, as {@link StoredModel.stateDict} gives them.
   *
   * @throws ConfigError where a name is missing or unknown; ShapeError where a shape differs. Nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const pairs = this.pairedWith(state, "loadStateDict");
    for (const { parameter, value } of pairs) parameter.check(value);
    for (const { parameter, value } of pairs) parameter.assign(value);
  }

  /** The values of all parameters by name, as they are now; those without one are initialised. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(
      this.parameters().map(({ name, parameter }) => {
        parameter.named(name);
        return [name, parameter.value()];
      }),
    );
  }

  /**
   * Parameters and what is given for each.
   *
   * @param where - the function that they are given to, for messages
   *
   * @internal
   */
  pairedWith(state: Readonly<Record<string, Tensor>>, where: string): (NamedParameter & { readonly value: Tensor })[] {
    const parameters = this.parameters();
    const known = new Set(parameters.map(({ name }) => name));
    const missing = [...known].filter((name) => !Object.hasOwn(state, name));
    const unknown = Object.keys(state).filter((name) => !known.has(name));
    if (missing.length + unknown.length > 0) {
      const got = `missing: [${missing.join(", ")}], unknown: [${unknown.join(", ")}]`;
      const details = { expected: [...known].join(", "), got, where };
      throw new ConfigError(`${where}: names do not fit ${this.constructor.name}; ${got}`, details);
    }
    return parameters.flatMap(({ name, parameter }) => {
      const value = state[name];
      return value === undefined ? [] : [{ name, parameter, value }];
    });
  }
}

interface Survey {
  readonly parameters: NamedParameter[];
  readonly paths: Map<object, string>;
}

/** Refuses parts of another copy of thalweg, whose parameters would otherwise be passed over. */
function refuseForeign(value: object, path: string): void {
  const other = foreign(value);
  if (other?.kind !== "module" && other?.kind !== "parameter") return;
  const [expected, got] = [`a ${other.kind} of the copy of thalweg that the module around it is of`, other.says];
  throw new ConfigError(`${path}: expected ${expected}, got ${got}`, { expected, got, path });
}

/** All modules and parameters that a module's fields lead to, each under the first name that is found. */
function surveyed(root: Module<never, unknown>): Survey {
  const [parameters, paths] = [[] as NamedParameter[], new Map<object, string>()];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null || paths.has(value)) return;
    const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
    if (!(isPlain || value instanceof Module || value instanceof Parameter)) {
      refuseForeign(value, path);
      return;
    }
    paths.set(value, path);
    if (value instanceof Parameter) {
      parameters.push({ name: path, parameter: value });
      return;
    }
    const children = value instanceof Module ? value.children() : Object.entries(value);
    for (const [key, child] of children) visit(child, path === "" ? key : `${path}.${key}`);
  };
  visit(root, "");
  return { parameters, paths };
}

/** The places of modules below an outermost one, whose parameters get their names on the way. */
function pathsBelow(root: Module<never, unknown>): Frame["paths"] {
  const { parameters, paths } = surveyed(root);
  if (!currentTrace()?.closed) for (const { name, parameter } of parameters) parameter.named(name);
  return paths;
}

const shapeOf = (input: unknown) => (input instanceof Tensor ? `[${input.shape.join(", ")}]` : describe(input));

/** Runs a forward within the outermost one; what it throws says which part threw it. */
function entered<Output>(module: Module<never, Output>, inputs: readonly unknown[], call: () => Output): Output {
  const outer = frames.at(-1);
  const isInner = outer?.paths.has(module) ?? false;
  const paths = outer !== undefined && isInner ? outer.paths : pathsBelow(module);
  const path = paths.get(module) ?? "";
  const scope = isInner && outer !== undefined && outer.path !== "" ? path.slice(outer.path.length + 1) : path;
  const trace = scope === "" ? undefined : currentTrace();
  trace?.native.enter(scope);
  frames.push({ paths, path });
  try {
    return call();
  } catch (thrown) {
    if (!(thrown instanceof ThalwegError)) throw thrown;
    const origin =
      origins.get(thrown) ?? `${path === "" ? "" : `${path}, `}called with ${inputs.map(shapeOf).join(", ")}`;
    origins.set(thrown, origin);
    if (isInner) throw thrown;
    throw relabelled(thrown, `${module.constructor.name}.forward: ${thrown.message}   (${origin})`);
  } finally {
    frames.pop();
    trace?.native.exit();
  }
}
