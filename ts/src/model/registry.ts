// The registry of model classes: a saved model comes back as what it was.
// A new class is one file and one line here.
import { nearest } from "../config/nearest.js";
import { CheckpointError, ConfigError } from "../errors.js";
import { DiffusionModel } from "./diffusion-model.js";
import { DiscreteFlowMatchingModel } from "./discrete-flow-model.js";
import { EnergyConditionalDiffusionModel } from "./energy-diffusion-model.js";
import { IndependentConditionalFlowModel } from "./independent-flow-model.js";
import { OptimalTransportConditionalFlowModel } from "./optimal-transport-flow-model.js";
import type { PlainSize } from "./options.js";
import { SchrodingerBridgeConditionalFlowModel } from "./schrodinger-bridge-model.js";
import { type LoadSettings, loadSettings, savedModel } from "./stored-model.js";

const classes = {
  DiffusionModel: DiffusionModel<PlainSize, PlainSize>,
  DiscreteFlowMatchingModel: DiscreteFlowMatchingModel<PlainSize, PlainSize>,
  EnergyConditionalDiffusionModel: EnergyConditionalDiffusionModel<PlainSize, PlainSize>,
  IndependentConditionalFlowModel: IndependentConditionalFlowModel<PlainSize, PlainSize>,
  OptimalTransportConditionalFlowModel: OptimalTransportConditionalFlowModel<PlainSize, PlainSize>,
  SchrodingerBridgeConditionalFlowModel: SchrodingerBridgeConditionalFlowModel<PlainSize, PlainSize>,
};

/** Every class of models by its name. */
export type ModelClasses = typeof classes;

/** A model of any class, whose states are plain tensors. */
export type AnyModel = { [Name in keyof ModelClasses]: InstanceType<ModelClasses[Name]> }[keyof ModelClasses];

/** The name of a model's class, as its checkpoints have it; undefined of something else. */
export function classNameOf(model: object): keyof ModelClasses | undefined {
  return (Object.keys(classes) as (keyof ModelClasses)[]).find((name) => model instanceof classes[name]);
}

const isKnown = (name: string): name is keyof ModelClasses => Object.hasOwn(classes, name);

/** The names of the classes. */
export const classNames = Object.keys(classes) as readonly (keyof ModelClasses)[];

/**
 * A new model of a class by its name, of a config that nobody has checked yet.
 *
 * @throws ConfigError for a class that is not known, and as the class does
 */
export function makeModel(name: string, config: object): AnyModel {
  // Each class checks the whole of its config.
  if (isKnown(name)) return new classes[name](config as never);
  const meant = nearest(name, classNames);
  const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
  const [expected, got] = [`one of ${classNames.join(", ")}`, JSON.stringify(name)];
  throw new ConfigError(`class: expected ${expected}, got ${got}${hint}`, { expected, got, path: "class" });
}

/**
 * The model of a folder, of the class that it was saved from. Where the class is known, its own `load` has the more exact type.
 *
 * @throws CheckpointError where the folder is damaged or incomplete; DeviceError where the device that it was saved with, or the one of
 *   `settings`, is not there
 *
 * @example
 * ```ts
 * await model.save("my-model");
 * const again = await load("my-model");
 * if (again instanceof DiffusionModel) await again.logProb(data);
 * ```
 */
export async function load(folder: string, settings: LoadSettings = {}): Promise<AnyModel> {
  loadSettings(settings);
  const { name } = await savedModel(folder);
  if (isKnown(name)) return classes[name].load<PlainSize, PlainSize>(folder, settings);
  const [expected, got] = [`one of ${Object.keys(classes).join(", ")}`, name];
  throw new CheckpointError(`${folder}: expected ${expected}, got ${got}`, { expected, got, path: folder });
}
