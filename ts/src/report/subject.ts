// What a report is of: a model, or a pair of models of which one guides the other, seen through what both can do.
// The rest of this folder asks no more of a model than this.
import type { TableEncoding } from "../data/encoding/table-encoding.js";
import { Table } from "../data/table.js";
import { ConfigError } from "../errors.js";
import type { Size } from "../generated/config.js";
import { DiscreteFlowMatchingModel } from "../model/discrete-flow-model.js";
import type { FittedModel } from "../model/fitted-model.js";
import { GenerativeModel } from "../model/generative-model.js";
import type {
  GuidedConditionalFlowModel,
  GuidedDiffusionModel,
  GuidedSchrodingerBridgeModel,
} from "../model/guided-models.js";
import type { AnyConfig } from "../model/network.js";
import { classNameOf } from "../model/registry.js";
import { refused } from "../model/settings.js";
import { partsOf, stateOf, tensorsOf } from "../model/state.js";
import type { Tensor } from "../tensor/tensor.js";

/** A pair of models of which one guides the other. */
export type GuidedPair<X extends Size, C extends Size> =
  | GuidedDiffusionModel<X, C>
  | GuidedConditionalFlowModel<X, C>
  | GuidedSchrodingerBridgeModel<X, C>;

/** A model of any class. */
export type Reported<X extends Size, C extends Size> =
  // biome-ignore lint/suspicious/noExplicitAny: what it is fitted to differs by class, and a report fits nothing.
  FittedModel<X, C, any, any> | GuidedPair<X, C>;

/** Starts and conditions, as tensors. */
export interface Given {
  readonly x0: readonly Tensor[];
  readonly condition: readonly Tensor[];
}

/** A leaf of the state: its dotted name, empty where there is one alone, and the shape of one sample. */
export interface Leaf {
  readonly name: string;
  readonly shape: readonly number[];
}

interface Samples {
  sample(settings: object): Promise<unknown>;
  sampleForwardProcess(settings: object): Promise<unknown>;
}

/** A model as a report sees it. */
export class Subject {
  /** The class. */
  readonly name: string;
  /** The model; of a pair the one that is followed. */
  // biome-ignore lint/suspicious/noExplicitAny: see Reported.
  readonly model: FittedModel<Size, Size, any, any>;
  /** Whether it is a pair. */
  readonly isPair: boolean;
  readonly #samples: Samples;

  /** @throws ConfigError for something that is no model */
  constructor(given: Reported<never, never> | Reported<Size, Size>) {
    const isPair = typeof given === "object" && given !== null && "guided" in given && "base" in given;
    const model = isPair ? given.guided : given;
    const own = typeof model === "object" && model !== null ? classNameOf(model) : undefined;
    if (own === undefined) throw refused("report", "a model", given);
    this.name = isPair ? `a pair of ${own}s, one guiding the other` : own;
    this.model = model as unknown as Subject["model"];
    this.isPair = isPair;
    this.#samples = given as unknown as Samples;
  }

  get config(): AnyConfig {
    return this.model.config;
  }

  /** The leaves of the state, in its order. */
  get leaves(): Leaf[] {
    return partsOf(this.config.xSize);
  }

  /** Numbers of one sample. */
  get width(): number {
    return this.leaves.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  }

  /** Tokens that there are, of a model of tokens. */
  get vocabulary(): number | undefined {
    return this.model instanceof DiscreteFlowMatchingModel ? this.model.config.vocabulary : undefined;
  }

  /** How tables become states, of a model of tables. */
  get encoding(): TableEncoding | undefined {
    return "data" in this.config && this.config.data !== undefined ? this.model.encoding : undefined;
  }

  /** The leaves of a state that was given. */
  tensors(what: string, state: unknown): Tensor[] {
    return tensorsOf(what, state, this.config.xSize);
  }

  /** The leaves of a condition that was given. */
  conditions(condition: unknown): Tensor[] {
    const { conditionSize } = this.config;
    if (conditionSize !== undefined) return tensorsOf("condition", condition, conditionSize);
    throw refused("condition", "no condition (the config has no conditionSize)", condition);
  }

  #settings({ x0, condition }: Given, rows: number, more: object): object {
    const { xSize, conditionSize } = this.config;
    return {
      ...more,
      ...(x0.length > 0 && { x0: stateOf(xSize, x0) }),
      ...(condition.length > 0 && conditionSize !== undefined && { condition: stateOf(conditionSize, condition) }),
      ...(x0.length === 0 && condition.length === 0 && { batchSize: rows }),
    };
  }

  /** Samples, leaf by leaf: `[N, …]`. */
  async sample(given: Given, rows: number, more: object): Promise<Tensor[]> {
    return this.tensors("samples", await this.#samples.sample(this.#settings(given, rows, more)));
  }

  /** Trajectories, leaf by leaf: `[T, N, …]`. */
  async flow(given: Given, rows: number, more: object): Promise<Tensor[]> {
    return this.tensors("samples", await this.#samples.sampleForwardProcess(this.#settings(given, rows, more)));
  }

  /**
   * Log densities of data, leaf by leaf, or of a table in its own units.
   *
   * @throws ConfigError where there is none
   */
  async logProb(x: readonly Tensor[] | Table, condition: readonly Tensor[], more: object): Promise<Tensor> {
    const { model, isPair } = this;
    if (!(model instanceof GenerativeModel) || isPair) {
      const expected = "a model with a density: a single one, of continuous states";
      throw new ConfigError(`logProb: expected ${expected}, got ${this.name}`, { expected, got: this.name });
    }
    const { xSize, conditionSize } = this.config;
    const given = condition.length > 0 && conditionSize ? { condition: stateOf(conditionSize, condition) } : {};
    const data = x instanceof Table ? x : stateOf(xSize, x);
    return (await model.logProb(data as never, { ...given, ...more } as never)).logProb;
  }
}
