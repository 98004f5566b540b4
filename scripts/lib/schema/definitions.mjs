// The definitions in a set of JSON schemas, as the writers of types and validators need them.
// Understands what schemars 1 writes for the config types of this repository, and refuses anything else.

/** Definitions that TypeScript users add to: networks that they register. */
export const open = { BackboneConfig: ["RegisteredConfig", "ModuleConfig"] };

const understood = new Set([
  "$defs",
  "$ref",
  "$schema",
  "additionalProperties",
  "anyOf",
  "const",
  "default",
  "description",
  "enum",
  "exclusiveMaximum",
  "exclusiveMinimum",
  "format",
  "items",
  "maxItems",
  "maximum",
  "minItems",
  "minimum",
  "oneOf",
  "prefixItems",
  "properties",
  "required",
  "title",
  "type",
]);

/** The name that a `$ref` points to. */
export const referenced = ($ref) => $ref.replace("#/$defs/", "");

/** The schemas directly inside a schema. */
export function partsOf({ properties = {}, items, prefixItems = [], oneOf = [], anyOf = [], additionalProperties }) {
  const others = [items, additionalProperties].filter((part) => typeof part === "object" && part !== null);
  return [...Object.values(properties), ...prefixItems, ...oneOf, ...anyOf, ...others];
}

/** Whether a schema allows null, and what else it allows. */
export function withoutNull(schema) {
  const { type, oneOf, anyOf } = schema;
  const union = oneOf ?? anyOf;
  if (Array.isArray(type)) {
    const rest = type.filter((each) => each !== "null");
    return { nullable: rest.length < type.length, schema: { ...schema, type: rest.length === 1 ? rest[0] : rest } };
  }
  const rest = union?.filter(({ type: each }) => each !== "null");
  if (union === undefined || rest.length === union.length) return { nullable: false, schema };
  if (rest.length > 1) return { nullable: true, schema: { ...schema, anyOf: rest, oneOf: undefined } };
  const { description = rest[0].description, default: value } = schema;
  return { nullable: true, schema: { ...rest[0], description, default: value } };
}

/** The key whose constant tells the members of a union apart, mostly `type`; undefined where there is none. */
export function tagOf({ oneOf, anyOf }) {
  const members = oneOf ?? anyOf ?? [];
  const isTag = (key) => members.every(({ properties }) => properties?.[key]?.const !== undefined);
  return Object.keys(members[0]?.properties ?? {}).find(isTag);
}

/** The item and number of an array of fixed length. */
export function fixedList({ items, minItems, maxItems }) {
  return items !== undefined && minItems === maxItems && minItems !== undefined
    ? Array(minItems).fill(items)
    : undefined;
}

/** The strings that a schema allows, if it allows nothing else. */
export function stringsOf({ enum: values, const: value, oneOf }) {
  if (typeof value === "string") return [value];
  if (values?.every((each) => typeof each === "string")) return values;
  const members = (oneOf ?? []).map(stringsOf);
  return members.length > 0 && members.every((each) => each !== undefined) ? members.flat() : undefined;
}

/** A property: whether it may be absent or null. A null that only says "absent" is left out. */
export function propertyOf(parent, key) {
  const whole = parent.properties[key];
  const { nullable, schema } = withoutNull(whole);
  const optional = !(parent.required ?? []).includes(key);
  const meaningful = nullable && whole.default !== undefined && whole.default !== null;
  return { schema, optional, nullable: nullable && (meaningful || !optional) };
}

function check(schema, path) {
  for (const key of Object.keys(schema)) {
    if (!understood.has(key)) throw new Error(`${path}: the generator does not understand "${key}"`);
  }
  for (const part of partsOf(schema)) check(part, path);
}

/** A schema whose members that extend a definition (a tag beside a `$ref`) are written out. */
function expanded(schema, all) {
  const inner = (part) => (typeof part === "object" && part !== null ? expanded(part, all) : part);
  const properties = (given) => Object.fromEntries(Object.entries(given).map(([key, part]) => [key, inner(part)]));
  const { $ref, ...rest } = schema;
  if ($ref !== undefined && rest.properties !== undefined) {
    const base = expanded(all.get(referenced($ref)), all);
    const required = [...(base.required ?? []), ...(rest.required ?? [])];
    return { ...base, ...rest, properties: { ...base.properties, ...properties(rest.properties) }, required };
  }
  return {
    ...schema,
    ...(schema.properties && { properties: properties(schema.properties) }),
    ...(schema.items && { items: inner(schema.items) }),
    ...(schema.oneOf && { oneOf: schema.oneOf.map(inner) }),
    ...(schema.anyOf && { anyOf: schema.anyOf.map(inner) }),
    ...(schema.prefixItems && { prefixItems: schema.prefixItems.map(inner) }),
    ...(schema.additionalProperties && { additionalProperties: inner(schema.additionalProperties) }),
  };
}

/** Name → schema, every definition once and after those that it refers to, except where there is a circle. */
export function definitionsOf(schemas) {
  const all = new Map();
  for (const [name, { $defs = {}, ...schema }] of Object.entries(schemas)) {
    for (const [key, value] of [...Object.entries($defs), [name, schema]]) {
      const before = all.get(key);
      if (before !== undefined && JSON.stringify(strip(before)) !== JSON.stringify(strip(value))) {
        throw new Error(`two different definitions are called ${key}`);
      }
      all.set(key, value);
    }
  }
  const sorted = new Map();
  const visiting = new Set();
  const visit = (name) => {
    if (visiting.has(name)) return;
    visiting.add(name);
    if (!all.has(name)) throw new Error(`${name} is referred to but not defined`);
    const schema = expanded(all.get(name), all);
    check(schema, name);
    const references = (part) => [...(part.$ref ? [referenced(part.$ref)] : []), ...partsOf(part).flatMap(references)];
    for (const other of references(schema)) visit(other);
    sorted.set(name, schema);
  };
  for (const name of Object.keys(schemas)) visit(name);
  return sorted;
}

const strip = ({ $schema, title, ...rest }) => rest;

/** The text of generated/names.ts. */
export function namesFile(definitions) {
  const members = definitions.get("BackboneConfig");
  const names = (members?.oneOf ?? members?.anyOf ?? []).map(({ properties }) => properties.type.const);
  return `// The names of built-in backbones, written by scripts/generate-schemas.mjs from the Rust registries.
// Do not edit: it is rewritten whenever the addon is built.

/** Names that {@link registerModule} refuses. */
export const backboneNames: readonly string[] = ${JSON.stringify(names)};
`;
}
