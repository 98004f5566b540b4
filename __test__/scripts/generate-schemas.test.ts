// The generator of config types and validators: each form of schema becomes the type and the check that it means.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generated } from "../../scripts/generate-schemas.mjs";
import { native } from "../../ts/src/native.ts";

const definitions = {
  Kind: {
    description: "A kind.",
    oneOf: [
      {
        type: "object",
        description: "First.",
        properties: { type: { type: "string", const: "first" }, args: { $ref: "#/$defs/Args" } },
        required: ["type", "args"],
        additionalProperties: false,
      },
      {
        type: "object",
        properties: { type: { const: "second", type: "string" } },
        required: ["type"],
        $ref: "#/$defs/Args",
      },
    ],
  },
  Args: {
    type: "object",
    description: "See [`Kind`].",
    properties: {
      size: { type: "integer", format: "uint", minimum: 1, default: 3, description: "A size." },
      rate: { type: ["number", "null"], exclusiveMinimum: 0, maximum: 1 },
      ema: { anyOf: [{ type: "number" }, { type: "null" }], default: 0.9 },
      pair: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], minItems: 2, maxItems: 2 },
      word: {
        oneOf: [
          { const: "a", type: "string", description: "The first." },
          { enum: ["b"], type: "string" },
        ],
      },
      sizes: { $ref: "#/$defs/Size" },
      letter: { $ref: "#/$defs/Letter" },
      span: {
        type: "array",
        items: { type: "number" },
        minItems: 2,
        maxItems: 2,
        description: "A span.\n\n```\nuse rust;\n```",
      },
      ops: {
        oneOf: [
          {
            type: "object",
            description: "The time.",
            properties: { op: { type: "string", const: "time" } },
            required: ["op"],
          },
          { type: "object", properties: { op: { type: "string", const: "sum" } }, required: ["op"] },
        ],
      },
    },
    required: ["pair"],
  },
  Letter: {
    description: "A letter.",
    oneOf: [
      { const: "a", type: "string", description: "The first, see [`Size`]\n(Anonymous 1900).\n\nMore." },
      { enum: ["b", "c"], type: "string" },
    ],
  },
  Size: {
    anyOf: [
      { type: "integer", minimum: 0 },
      { type: "array", items: { type: "integer", minimum: 0 }, minItems: 1 },
      { type: "object", additionalProperties: { $ref: "#/$defs/Size" } },
    ],
  },
};
const root = { type: "object", properties: { kind: { $ref: "#/$defs/Kind" } }, required: ["kind"], $defs: definitions };

describe("generated", () => {
  const { "config.ts": types, "schemas.ts": checks } = generated({ Root: root });

  it("types say names, docs, defaults, and what may be absent or null", () => {
    expect(types).toContain("export interface Root {\n  /** Settings of this kind. */\n  readonly kind: Kind;\n}");
    expect(types).toContain("/** See `Kind`. */\nexport interface Args {");
    expect(types).toContain("  /**\n   * A size.\n   * Default: `3`.\n   */\n  readonly size?: number;");
    expect(types).toContain("readonly rate?: number;");
    expect(types).toContain("readonly ema?: number | null;");
    expect(types).toContain("readonly pair: readonly [number, number];");
    expect(types).toContain('readonly word?: "a" | "b";');
    expect(types).toContain("export type Size = number | readonly number[] | { readonly [key: string]: Size };");
  });

  it("a tag says its kind, an array of fixed length is a tuple, and examples in Rust stay there", () => {
    expect(types).toContain('/** First. */\n  readonly type: "first";');
    expect(types).toContain('/** The time. */\n    readonly op: "time";');
    expect(types).toContain("  /** A span. */\n  readonly span?: readonly [number, number];");
    expect(checks).toContain("span: kit.optional(kit.tuple([kit.number(), kit.number()]))");
    expect(checks).toContain('kit.object({ op: kit.names("sum") })], { tag: "op" })');
  });

  it("what is said of names stands behind what is said of all of them", () => {
    expect(types).toContain(
      '/**\n * A letter.\n *\n * - `"a"`: The first, see `Size` (Anonymous 1900). More.\n */\nexport type Letter = "a" | "b" | "c";',
    );
  });

  it("a tag beside a reference is one object with both", () => {
    const second = types.slice(types.indexOf('"second"'));
    expect(second).toContain("readonly size?: number;");
  });

  it("checks say limits, unions and circles", () => {
    expect(checks).toContain("size: kit.optional(kit.number({ integer: true, min: 1 }))");
    expect(checks).toContain("rate: kit.optional(kit.number({ above: 0, max: 1 }))");
    expect(checks).toContain("ema: kit.optional(kit.nullable(kit.number()))");
    expect(checks).toContain("pair: kit.tuple([kit.number(), kit.number()])");
    expect(checks).toContain('word: kit.optional(kit.names("a", "b"))');
    expect(checks).toContain("kit.record(kit.later(() => Size))");
    expect(checks).toContain('kit.tagged([kit.object({ type: kit.names("first"), args: Args })');
    expect(checks).toContain("return { Root };");
  });

  it("definitions come before those that use them", () => {
    expect(checks.indexOf("const Args:")).toBeLessThan(checks.indexOf("const Kind:"));
    expect(checks.indexOf("const Size:")).toBeLessThan(checks.indexOf("const Args:"));
  });

  it.each([
    [
      "a form that it does not understand",
      { Root: { type: "object", properties: {}, patternProperties: {} } },
      "patternProperties",
    ],
    ["a name that is defined nowhere", { Root: { $ref: "#/$defs/Nobody" } }, "Nobody is referred to but not defined"],
    [
      "a name that is defined twice",
      {
        A: { type: "string", $defs: { X: { type: "string" } } },
        B: { type: "string", $defs: { X: { type: "number" } } },
      },
      "two different definitions are called X",
    ],
  ])("refuses %s", (_, schemas, message) => {
    expect(() => generated(schemas)).toThrow(message);
  });
});

it("the files in ts/src/generated are fresh", async () => {
  for (const [name, text] of Object.entries(generated(JSON.parse(await native.schemas())))) {
    const file = new URL(`../../ts/src/generated/${name}`, import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(text);
  }
});
