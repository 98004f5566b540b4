// The registry of model classes: a saved model comes back as what it was.
// A new class is one file and one line here.
import { CheckpointError } from "../errors.js";
import { DiffusionModel } from "./diffusion-model.js";
import { DiscreteFlowMatchingModel } from "./discrete-flow-model.js";
import { EnergyConditionalDiffusionModel } from "./energy-diffusion-model.js";
import { IndependentConditionalFlowModel } from "./independent-flow-model.js";
import { OptimalTransportConditionalFlowModel } from "./optimal-transport-flow-model.js";
import { SchrodingerBridgeConditionalFlowModel } from "./schrodinger-bridge-model.js";
import { savedModel } from "./stored-model.js";

const classes = {
  DiffusionModel,
  DiscreteFlowMatchingModel,
  EnergyConditionalDiffusionModel,
  IndependentConditionalFlowModel,
  OptimalTransportConditionalFlowModel,
  SchrodingerBridgeConditionalFlowModel,
};

type Classes = typeof classes;

/** A model of any class. */
export type AnyModel = { [Name in keyof Classes]: Awaited<ReturnType<Classes[Name]["load"]>> }[keyof Classes];

const isKnown = (name: string): name is keyof Classes => Object.hasOwn(classes, name);

/**
 * The model of a folder, of the class that it was saved from. Where the class is known, its own `load` has the more exact type.
 *
 * @throws CheckpointError where the folder is damaged or incomplete
 *
 * @example
 * ```ts
 * const model = await load("my-model");
 * if (model instanceof DiffusionModel) await model.logProb(data);
 * ```
 */
export async function load(folder: string): Promise<AnyModel> {
  const { name } = await savedModel(folder);
  if (isKnown(name)) return classes[name].load(folder);
  const [expected, got] = [`one of ${Object.keys(classes).join(", ")}`, name];
  throw new CheckpointError(`${folder}: expected ${expected}, got ${got}`, { expected, got, path: folder });
}
