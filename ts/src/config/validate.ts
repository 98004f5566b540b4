// Validates configs once, at the door: what passes has the type that it claims.
// Rules that concern several fields are Rust's, which answers with the same error class and path.

import type * as zod from "zod";
import { ConfigError } from "../errors.js";
import { validators } from "../generated/schemas.js";
import { lazily } from "../native.js";
import { makeKit, type Schema } from "./kit.js";
import { misplaced } from "./misplaced.js";
import { described } from "./options.js";

type Validators = ReturnType<typeof validators>;

const zodPackage = lazily<typeof zod>("zod");

/** Validators by the names of modules that were registered when they were made; remade where there are new ones. */
let made: { readonly key: string; readonly all: Validators } | undefined;

function validatorFor(name: keyof Validators, modules: readonly string[]): Schema {
  const key = modules.join();
  if (made?.key !== key) made = { key, all: validators(makeKit(zodPackage().z, { BackboneConfig: modules })) };
  return made.all[name];
}

/** What went wrong at one place. */
interface Problem {
  readonly path: readonly PropertyKey[];
  readonly code: string;
  /** What was expected; for an unknown key the whole reason. */
  readonly message: string;
}

type Issue = zod.z.core.$ZodIssue;

/** The first problem, within the member of a union that came nearest to fitting. */
function firstProblem(issue: Issue, path: readonly PropertyKey[] = []): Problem {
  const here = [...path, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const [message = ""] = issue.message.split("\n");
    return { path: [...here, ...issue.keys.slice(0, 1)], code: issue.code, message };
  }
  if (issue.code !== "invalid_union" || issue.errors.length === 0)
    return { path: here, code: issue.code, message: issue.message };
  const members = issue.errors.flatMap(([first]) => (first === undefined ? [] : [firstProblem(first, here)]));
  const deepest = members.reduce((a, b) => (b.path.length > a.path.length ? b : a), {
    path: here,
    code: "",
    message: "",
  });
  if (deepest.path.length > here.length) return deepest;
  return { path: here, code: issue.code, message: members.map(({ message }) => message).join(" or ") };
}

/** An issue for each key that is not known; their messages are the lines of one. */
function single(issue: Issue): Issue[] {
  if (issue.code !== "unrecognized_keys") return [issue];
  const messages = issue.message.split("\n");
  return issue.keys.map((key, i) => ({ ...issue, keys: [key], message: messages[i] ?? "" }));
}

/** `path.to[0].field`. */
function written(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i > 0 ? "." : ""}${String(key)}`)).join("");
}

/** A value as JSON, or what it is where it has none, as of objects that contain themselves. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return described(value);
  }
}

/** A value in a few words. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = textOf(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** A key that is known to be misplaced in a value without the `type` that would tell which keys it may have. */
function keyInsteadOfType(name: string, value: unknown): { key: string; remedy: string } | undefined {
  if (typeof value !== "object" || value === null || "type" in value) return undefined;
  for (const key of Object.keys(value)) {
    const remedy = misplaced(name, key);
    if (remedy !== undefined) return { key, remedy };
  }
  return undefined;
}

/** What is wrong at one place, as an error. */
function errorOf(name: string, value: unknown, problem: Problem, what: string): ConfigError {
  const path = written(problem.path);
  const place = path === "" ? what : path;
  if (problem.code === "unrecognized_keys") {
    const elsewhere = problem.path.length === 1 ? misplaced(name, String(problem.path[0])) : undefined;
    const message = elsewhere === undefined ? problem.message : `unknown key; ${elsewhere}`;
    return new ConfigError(`${place}: ${message}`, {
      expected: "a known key",
      got: String(problem.path.at(-1)),
      path,
    });
  }
  const inside = path === "type" ? keyInsteadOfType(name, value) : undefined;
  if (inside !== undefined) {
    return new ConfigError(`${inside.key}: unknown key; ${inside.remedy}`, {
      expected: "a known key",
      got: inside.key,
      path: inside.key,
    });
  }
  const got = shown(valueAt(value, problem.path));
  const [expected = "", ...hints] = problem.message.split("; ");
  return new ConfigError(`${place}: expected ${expected}, got ${got}${hints.map((text) => `; ${text}`).join("")}`, {
    expected,
    got,
    path,
  });
}

/**
 * All that is wrong with a value of the named config type, in the order of its fields; {@link validate} refuses the first.
 *
 * @param name - a definition of generated/schemas.ts
 * @param value - what the user wrote
 * @param modules - names of registered modules, which backbones may have
 * @param what - what the value is, for messages about all of it
 */
export function mistakesIn(
  name: keyof Validators,
  value: unknown,
  modules: readonly string[] = [],
  what = "the config",
): ConfigError[] {
  const { error } = validatorFor(name, modules).safeParse(value);
  return (error?.issues ?? []).flatMap(single).map((issue) => errorOf(name, value, firstProblem(issue), what));
}

/**
 * Refuses a value that is not of the named config type; parameters as of {@link mistakesIn}.
 *
 * @throws ConfigError with the path of the first field that is wrong
 */
export function validate(...value: Parameters<typeof mistakesIn>): void {
  const [first] = mistakesIn(...value);
  if (first !== undefined) throw first;
}
