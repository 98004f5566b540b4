// GuidedDiffusionModel and its twins for flows and bridges: a base model and a guided one, sampled between them and beyond.
// Both are evaluated in one program: (1 − g)·base + g·guided, the same for score, noise, velocity and data.
import type { Table } from "../data/table.js";
import type { Size } from "../generated/config.js";
import { DiffusionModel } from "./diffusion-model.js";
import { IndependentConditionalFlowModel } from "./independent-flow-model.js";
import { OptimalTransportConditionalFlowModel } from "./optimal-transport-flow-model.js";
import type { PlainSize, SampleSettings, SampleTableSettings } from "./options.js";
import { SchrodingerBridgeConditionalFlowModel } from "./schrodinger-bridge-model.js";
import { numberOf, refused, settingsOf } from "./settings.js";
import type { StateOf } from "./state.js";

/** Options of sampling a guided model. */
export type GuidedSampleSettings<X extends Size, C extends Size> = Omit<SampleSettings<X, C>, "guide"> & {
  /** g of (1 − g)·base + g·guided: 0 is the base model, 1 (the default) the guided one, more goes beyond it. */
  readonly guidanceScale?: number;
};

/** Options of sampling a guided model as a table. */
export type GuidedSampleTableSettings<X extends Size, C extends Size> = Omit<SampleTableSettings<X, C>, "guide"> &
  Pick<GuidedSampleSettings<X, C>, "guidanceScale">;

/** What can be guided. */
type Guidable<X extends Size, C extends Size> =
  | DiffusionModel<X, C>
  | IndependentConditionalFlowModel<X, C>
  | OptimalTransportConditionalFlowModel<X, C>
  | SchrodingerBridgeConditionalFlowModel<X, C>;

/** A pair of models of one kind. */
abstract class GuidedModel<const X extends Size, const C extends Size, Model extends Guidable<X, C>> {
  /** The model that is guided away from. */
  readonly base: Model;
  /** The model that is guided to. */
  readonly guided: Model;

  protected constructor(
    models: { readonly base: Model; readonly guided: Model },
    kinds: readonly (abstract new (...args: never[]) => unknown)[],
  ) {
    const { base, guided } = settingsOf("models", models);
    for (const [path, model] of Object.entries({ base, guided })) {
      if (kinds.some((kind) => model instanceof kind)) continue;
      throw refused(path, kinds.map(({ name }) => `a ${name}`).join(" or "), model);
    }
    this.base = base;
    this.guided = guided;
  }

  #settings<Settings extends object>(given: Settings & { readonly guidanceScale?: number }) {
    const { guidanceScale = 1, ...settings } = settingsOf("sample", given);
    return { ...settings, guide: { model: this.base, scale: numberOf("guidanceScale", guidanceScale) } };
  }

  /**
   * Samples, as the models do; both must have the same path, sizes and normalisation.
   *
   * @throws ConfigError where the models do not fit each other, or for wrong options
   */
  async sample(settings: GuidedSampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.guided.sample(this.#settings(settings));
  }

  /** Samples as a table, as {@link GenerativeModel.sampleTable} gives them: of models of tables, both with the same encoding. */
  async sampleTable(settings: GuidedSampleTableSettings<X, C> = {}): Promise<Table> {
    return this.guided.sampleTable(this.#settings(settings));
  }

  /** As `sample`, with the states at all times of `tSpan` along a first dimension. */
  async sampleForwardProcess(settings: GuidedSampleSettings<X, C> = {}): Promise<StateOf<X>> {
    return this.guided.sampleForwardProcess(this.#settings(settings));
  }
}

/**
 * Two diffusion models, of which the second is to be followed: by more than it says itself where `guidanceScale` is above 1 (Karras et al. 2024,
 * "Guiding a diffusion model with a bad version of itself"; GenerativeRL's class of this name).
 *
 * @example
 * ```ts
 * const pair = new GuidedDiffusionModel({ base: worse, guided: model });
 * const samples = await pair.sample({ batchSize: 1_000, guidanceScale: 1.5 });
 * ```
 */
export class GuidedDiffusionModel<const X extends Size = PlainSize, const C extends Size = never> extends GuidedModel<
  X,
  C,
  DiffusionModel<X, C>
> {
  /**
   * @param models - the base model and the one to be followed
   * @throws ConfigError where one of them is no DiffusionModel
   */
  constructor(models: { readonly base: DiffusionModel<X, C>; readonly guided: DiffusionModel<X, C> }) {
    super(models, [DiffusionModel]);
  }
}

/**
 * As {@link GuidedDiffusionModel}, of two flows.
 *
 * @example
 * ```ts
 * const backbone = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 32], outputSize: 2, activation: "silu" } } as const;
 * const make = () => new IndependentConditionalFlowModel({ xSize: 2, model: { type: "velocity_function", args: { backbone } } });
 * const pair = new GuidedConditionalFlowModel({ base: make(), guided: make() });
 * await pair.sample({ batchSize: 100, guidanceScale: 1.5 });
 * ```
 */
export class GuidedConditionalFlowModel<
  const X extends Size = PlainSize,
  const C extends Size = never,
> extends GuidedModel<X, C, IndependentConditionalFlowModel<X, C> | OptimalTransportConditionalFlowModel<X, C>> {
  /**
   * @param models - the base model and the one to be followed
   * @throws ConfigError where one of them is no flow
   */
  constructor(models: {
    readonly base: IndependentConditionalFlowModel<X, C> | OptimalTransportConditionalFlowModel<X, C>;
    readonly guided: IndependentConditionalFlowModel<X, C> | OptimalTransportConditionalFlowModel<X, C>;
  }) {
    super(models, [IndependentConditionalFlowModel, OptimalTransportConditionalFlowModel]);
  }
}

/**
 * As {@link GuidedDiffusionModel}, of two Schrödinger bridges.
 *
 * @example
 * ```ts
 * const backbone = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 32], outputSize: 2, activation: "silu" } } as const;
 * const make = () =>
 *   new SchrodingerBridgeConditionalFlowModel({
 *     xSize: 2,
 *     path: { sigma: 1 },
 *     velocityModel: { type: "velocity_function", args: { backbone } },
 *     scoreModel: { type: "score_function", args: { backbone } },
 *   });
 * const pair = new GuidedSchrodingerBridgeModel({ base: make(), guided: make() });
 * await pair.sample({ x0, guidanceScale: 1.5, solver: { type: "ODESolver", args: { method: "euler", steps: 10 } } });
 * ```
 */
export class GuidedSchrodingerBridgeModel<
  const X extends Size = PlainSize,
  const C extends Size = never,
> extends GuidedModel<X, C, SchrodingerBridgeConditionalFlowModel<X, C>> {
  /**
   * @param models - the base model and the one to be followed
   * @throws ConfigError where one of them is no bridge
   */
  constructor(models: {
    readonly base: SchrodingerBridgeConditionalFlowModel<X, C>;
    readonly guided: SchrodingerBridgeConditionalFlowModel<X, C>;
  }) {
    super(models, [SchrodingerBridgeConditionalFlowModel]);
  }
}
