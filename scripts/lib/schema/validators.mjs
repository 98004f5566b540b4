// Validators of configs, from their JSON schemas, in the vocabulary of ts/src/config/kit.ts.
// The kit turns them into zod schemas whose errors say what was expected.
import { fixedList, open, propertyOf, referenced, stringsOf, tagOf, withoutNull } from "./definitions.mjs";

const header = `// Validators of configs, written by scripts/generate-schemas.mjs from the Rust types that read them.
// Do not edit: it is rewritten whenever the addon is built.
import type { Kit, Schema } from "../config/kit.js";

/** Every validator by name. */
export function validators(kit: Kit) {
`;

const options = (entries) => {
  const given = Object.entries(entries).filter(([, value]) => value !== undefined && value !== false);
  return given.length === 0 ? "" : `{ ${given.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ")} }`;
};

function numberOf({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  const limits = { min: minimum, above: exclusiveMinimum, max: maximum, below: exclusiveMaximum };
  return `kit.number(${options({ integer: type === "integer", ...limits })})`;
}

function objectOf(schema, context) {
  const entries = Object.keys(schema.properties).map((key) => {
    const { schema: property, optional, nullable } = propertyOf(schema, key);
    let text = validatorOf(property, context);
    if (nullable) text = `kit.nullable(${text})`;
    if (optional) text = `kit.optional(${text})`;
    return `${key}: ${text}`;
  });
  return `kit.object({ ${entries.join(", ")} })`;
}

function arrayOf(schema, context) {
  const parts = schema.prefixItems ?? fixedList(schema);
  if (parts) return `kit.tuple([${parts.map((part) => validatorOf(part, context)).join(", ")}])`;
  const limits = options({ min: schema.minItems, max: schema.maxItems });
  return `kit.list(${validatorOf(schema.items ?? {}, context)}${limits === "" ? "" : `, ${limits}`})`;
}

function unionOf(schema, union, context) {
  const inner = union.map((part) => validatorOf(part, context)).join(", ");
  const tag = tagOf(schema);
  if (tag !== undefined) {
    const settings = options({ tag: tag === "type" ? undefined : tag, open: open[context.name] && context.name });
    return `kit.tagged([${inner}]${settings === "" ? "" : `, ${settings}`})`;
  }
  return `kit.either([${inner}])`;
}

function validatorOf(whole, context) {
  const { schema } = withoutNull(whole);
  if (schema.$ref) {
    const name = referenced(schema.$ref);
    return context.known.has(name) ? name : `kit.later(() => ${name})`;
  }
  const strings = stringsOf(schema);
  if (strings) return `kit.names(${strings.map((each) => JSON.stringify(each)).join(", ")})`;
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return unionOf(schema, union, context);
  switch (schema.type) {
    case "integer":
    case "number":
      return numberOf(schema);
    case "string":
      return "kit.text()";
    case "boolean":
      return "kit.boolean()";
    case "array":
      return arrayOf(schema, context);
    case "object":
      if (schema.properties) return objectOf(schema, context);
      return `kit.record(${validatorOf(schema.additionalProperties ?? {}, context)})`;
    default:
      return "kit.anything()";
  }
}

/** The text of generated/schemas.ts. */
export function validatorsFile(definitions, exported) {
  const known = new Set();
  const lines = [...definitions].map(([name, schema]) => {
    const line = `  const ${name}: Schema = ${validatorOf(schema, { known, name })};\n`;
    known.add(name);
    return line;
  });
  return `${header}${lines.join("")}  return { ${exported.join(", ")} };\n}\n`;
}
