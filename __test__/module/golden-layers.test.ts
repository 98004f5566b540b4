// Layers, einsum and tensor methods give PyTorch's numbers, at once and compiled, and so do their gradients.
// The cases are data (golden/layers.json, written by scripts/golden/torch_layers.py): a new method needs a case, or stands in a list here.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as thalweg from "thalweg";
import { compile, functionalCall, grad, type Module, nn, Tensor, tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../support/safetensors.ts";

interface Case {
  readonly kind: "layer" | "method" | "static" | "function";
  readonly call: string;
  readonly arguments: readonly unknown[];
  readonly inputs: number;
  readonly outputs: number;
}

type Callable = (...args: unknown[]) => unknown;

const golden = (name: string) => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(golden("layers.json"), "utf8"));
const tensors = readSafetensors(golden("layers.safetensors"));

/** All tensors of a case that play a part, by what follows that in their names. */
function part(index: number, role: string): Record<string, Tensor> {
  const prefix = `${index}/${role}/`;
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

const own = (target: object, name: string, what: string): Callable => {
  const found = (target as Record<string, unknown>)[name];
  if (typeof found !== "function") throw new Error(`a case calls ${name}, which is no ${what}`);
  return found as Callable;
};

/** Arguments with tensors and numbers in the places that stand for them. */
function filledIn(value: unknown, inputs: readonly Tensor[]): unknown {
  if (Array.isArray(value)) return value.map((each) => filledIn(each, inputs));
  if (typeof value !== "object" || value === null) return value;
  const given = value as Record<string, unknown>;
  if (typeof given.input === "number") return inputs[given.input];
  if (typeof given.number === "string") return Number(given.number);
  return Object.fromEntries(Object.entries(given).map(([key, each]) => [key, filledIn(each, inputs)]));
}

/** What a case computes, as a list. */
function outputs(
  { kind, call, arguments: given }: Case,
  inputs: readonly Tensor[],
  parameters: Record<string, Tensor>,
) {
  const args = filledIn(given, inputs) as unknown[];
  const result = (() => {
    switch (kind) {
      case "layer": {
        const Layer = own(nn, call, "layer") as unknown as new (...args: unknown[]) => Module;
        return functionalCall(new Layer(...args), parameters, ...inputs);
      }
      case "method":
        return own(inputs[0], call, "method").call(inputs[0], ...args);
      case "static":
        return own(Tensor, call, "static method").call(Tensor, ...args);
      case "function":
        return own(thalweg, call, "function")(...args);
      default:
        throw new Error(`no such kind of case: ${kind}`);
    }
  })();
  return Object.values(result instanceof Tensor ? [result] : (result as Record<string, Tensor>));
}

const isFloat = ({ dtype }: Tensor) => dtype !== "i64" && dtype !== "bool";

/** Σ yₖ sin(k + 1), as the script weighs. */
const weighed = (y: Tensor) =>
  y
    .flatten()
    .mul(tensor(Float32Array.from({ length: y.size }, (_, k) => Math.sin(k + 1))))
    .sum();

async function expectClose(got: Tensor, wanted: Tensor, name: string) {
  expect([name, got.dtype, got.shape]).toEqual([name, wanted.dtype, wanted.shape]);
  const [a, b] = (await Promise.all([got.data(), wanted.data()])).map((values) => Array.from(values, Number));
  const wrong = a.findIndex(
    (value, i) => !(Object.is(value, b[i]) || Math.abs(value - b[i]) <= 1e-5 * Math.max(1, Math.abs(b[i]))),
  );
  expect(wrong < 0 ? [] : [`${name}[${wrong}]`, a[wrong], b[wrong]]).toEqual([]);
}

const named = cases.map((each, index) => ({
  name: `${index}: ${each.call} ${JSON.stringify(each.arguments)}`,
  each,
  index,
}));

describe("PyTorch's numbers", () => {
  it.each(named)("$name", async ({ each, index }) => {
    const inputs = Object.values(part(index, "in"));
    const parameters = part(index, "parameter");
    const wanted = Object.values(part(index, "out"));
    expect([inputs.length, wanted.length]).toEqual([each.inputs, each.outputs]);
    const results = outputs(each, inputs, parameters);
    expect(results.length).toBe(wanted.length);
    for (const [i, result] of results.entries()) await expectClose(result, wanted[i], `output ${i}`);
    const compiled = compile(() => outputs(each, inputs, parameters))();
    for (const [i, result] of compiled.entries()) await expectClose(result, wanted[i], `compiled output ${i}`);
  });

  const differentiable = named.filter(({ index }) => Object.keys(part(index, "gradient")).length > 0);

  it.each(differentiable)("the gradient of $name", async ({ each, index }) => {
    const inputs = part(index, "in");
    const floats = Object.fromEntries(Object.entries(inputs).filter(([, x]) => isFloat(x)));
    const loss = (leaves: { floats: Record<string, Tensor>; parameters: Record<string, Tensor> }) =>
      outputs(each, Object.values({ ...inputs, ...leaves.floats }), leaves.parameters)
        .filter(isFloat)
        .map(weighed)
        .reduce((a, b) => a.add(b));
    const gradients = grad(loss)({ floats, parameters: part(index, "parameter") });
    const found = [
      ...Object.entries(gradients.floats).map(([name, value]) => [`in/${name}`, value] as const),
      ...Object.entries(gradients.parameters).map(([name, value]) => [`parameter/${name}`, value] as const),
    ];
    const wanted = part(index, "gradient");
    expect(found.map(([name]) => name).sort()).toEqual(Object.keys(wanted).sort());
    for (const [name, value] of found) await expectClose(value, wanted[name], name);
  });
});

describe("there is a case", () => {
  const called = (kind: Case["kind"]) => new Set(cases.filter((each) => each.kind === kind).map(({ call }) => call));

  it("for every layer that PyTorch has", () => {
    const base = ["Convolution", "Layer", "Sequential", "activation"];
    const others = [...base, "Dropout", "MultiLayerPerceptron", "Square", "Swish"];
    expect(
      Object.keys(nn)
        .filter((name) => !called("layer").has(name))
        .sort(),
    ).toEqual(others.sort());
  });

  it("for every tensor method of numbers", () => {
    const names: string[] = [];
    for (let proto: object = Tensor.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
      const properties = Object.entries(Object.getOwnPropertyDescriptors(proto));
      names.push(...properties.filter(([, { value }]) => typeof value === "function").map(([name]) => name));
    }
    const internal = ["applied", "apply", "counted", "joined", "numbers", "scalar", "whole"];
    const reading = ["constructor", "data", "dispose", "item", "toArray", "toString"];
    const others = [...internal, ...reading, "dropout", "stopGradient"];
    const without = new Set(names.filter((name) => !called("method").has(name)));
    expect([...without].sort()).toEqual(others.sort());
  });
});
