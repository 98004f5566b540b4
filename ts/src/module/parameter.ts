// A parameter of a module: a declaration, and a tensor that depends on the moment.
// While a model traces the module it is an input of the graph; in plain use it has a value of its own.
import { namesOf, optionsOf } from "../config/options.js";
import { ShapeError, TraceError } from "../errors.js";
import type { DType, NativeTensor, TracedValue } from "../native/boundary.js";
import { native } from "../native.js";
import { markOurs } from "../tensor/foreign.js";
import { handleOf, Tensor, valueIn } from "../tensor/tensor.js";
import { currentTrace, type Trace } from "../tensor/trace.js";
import { constant, type Init } from "./init.js";

/** What a {@link Parameter} is besides its shape. */
export interface ParameterOptions {
  /** How it starts; default zeros. */
  readonly init?: Init;
  /** Whether training changes it; default true. */
  readonly trainable?: boolean;
  /** Whether weight decay applies to it; default true. Biases and norms are best without. */
  readonly decay?: boolean;
}

const parameterNames = namesOf<ParameterOptions>({ init: true, trainable: true, decay: true });

/** What gives a parameter its values while training steps change them. */
interface Followed {
  value(index: number): NativeTensor;
  valueIn(trace: Trace, index: number): TracedValue;
}

/** The changing part of a parameter. */
class Slot {
  readonly shape: readonly number[];
  readonly init: Init;
  /** Dotted name within the outermost module, once that is known. */
  name: string | undefined;
  seed = 0;
  value: NativeTensor | undefined;
  /** Where its value lives while training steps change it, in place of {@link Slot.value}. */
  followed: { readonly trained: Followed; readonly index: number } | undefined;
  /** What stands for it now, innermost last. */
  readonly replacements: Tensor[] = [];

  constructor(shape: readonly number[], init: Init) {
    this.shape = [...shape];
    this.init = init;
  }

  /** As the graph has it while a model traces its module. */
  get dtype(): DType {
    const replacement = this.replacements.at(-1);
    if (replacement !== undefined) return replacement.dtype;
    return currentTrace()?.parameters.get(this)?.dtype ?? "f32";
  }

  resolve() {
    const trace = currentTrace();
    const replacement = this.replacements.at(-1);
    if (replacement !== undefined) {
      return trace === undefined ? { handle: handleOf(replacement) } : { trace, value: valueIn(trace, replacement) };
    }
    const value = trace?.parameters.get(this);
    if (trace !== undefined && value !== undefined) return { trace, value };
    const { followed } = this;
    if (followed !== undefined && trace !== undefined && !trace.closed) {
      trace.dependencies.set(this, followed.trained);
      return { trace, value: followed.trained.valueIn(trace, followed.index) };
    }
    if (trace?.closed) {
      throw new TraceError(
        `${trace.name}: a Parameter was used that belongs to no public field of the module. Keep parameters and modules in ` +
          "fields, arrays or plain objects; private #fields, maps and parameters made in forward cannot be seen.",
        { expected: "a parameter in a public field", got: `an unknown parameter [${this.shape}]`, where: trace.name },
      );
    }
    if (followed !== undefined) return { handle: followed.trained.value(followed.index) };
    if (this.name === undefined) {
      throw new TraceError("a Parameter was used outside of a module's forward; it has no name and no value yet", {
        expected: "a parameter of a module",
        got: `a parameter [${this.shape}] of none`,
      });
    }
    this.value ??= native.initialise(JSON.stringify(this.init), this.seed, this.name, "f32", [...this.shape]);
    return { handle: this.value };
  }

  origin(): object | undefined {
    return this.followed?.trained ?? this.value;
  }

  /** Takes a value of its own, or none. */
  put(value: NativeTensor | undefined): void {
    this.value?.dispose();
    this.value = value;
    this.followed = undefined;
  }
}

/**
 * A tensor that training changes. Declared as a field of a {@link Module}; its dotted name follows from the fields that
 * lead to it. Its initial value depends only on seed, name and shape.
 *
 * @example
 * ```ts
 * class Scale extends Module {
 *   readonly factor = new Parameter([1], { init: constant(1), decay: false });
 *   override forward(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 * ```
 */
export class Parameter extends Tensor {
  /** Whether training changes it. */
  readonly trainable: boolean;
  /** Whether weight decay applies to it. */
  readonly decay: boolean;
  readonly #slot: Slot;

  static {
    markOurs(Parameter.prototype, "parameter");
  }

  /**
   * @param shape - sizes of its dimensions
   * @param options - how it starts and how it is trained
   */
  constructor(shape: readonly number[], options: ParameterOptions = {}) {
    const { init = constant(0), trainable = true, decay = true } = optionsOf("Parameter", options, parameterNames);
    const slot = new Slot(shape, init);
    super(slot);
    this.#slot = slot;
    this.trainable = trainable;
    this.decay = decay;
  }

  /** How it starts. */
  get init(): Init {
    return this.#slot.init;
  }

  /**
   * What a trace knows it by.
   *
   * @internal
   */
  get slot(): object {
    return this.#slot;
  }

  /**
   * Gives it the name that its first value follows from; a name or value that it has already stays.
   *
   * @internal
   */
  named(name: string): void {
    if (this.#slot.origin() === undefined) this.#slot.name = name;
  }

  /**
   * Starts anew from a seed.
   *
   * @internal
   */
  reseed(seed: number): void {
    this.#slot.put(undefined);
    this.#slot.seed = seed;
  }

  /**
   * Where its first value comes from.
   *
   * @internal
   */
  get seed(): number {
    return this.#slot.seed;
  }

  /**
   * Its values from now on are those that training steps give it.
   *
   * @internal
   */
  follow(trained: Followed, index: number): void {
    this.#slot.put(undefined);
    this.#slot.followed = { trained, index };
  }

  /**
   * Whether its values are those that `trained` gives it.
   *
   * @internal
   */
  follows(trained: Followed): boolean {
    return this.#slot.followed?.trained === trained;
  }

  /**
   * Its value now, which may change or be disposed of with the next one.
   *
   * @internal
   */
  handle(): NativeTensor {
    return handleOf(this);
  }

  /**
   * Its value, as a concrete tensor of its own.
   *
   * @internal
   */
  value(): Tensor {
    return new Tensor({ handle: handleOf(this).fork() });
  }

  /**
   * Lets another tensor stand for it, until {@link Parameter.restore}.
   *
   * @internal
   */
  replace(value: Tensor): void {
    this.#slot.replacements.push(value);
  }

  /**
   * Ends what {@link Parameter.replace} began.
   *
   * @internal
   */
  restore(): void {
    this.#slot.replacements.pop();
  }

  /**
   * Refuses a value of another shape or element type.
   *
   * @internal
   */
  check(value: Tensor): void {
    const [expected, got] = [`f32 [${this.shape}]`, `${value.dtype} [${value.shape}]`];
    if (expected === got) return;
    const where = this.#slot.name;
    throw new ShapeError(`a value does not fit parameter ${where}: expected ${expected}, got ${got}`, {
      expected,
      got,
      where,
    });
  }

  /**
   * Takes the values of a concrete f32 tensor of the same shape.
   *
   * @throws ShapeError where the shape or element type differs
   */
  assign(value: Tensor): void {
    this.check(value);
    this.#slot.put(handleOf(value).fork());
    this.#slot.name ??= "";
  }
}
