// A config in the form of GenerativeRL as one of ours: classes, names, casing, solvers, training.
// What has no counterpart is left out and said, with line and column; whatever is left is checked as any config is.
import { validate } from "../../config/validate.js";
import { ConfigError } from "../../errors.js";
import { backboneNames } from "../../generated/names.js";
import { classNames } from "../../model/registry.js";
import { schemaOf } from "../config/schemas.js";
import { findModel } from "./find.js";
import { type Note, Notes } from "./notes.js";
import { type JsonObject, objectOf } from "./plain.js";
import { readPython, type Script } from "./python.js";
import { solverOf } from "./solver.js";
import { trainOf } from "./train.js";

/** What a conversion gives. */
export interface Converted {
  /** A config, as `thalweg train` takes it. */
  readonly config: JsonObject;
  readonly notes: readonly Note[];
  /** The notes as lines. */
  readonly lines: readonly string[];
}

/** What a conversion is told. */
export interface ConvertSettings {
  /** Which config of the file. */
  readonly at?: string;
  /** The model's class, where the file does not say. */
  readonly class?: string;
}

/** Names of its that mean nothing here, and why. */
const without: Readonly<Record<string, string>> = {
  alpha: 'of energies alone, whose factor is said by the loss: { type: "energy_matching", energy: { alpha } }',
  reversePath: "the path that a model was trained on is the one of its sampling, unless a call says otherwise",
  useTreeTensor: "states of several parts are written as xSize: { name: size }",
};

/** The class that the file makes, or that its config is of. */
function classOf(model: JsonObject, { calls }: Script, notes: Notes): string {
  const made = classNames.filter((name) => calls.has(name));
  if (made.length === 1 && made[0] !== undefined) return made[0];
  if ("velocityModel" in model) return "SchrodingerBridgeConditionalFlowModel";
  if ("energyGuidance" in model) return "EnergyConditionalDiffusionModel";
  const { type } = (model.path ?? {}) as JsonObject;
  if (type !== undefined) return "DiffusionModel";
  notes.add(0, "class", "IndependentConditionalFlowModel is assumed; --class says another one");
  return "IndependentConditionalFlowModel";
}

/** The size of a condition, which GenerativeRL's configs say in the network. */
function conditionSizeOf(model: JsonObject): JsonObject {
  if ("conditionSize" in model) return {};
  const network = (model.model ?? model.velocityModel) as { args?: JsonObject } | undefined;
  const encoder = network?.args?.conditionEncoder as { args?: JsonObject } | undefined;
  const backbone = network?.args?.backbone as { args?: JsonObject } | undefined;
  const size = encoder === undefined ? backbone?.args?.conditionDim : encoder.args?.xShape;
  return size === undefined ? {} : { conditionSize: size };
}

/** The path of a flow, of which GenerativeRL's configs have sigma alone. */
function pathOf(className: string, path: JsonObject): JsonObject {
  return /Conditional(Flow)/.test(className) && !/^Schrodinger/.test(className) && path.type === undefined
    ? { type: "independent", ...path }
    : path;
}

/** Removes what nobody knows, with a note, until the rest is right. */
function settled(className: string, config: JsonObject, notes: Notes): void {
  const modules: string[] = [];
  while (true) {
    try {
      validate(schemaOf(className), config, modules);
      return;
    } catch (error) {
      if (!(error instanceof ConfigError) || error.path === undefined) throw error;
      const keys = error.path.split(/[.[\]]+/).filter((key) => key !== "");
      const last = keys.pop() ?? "";
      const owner = keys.reduce<JsonObject>((inner, key) => (inner[key] ?? {}) as JsonObject, config);
      if (error.expected === "a known key") {
        notes.about(owner, last, "left out: no counterpart");
        delete owner[last];
      } else if (
        last === "type" &&
        keys.at(-1) === "backbone" &&
        typeof owner.type === "string" &&
        !backboneNames.includes(owner.type)
      ) {
        modules.push(owner.type);
        notes.about(owner, last, `${owner.type} is a module of your own: it has to be registered, in TypeScript`);
      } else {
        const { line, column } = notes.script.placeOf(notes.originOf(owner, last).at);
        const { expected, got, path } = error;
        throw new ConfigError(`${notes.file}:${line}:${column}: ${error.message}`, {
          expected,
          got,
          path,
          cause: error,
        });
      }
    }
  }
}

/**
 * Converts a config.
 *
 * @param file - its name, for errors
 * @param text - Python of which literals are read and nothing is run, or JSON
 * @throws ConfigError with line and column for what is neither, or is no config of a model
 */
export async function convert(file: string, text: string, settings: ConvertSettings = {}): Promise<Converted> {
  const script = await readPython(file, text);
  const found = findModel(file, script, settings.at);
  const notes = new Notes(file, script);
  const given = objectOf(found.dict, "", notes);
  for (const [key, why] of Object.entries(without)) {
    if (!(key in given)) continue;
    notes.about(given, key, `left out: ${why}`);
    delete given[key];
  }
  if ("dimension" in given) {
    const expected =
      "a model of continuous states: the networks of discrete ones count the mask among the tokens, ours do not";
    throw new ConfigError(`${file}: expected ${expected}, got a discrete one`, { expected, got: "a discrete one" });
  }
  const className = settings.class ?? classOf(given, script, notes);
  const { solver, path, ...model } = given;
  const converted = solver === undefined ? undefined : solverOf(solver as JsonObject, notes);
  const config: JsonObject = {
    ...model,
    ...conditionSizeOf(given),
    ...(path !== undefined && { path: pathOf(className, path as JsonObject) }),
    ...(converted && { solver: converted }),
  };
  for (const key of Object.keys(model)) notes.remember(config, key, notes.originOf(given, key));
  settled(className, config, notes);
  return {
    config: { class: className, ...config, train: trainOf(found, notes) },
    notes: notes.all,
    lines: notes.lines(),
  };
}
