// Which definition the config of each class has, and all of them as one JSON schema, for editors.
// The definitions are the engine's.
import { ConfigError } from "../../errors.js";
import { classNames, type ModelClasses } from "../../model/registry.js";
import { native } from "../../native.js";
import type { OWN } from "./file.js";

/** Definitions by class. */
const schemas = {
  DiffusionModel: "DiffusionConfig",
  DiscreteFlowMatchingModel: "DiscreteConfig",
  EnergyConditionalDiffusionModel: "EnergyConfig",
  IndependentConditionalFlowModel: "FlowConfig",
  OptimalTransportConditionalFlowModel: "FlowConfig",
  SchrodingerBridgeConditionalFlowModel: "BridgeConfig",
} as const satisfies Record<keyof ModelClasses, string>;

/** The definition of a class. */
export function schemaOf(className: string): (typeof schemas)[keyof typeof schemas] {
  const known: Partial<Record<string, (typeof schemas)[keyof typeof schemas]>> = schemas;
  const schema = Object.hasOwn(schemas, className) ? known[className] : undefined;
  if (schema !== undefined) return schema;
  const [expected, got] = [`one of ${classNames.join(", ")}`, JSON.stringify(className)];
  throw new ConfigError(`class: expected ${expected}, got ${got}`, { expected, got, path: "class" });
}

type Schema = { $defs?: Record<string, unknown>; properties?: Record<string, unknown>; required?: string[] };

/** Where validation data come from; that a share of the rows is taken is the command line's. */
const validation = {
  description: "On what the loss is computed now and then: a share of the rows, in (0, 1), or a file.",
  type: "object",
  properties: { share: { type: "number" }, data: { type: "string" }, every: { type: "integer", minimum: 1 } },
  additionalProperties: false,
};

/** What the file has beside what a class takes. */
const own = (train: Schema): Record<(typeof OWN)[number], unknown> => ({
  $schema: { type: "string" },
  class: { description: "The model's class." },
  read: { description: "How data are read.", type: "object" },
  encoding: { description: "How a table is encoded: what `fitEncoding` takes.", type: "object" },
  train: {
    description: "How the model is trained: what `fit` takes.",
    type: "object",
    properties: { ...train.properties, validation },
    additionalProperties: false,
  },
});

/** The JSON schema of config files. */
export async function fileSchema(): Promise<object> {
  const all: Readonly<Record<string, Schema>> = JSON.parse(await native.schemas());
  const train = all.FitOptions ?? {};
  const definitions = Object.assign({}, train.$defs, ...Object.values(schemas).map((name) => all[name]?.$defs));
  const classes = classNames.map((name) => {
    const { properties, required = [] } = all[schemas[name]] ?? {};
    return {
      title: name,
      type: "object",
      properties: { ...own(train), ...properties, class: { const: name } },
      // What follows from the data may be left out, and so may the class that most are of.
      required: [...(name === "DiffusionModel" ? [] : ["class"]), ...required.filter((key) => key !== "xSize")],
      additionalProperties: false,
    };
  });
  const $schema = "https://json-schema.org/draft/2020-12/schema";
  return { $schema, title: "A config of thalweg", oneOf: classes, $defs: definitions };
}
