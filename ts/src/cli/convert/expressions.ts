// Expressions of a literal subset of Python: literals, dict(…), EasyDict(…), names that were assigned above, arithmetic with them.
// Everything else is an Unknown.
import type { parser } from "@lezer/python";
import { ConfigError } from "../../errors.js";
import { placeIn } from "./place.js";
import { LARGEST, sizeOf } from "./size.js";
import { stringOf } from "./strings.js";
import { Dict, Unknown, type Value } from "./values.js";

/** The syntax of a file. */
export type Tree = ReturnType<typeof parser.parse>;

/** A part of it. */
export type SyntaxNode = Tree["topNode"];

/** Names, and the text that they are in. */
export interface Scope {
  /** The file's name, for errors. */
  readonly file: string;
  readonly text: string;
  readonly names: Map<string, Value>;
}

/** Calls that make dicts. */
const DICTS = /^(dict|(\w+\.)*(EasyDict|ConfigDict|AttrDict|Box))$/;

/** Calls that say a device by its name. */
const DEVICE = /^(torch\.)?device$/;

type Numeric = (a: number, b: number) => number | boolean;

const numeric: Readonly<Record<string, Numeric>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "//": (a, b) => Math.floor(a / b),
  "%": (a, b) => a - b * Math.floor(a / b),
  "**": (a, b) => a ** b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

/** What would be larger than any part of a config. */
const TOO_LARGE = Symbol("too large");

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** The children of a node, without comments. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== "Comment") children.push(child);
  return children;
}

/** The text of a node. */
export const textOf = (node: SyntaxNode, { text }: Scope): string => text.slice(node.from, node.to);

function binary(operator: string, a: Value, b: Value): Value | typeof TOO_LARGE | undefined {
  if (typeof a === "number" && typeof b === "number" && operator in numeric) return numeric[operator]?.(a, b);
  const isPlain = (value: Value) => value === null || typeof value !== "object";
  if (operator === "==" && isPlain(a) && isPlain(b)) return a === b;
  if (operator === "!=" && isPlain(a) && isPlain(b)) return a !== b;
  if (operator === "+" && typeof a === "string" && typeof b === "string") return a + b;
  if (operator === "+" && isList(a) && isList(b)) return [...a, ...b];
  if (operator === "*" && isList(a) && typeof b === "number" && sizeOf(a) * b > LARGEST) return TOO_LARGE;
  if (operator === "*" && isList(a) && typeof b === "number")
    return Array.from({ length: b }, () => a).flat() as Value[];
  return undefined;
}

function unary(operator: string, value: Value): Value | undefined {
  if (operator === "not" && typeof value === "boolean") return !value;
  if (typeof value !== "number") return undefined;
  return { "-": -value, "+": value }[operator];
}

function numberOf(literal: string): number | undefined {
  const value = Number(literal.replaceAll("_", "").toLowerCase());
  return Number.isNaN(value) ? undefined : value;
}

/** Puts the entries of a dict into another one. */
function merge(into: Dict, from: Value): boolean {
  if (!(from instanceof Dict)) return false;
  for (const [key, entry] of from.entries) into.entries.set(key, entry);
  return true;
}

/** `{ key: value, **other }`. */
function dictionary(node: SyntaxNode, scope: Scope): Value | undefined {
  const made = new Dict();
  const parts = childrenOf(node).filter(({ name }) => !["{", "}", ",", ":"].includes(name));
  for (let i = 0; i < parts.length; i += 2) {
    const [first, second] = [parts[i], parts[i + 1]];
    if (first === undefined || second === undefined) return undefined;
    const value = evaluated(second, scope);
    if (first.name === "**") {
      if (!merge(made, value)) return undefined;
      continue;
    }
    const key = evaluated(first, scope);
    if (typeof key !== "string") return undefined;
    made.entries.set(key, { value, at: first.from });
  }
  return made;
}

/** `dict(key=value, **other)`, `EasyDict(other)`. */
function calledDict(list: SyntaxNode, scope: Scope): Value | undefined {
  const made = new Dict();
  const parts = childrenOf(list).filter(({ name }) => !["(", ")", ","].includes(name));
  for (let i = 0; i < parts.length; i++) {
    const [part, next, third] = [parts[i], parts[i + 1], parts[i + 2]];
    if (part === undefined) return undefined;
    if (next?.name === "AssignOp" && third !== undefined) {
      made.entries.set(textOf(part, scope), { value: evaluated(third, scope), at: part.from });
      i += 2;
      continue;
    }
    if (part.name === "**") i += 1;
    const merged = part.name === "**" ? next : part;
    if (merged === undefined || !merge(made, evaluated(merged, scope))) return undefined;
  }
  return made;
}

