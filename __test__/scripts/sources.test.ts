// Every path, method, solver, network, loss and weight that a config can name says where it is from: whoever looks it up can read the paper.
// What needs no source is listed here, so that a new kind without one is a failure.
import { describe, expect, it } from "vitest";
import { definitionsOf } from "../../scripts/lib/schema/definitions.mjs";
import { native } from "../../ts/src/native.ts";

interface Schema {
  readonly description?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** Unions of plain choices, in which nothing is anybody's method. */
const choices = new Set([
  "Activations",
  "BatchSize",
  "CategoryCode",
  "Channels",
  "ColumnEncoding",
  "ConditionDistance",
  "DeisStart",
  "DeisVariable",
  "DpmMethod",
  "Edges",
  "Ema",
  "Expansion",
  "FirstNorm",
  "Function",
  "LastBatch",
  "LearningRate",
  "Loss",
  "MissingCategory",
  "MissingNumber",
  "Norms",
  "Operator",
  "Positions",
  "Precision",
  "Relation",
  "Side",
  "Size",
  "StagePlacement",
  "Step",
  "ThirdOrder",
  "TimeLayout",
  "TokenGrid",
  "TokensConfig",
  "Transform",
  "UniPcPrediction",
  "Weights",
]);

/** Kinds beside named ones that are plain arithmetic, or of one's own. */
const plain = new Set([
  "Activation.identity",
  "Activation.square",
  "Activation.tanh",
  "Grid.path",
  "Grid.times",
  "Grid.uniform",
  "Mixture.function",
  "ScheduleConfig.constant",
  "ScheduleConfig.linear",
  "TimeSampler.weighted",
  "Weight.function",
  "Weighting.vanilla",
]);

const definitions: ReadonlyMap<string, Schema> = definitionsOf(JSON.parse(await native.schemas()));

/** The members of a union with their names; those without a description of their own have none. */
function kindsOf({ oneOf, anyOf, enum: values = [] }: Schema): { readonly name: string; readonly says: string }[] {
  const members = oneOf ?? anyOf ?? [];
  return [
    ...values.map((name) => ({ name, says: "" })),
    ...members.flatMap((member) => {
      const name = member.const ?? member.properties?.type?.const;
      return name === undefined ? kindsOf(member) : [{ name, says: member.description ?? "" }];
    }),
  ];
}

/** A year, or the library that a network is from. */
const source = /\b(1[789]|20)\d\d\b|GenerativeRL/;

const unions = [...definitions].filter(([, { oneOf, anyOf, enum: values }]) => oneOf ?? anyOf ?? values);
const kinds = unions.flatMap(([union, schema]) =>
  kindsOf(schema).map(({ name, says }) => ({ name: `${union}.${name}`, union, says, of: schema.description ?? "" })),
);

describe("a kind that a config can name", () => {
  it.each(kinds.filter(({ union }) => !choices.has(union)))("$name says where it is from", ({ name, says, of }) => {
    expect(source.test(says) || source.test(of), `${says} ${of}`).toBe(!plain.has(name));
  });

  it("is of a union that is there, as are those that need no source", () => {
    expect(kinds.length).toBeGreaterThan(100);
    const known = new Set([...unions.map(([name]) => name), ...kinds.map(({ name }) => name)]);
    expect([...choices, ...plain].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(["Preconditioning", "Guidance", "Thresholding", "Resample", "PosthocEma", "StepControl", "DiscreteConfig"])(
    "as does %s, of which there is one kind",
    (name) => {
      expect(definitions.get(name)?.description).toMatch(source);
    },
  );
});
