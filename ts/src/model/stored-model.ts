// StoredModel: a model as what can be kept: a config and parameters, which come and go as folders, files and dicts.
// What it does with them is the business of FittedModel and the classes below it.
import { namesOf, optionsOf } from "../config/options.js";
import { CheckpointError, DeviceError, relabelled } from "../errors.js";
import type { NativeTensor, Weights } from "../native/boundary.js";
import { native } from "../native.js";
import { markOurs } from "../tensor/foreign.js";
import { handleOf, Tensor } from "../tensor/tensor.js";
import { type AnyConfig, type Kind, Network, placesOf } from "./network.js";
import type { LoadReport, ModelInfo } from "./reports.js";
import { checkName, checkTruth, pathOf, refused, settingsOf, weightNames } from "./settings.js";
import { type ParameterInfo, summaryOf } from "./summary.js";

/** The network behind a model, for the other files of this layer. */
export let networkOf: (model: object, what?: string, expected?: string) => Network;

/** A saved model's class and config. */
export async function savedModel(folder: string): Promise<{ readonly name: string; readonly config: unknown }> {
  const { class: name, config } = JSON.parse(await native.loadModelConfig(pathOf("load", folder)));
  return { name, config };
}

/** Settings of `load`. */
export interface LoadSettings {
  /** The device that the model shall be on, whichever it was saved with: `"cpu"`, `"cuda"`, `"cuda:1"` or `"auto"`. */
  readonly device?: string | undefined;
}

const loadNames = namesOf<LoadSettings>({ device: true });

/**
 * The settings of `load`.
 *
 * @throws ConfigError for a name that is not known, or a device that is no text
 */
export function loadSettings(settings: LoadSettings): LoadSettings {
  const { device } = optionsOf("load", settings, loadNames);
  if (device !== undefined && typeof device !== "string") throw refused("device", "the name of a device", device);
  return settings;
}

/**
 * Checks that the device of a saved model is there.
 *
 * @throws DeviceError that says how to load it elsewhere
 */
async function checkDevice(device: string, folder: string, asked: boolean): Promise<void> {
  try {
    await native.deviceOf(device);
  } catch (error) {
    if (asked || !(error instanceof DeviceError)) throw error;
    const remedy = 'Remedy: load it with { device: "cpu" }';
    throw relabelled(error, `${folder} was saved with device ${JSON.stringify(device)}. ${remedy}. ${error.message}`);
  }
}

/**
 * The model of a folder.
 *
 * @param kind - the class that was asked for
 * @param make - makes a model from its config
 * @throws CheckpointError where the folder holds a model of another class, is damaged or incomplete; DeviceError where its device is not there
 */