function called(node: SyntaxNode, scope: Scope): Value | undefined {
  const [callee, list] = childrenOf(node);
  if (callee === undefined || list === undefined) return undefined;
  const name = textOf(callee, scope);
  if (DICTS.test(name)) return calledDict(list, scope);
  const [, argument, end] = childrenOf(list);
  return DEVICE.test(name) && argument !== undefined && end?.name === ")" ? evaluated(argument, scope) : undefined;
}

/** `a.b`, `a["b"]`, `a[0]`. */
function member(node: SyntaxNode, scope: Scope): Value | undefined {
  const [base, , property] = childrenOf(node);
  if (base === undefined || property === undefined) return undefined;
  const of = evaluated(base, scope);
  const key = property.name === "PropertyName" ? textOf(property, scope) : evaluated(property, scope);
  if (of instanceof Dict && typeof key === "string") return of.get(key);
  return isList(of) && typeof key === "number" ? of.at(key) : undefined;
}

function conditional(node: SyntaxNode, scope: Scope): Value | undefined {
  const [yes, , condition, , no] = childrenOf(node);
  if (yes === undefined || condition === undefined || no === undefined) return undefined;
  const decided = evaluated(condition, scope);
  if (typeof decided !== "boolean") return undefined;
  return evaluated(decided ? yes : no, scope);
}

const brackets = ["(", ")", "[", "]", ","];

const listed = (node: SyntaxNode, scope: Scope): Value[] =>
  childrenOf(node)
    .filter(({ name }) => !brackets.includes(name))
    .map((item) => evaluated(item, scope));

const readers: Readonly<Record<string, (node: SyntaxNode, scope: Scope) => Value | typeof TOO_LARGE | undefined>> = {
  Number: (node, scope) => numberOf(textOf(node, scope)),
  String: (node, scope) => stringOf(textOf(node, scope)),
  ContinuedString: (node, scope) => {
    const parts = childrenOf(node).map((part) => evaluated(part, scope));
    return parts.every((part) => typeof part === "string") ? parts.join("") : undefined;
  },
  Boolean: (node, scope) => textOf(node, scope) === "True",
  None: () => null,
  ArrayExpression: listed,
  TupleExpression: listed,
  ParenthesizedExpression: (node, scope) => listed(node, scope)[0],
  DictionaryExpression: dictionary,
  CallExpression: called,
  MemberExpression: member,
  ConditionalExpression: conditional,
  VariableName: (node, { names, text }) => names.get(text.slice(node.from, node.to)),
  UnaryExpression: (node, scope) => {
    const [operator, operand] = childrenOf(node);
    return operator && operand && unary(textOf(operator, scope), evaluated(operand, scope));
  },
  BinaryExpression: (node, scope) => {
    const [left, operator, right] = childrenOf(node);
    return (
      left && operator && right && binary(textOf(operator, scope), evaluated(left, scope), evaluated(right, scope))
    );
  },
};

/** Refuses what no config has, before it is made or multiplied. */
function tooLarge(node: SyntaxNode, scope: Scope): ConfigError {
  const { line, column } = placeIn(scope.text, node.from);
  const [expected, got] = [`at most ${LARGEST} values and characters in a value`, textOf(node, scope).slice(0, 40)];
  const place = `${scope.file}:${line}:${column}`;
  return new ConfigError(`${place}: expected ${expected}, got more: ${got}`, { expected, got, path: scope.file });
}

/**
 * The value of an expression.
 *
 * @throws ConfigError with line and column where it is larger than any config
 */
export function evaluated(node: SyntaxNode, scope: Scope): Value {
  const value = readers[node.name]?.(node, scope);
  const isMade = /^(Array|Tuple|Dictionary|Binary|Call)Expression$/.test(node.name);
  if (value === TOO_LARGE || (isMade && value !== undefined && sizeOf(value) > LARGEST)) throw tooLarge(node, scope);
  return value === undefined ? new Unknown(textOf(node, scope), node.from) : value;
}
