// TypeScript types of configs, from their JSON schemas.
// Descriptions become documentation, those of single strings and defaults as well.
import { fixedList, open, propertyOf, referenced, stringsOf, withoutNull } from "./definitions.mjs";

const header = `// The types of configs, written by scripts/generate-schemas.mjs from the Rust types that read them.
// Do not edit: it is rewritten whenever the addon is built.
import type { ModuleConfig, RegisteredConfig } from "../config/modules.js";

`;

const literal = (value) => JSON.stringify(value);

/** Rust's links as plain code, without its examples. */
const prose = (text) =>
  text
    .replace(/\n*```[\s\S]*?```/g, "")
    .replace(/\[(`[^`]+`)\](\([^)]*\))?/g, "$1")
    .replaceAll("*/", "* /")
    .trim();

function comment({ description, default: value }, indent) {
  const simple = value !== null && (typeof value !== "object" || Array.isArray(value));
  const said =
    simple && value !== undefined && !/\bDefault \S/.test(description ?? "") ? `Default: \`${literal(value)}\`.` : "";
  const text = [prose(description ?? ""), said].filter((part) => part !== "").join("\n");
  if (text === "") return "";
  const lines = text.split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

function members(schema, indent) {
  const inner = `${indent}  `;
  const isTag = (key) => key === "type" || schema.properties[key].const !== undefined;
  const typeFirst = (a, b) => Number(isTag(b)) - Number(isTag(a));
  return Object.keys(schema.properties)
    .sort(typeFirst)
    .map((key) => {
      const { schema: property, optional, nullable } = propertyOf(schema, key);
      const kind = schema.description ?? "Which kind it is.";
      const documented = { description: property.const === undefined ? "Settings of this kind." : kind, ...property };
      const type = `${typeOf(property, inner)}${nullable ? " | null" : ""}`;
      return `${comment(documented, inner)}${inner}readonly ${key}${optional ? "?" : ""}: ${type};\n`;
    })
    .join("");
}

function listType(schema, indent) {
  const parts = schema.prefixItems ?? fixedList(schema);
  if (parts) return `readonly [${parts.map((part) => typeOf(part, indent)).join(", ")}]`;
  const item = typeOf(schema.items ?? {}, indent);
  return `readonly ${item.includes(" ") ? `(${item})` : item}[]`;
}

function typeOf(whole, indent) {
  const { schema } = withoutNull(whole);
  if (schema.$ref) return referenced(schema.$ref);
  const strings = stringsOf(schema);
  if (strings) return strings.map(literal).join(" | ");
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return [...new Set(union.map((part) => typeOf(part, indent)))].join(" | ");
  switch (schema.type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
      return schema.type;
    case "array":
      return listType(schema, indent);
    case "object":
      if (schema.properties) return `{\n${members(schema, indent)}${indent}}`;
      return `{ readonly [key: string]: ${typeOf(schema.additionalProperties ?? {}, indent)} }`;
    default:
      return "unknown";
  }
}

/** What is said of each of several strings, as a list. */
function namesSaid({ oneOf = [] }) {
  return oneOf
    .filter(({ const: value, description }) => typeof value === "string" && description !== undefined)
    .map(({ const: value, description }) => `- \`${literal(value)}\`: ${prose(description).replace(/\s+/g, " ")}`);
}

function declaration(name, schema) {
  const said = stringsOf(schema) === undefined ? [] : namesSaid(schema);
  const whole = [schema.description ?? "", said.join("\n")].filter((part) => part !== "").join("\n\n");
  const docs = comment({ description: whole }, "");
  if (schema.properties) return `${docs}export interface ${name} {\n${members(schema, "")}}\n`;
  const types = [typeOf(schema, ""), ...(open[name] ?? [])];
  return `${docs}export type ${name} = ${types.join(" | ")};\n`;
}

/** The text of generated/config.ts. */
export function typesFile(definitions) {
  return header + [...definitions].map(([name, schema]) => declaration(name, schema)).join("\n");
}