export async function loadedAs<Model extends StoredModel<AnyConfig>, Config>(
  kind: Kind,
  make: (config: Config) => Model,
  folder: string,
  settings: LoadSettings = {},
): Promise<Model> {
  const { device: wanted } = loadSettings(settings);
  const { name, config: saved } = await savedModel(folder);
  if (name !== kind.name) {
    const [expected, got] = [`a ${kind.name}`, `a ${name}`];
    throw new CheckpointError(`${folder}: expected ${expected}, got ${got}; use ${name}.load, or load for any class`, {
      expected,
      got,
      path: folder,
    });
  }
  const config = { ...(saved as AnyConfig), ...(wanted === undefined ? {} : { device: wanted }) };
  if (config.device !== undefined) await checkDevice(config.device, folder, wanted !== undefined);
  const model = make(config as Config);
  try {
    await networkOf(model).native.load(folder);
    networkOf(model).training.reached(Number.POSITIVE_INFINITY);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

/** A length of an average; its range is the engine's business. */
function lengthOf(sigmaRel: number): number {
  if (typeof sigmaRel === "number") return sigmaRel;
  throw refused("sigmaRel", "a number in (0, 0.288)", sigmaRel);
}

/**
 * A config and the parameters that belong to it.
 *
 * @typeParam Config - the config
 */
export abstract class StoredModel<Config extends AnyConfig> implements Disposable {
  readonly #network: Network;
  #config: Config;

  static {
    networkOf = (model, what = "model", expected = "a model") => {
      if (typeof model === "object" && model !== null && #network in model) return model.#network;
      throw refused(what, expected, model);
    };
    markOurs(StoredModel.prototype, "model");
  }

  /** @internal */
  protected constructor(kind: Kind, config: Config) {
    this.#network = new Network(kind, config);
    this.#config = config;
  }

  /** The config that the model was made from. */
  get config(): Config {
    return this.#config;
  }

  /** How many times `forward` of the config's own modules was run to record it: once per input shapes and mode. */
  get traceCount(): number {
    return this.#network.traces;
  }

  /** All parameters in the order of {@link StoredModel.stateDict}: names, shapes, and how they are trained. */
  parameters(): ParameterInfo[] {
    return JSON.parse(this.#network.native.parameters());
  }

  /**
   * A table of all parameters with their shapes and counts, for printing.
   *
   * @example
   * ```ts
   * console.log(model.summary());
   * ```
   */
  summary(): string {
    const path = this.#config.path && "type" in this.#config.path ? [this.#config.path.type] : [];
    const networks = placesOf(this.#config).flatMap(({ type, network }) => [type, network.backbone.type]);
    return summaryOf([...path, ...networks].join(", "), this.parameters());
  }

  /**
   * The parameters' values by name, as they are once all jobs before have run.
   *
   * @param settings - `weights`: what the optimiser works on (`"raw"`, the default), or the moving average (`"ema"`)
   *
   * @example
   * ```ts
   * const state = model.stateDict();
   * state["backbone.model.linear0.weight"]?.shape; // [32, 3]
   * ```
   */
  stateDict(settings: { readonly weights?: Weights } = {}): Record<string, Tensor> {
    const { weights = "raw" } = optionsOf("stateDict", settings, ["weights"]);
    checkName("weights", weights, weightNames);
    return this.#named(this.#network.native.stateDict(weights));
  }

  #named(handles: readonly NativeTensor[]): Record<string, Tensor> {
    const names = this.parameters().map(({ name }) => name);
    return Object.fromEntries(handles.map((handle, i) => [names[i] ?? String(i), new Tensor({ handle })]));
  }

  /**
   * The parameters' moving average of another length than any that was chosen before training, by name: made of the snapshots that a fit with
   * `posthocEma` keeps. Source: Karras et al., CVPR 2024 (EDM2), section 3.
   *
   * @param sigmaRel - length of the average: the standard deviation of its weights, as a share of the training so far; in (0, 0.288).
   *   The nearer it is to the lengths that were tracked, the nearer it comes to the average itself
   * @throws ConfigError for another length; CheckpointError, once read, where no fit kept snapshots
   *
   * @example
   * ```ts
   * await model.fit(data, { steps: 20_000, posthocEma: { every: 1_000 } });
   * const short = model.posthocEma(0.02);
   * ```
   */
  posthocEma(sigmaRel: number): Record<string, Tensor> {
    return this.#named(this.#network.native.posthocEma(lengthOf(sigmaRel)));
  }

  /**
   * Puts the average of {@link StoredModel.posthocEma} in the place of the moving average: what sampling, densities and checkpoints use.
   *
   * @param sigmaRel - length of the average, in (0, 0.288)
   * @throws ConfigError for another length; CheckpointError where no fit kept snapshots; TrainingError during a fit. Nothing has changed then
   *
   * @example
   * ```ts
   * await model.fit(data, { steps: 20_000, posthocEma: { every: 1_000 } });
   * for (const sigmaRel of [0.02, 0.05, 0.1, 0.2]) {
   *   await model.usePosthocEma(sigmaRel);
   *   console.log(sigmaRel, await metrics.wasserstein(await model.sample({ batchSize: 1_000 }), data));
   * }
   * ```
   */
  async usePosthocEma(sigmaRel: number): Promise<void> {
    await this.#network.native.usePosthocEma(lengthOf(sigmaRel));
  }

  /**
   * Sets parameters by name; the moving average and the optimiser's state start anew.
   *
   * @param settings - `strict` (the default): exactly the model's names must be given
   * @throws CheckpointError where names or shapes do not fit; nothing has changed then
   *
   * @example
   * ```ts
   * await worse.loadStateDict(model.stateDict()); // {"missing":[],"extra":[]}
   * ```
   */
  async loadStateDict(
    state: Readonly<Record<string, Tensor>>,
    settings: { readonly strict?: boolean } = {},
  ): Promise<LoadReport> {
    settingsOf("loadStateDict", state);
    const tensors = Object.values(state).map(handleOf);
    const { strict = true } = optionsOf("loadStateDict", settings, ["strict"]);
    checkTruth("strict", strict);
    const report = await this.#network.native.loadStateDict(Object.keys(state), tensors, strict);
    this.#network.training.reached(Number.POSITIVE_INFINITY);
    return JSON.parse(report);
  }

  /**
   * Takes the weights of a GenerativeRL checkpoint: a `.pt` or `.safetensors` file.
   *
   * @throws CheckpointError where the file is damaged, hostile or of another network; nothing has changed then
   */
  async importWeights(file: string, settings: { readonly strict?: boolean } = {}): Promise<LoadReport> {
    const { strict = true } = optionsOf("importWeights", settings, ["strict"]);
    checkTruth("strict", strict);
    const report = await this.#network.native.importWeights(pathOf("importWeights", file), strict);
    this.#network.training.reached(Number.POSITIVE_INFINITY);
    return JSON.parse(report);
  }

  /**
   * Writes a folder with config, parameters, moving average and training state, as a whole or not at all.
   *
   * @throws CheckpointError where it cannot be written
   *
   * @example
   * ```ts
   * await model.save("my-model");
   * const again = await load("my-model");
   * ```
   */
  async save(folder: string): Promise<void> {
    await this.#network.native.save(pathOf("save", folder));
  }

  /** What the model knows about its training so far. */
  async info(): Promise<ModelInfo> {
    return JSON.parse(await this.#network.native.info());
  }

  /**
   * The device that was asked for: `"auto"` unless the config or {@link StoredModel.to} say otherwise. {@link StoredModel.info} tells where
   * the model runs.
   */
  get device(): string {
    return this.#config.device ?? "auto";
  }

  /**
   * Moves the model to another device, once its jobs so far are done. It keeps all it has, bit for bit: parameters, their average, the
   * optimiser's state. Functions and training steps that were made of it go with it.
   *
   * @param device - `"cpu"`, `"cuda"`, `"cuda:1"` or `"auto"`
   * @throws DeviceError where there is no such device, TrainingError during a fit; the model stays where it is then
   *
   * @example
   * ```ts
   * await model.to("cpu");
   * model.device; // "cpu"
   * ```
   */
  async to(device: string): Promise<this> {
    if (typeof device !== "string") throw refused("device", "the name of a device", device);
    await native.deviceOf(device);
    await this.info();
    this.#network.native.moveTo(device);
    this.#config = { ...this.#config, device };
    return this;
  }

  /** Frees parameters and programs now; every later call is a {@link DisposedError}. */
  dispose(): void {
    this.#network.native.dispose();
  }

  /** As {@link StoredModel.dispose}, for `using model = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
