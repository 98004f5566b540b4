// A Python file as the names that it assigns, read and never run: what is not literal stays unknown.
// The grammar is that of the package @lezer/python.
import { ConfigError } from "../../errors.js";
import { childrenOf, evaluated, type Scope, type SyntaxNode, type Tree, textOf } from "./expressions.js";
import { type Place, placeIn } from "./place.js";
import { Dict, Unknown, type Value } from "./values.js";

/** What a file says. */
export interface Script {
  /** Values by the names that they were given; what functions return by the name of the function. */
  readonly names: ReadonlyMap<string, Value>;
  /** The names of all that is called. */
  readonly calls: ReadonlySet<string>;
  placeOf(at: number): Place;
}

/** Parts within parts that an expression may have. */
const DEEPEST = 500;

/** Refuses what is nested so deep that no config is. */
function checkDepth(file: string, text: string, tree: Tree): void {
  let [depth, deep] = [0, -1];
  tree.iterate({
    enter(node) {
      depth += 1;
      if (depth > DEEPEST && deep < 0) deep = node.from;
    },
    leave() {
      depth -= 1;
    },
  });
  if (deep < 0) return;
  const { line, column } = placeIn(text, deep);
  const [expected, got] = [`a config, nested at most ${DEEPEST} deep`, "more"];
  throw new ConfigError(`${file}:${line}:${column}: expected ${expected}, got ${got}`, { expected, got, path: file });
}

/** The first place that is not Python. */
function checkSyntax(file: string, text: string, tree: Tree): void {
  let wrong: number | undefined;
  tree.iterate({
    enter(node) {
      if (node.type.isError) wrong ??= node.from;
    },
  });
  if (wrong === undefined) return;
  const { line, column } = placeIn(text, wrong);
  const got = JSON.stringify(text.slice(wrong).split("\n")[0]?.slice(0, 40) || "the end of the file");
  const expected = "Python or JSON";
  throw new ConfigError(`${file}:${line}:${column}: expected ${expected}, got ${got}`, { expected, got, path: file });
}

function calledNames(text: string, tree: Tree): Set<string> {
  const names = new Set<string>();
  tree.iterate({
    enter({ node }) {
      const callee = node.name === "CallExpression" ? node.firstChild : null;
      if (callee) names.add(text.slice(callee.from, callee.to).split(".").at(-1) ?? "");
    },
  });
  return names;
}

/** Gives a value to `name`, `name.key` or `name["key"]`; to others, nothing that we know of. */
function assign(target: SyntaxNode, value: Value, scope: Scope): void {
  if (target.name === "VariableName") scope.names.set(textOf(target, scope), value);
  const [base, , property] = childrenOf(target);
  if (target.name !== "MemberExpression" || base === undefined || property === undefined) return;
  const of = evaluated(base, scope);
  const key = property.name === "PropertyName" ? textOf(property, scope) : evaluated(property, scope);
  if (of instanceof Dict && typeof key === "string") of.entries.set(key, { value, at: target.from });
}

/** `a = b = value`, `a: int = value`, `a, b = value, other`. */
function assignment(node: SyntaxNode, scope: Scope): void {
  const parts = childrenOf(node).filter(({ name }) => name !== "TypeDef");
  const groups: SyntaxNode[][] = [[]];
  for (const part of parts) {
    if (part.name === "AssignOp") groups.push([]);
    else if (part.name !== ",") groups.at(-1)?.push(part);
  }
  const values = (groups.pop() ?? []).map((part) => evaluated(part, scope));
  for (const targets of groups) {
    const isWhole = targets.length === 1;
    targets.forEach((target, i) => {
      const value = isWhole && values.length > 1 ? values : values.length === 1 && !isWhole ? undefined : values[i];
      assign(target, value === undefined ? new Unknown(textOf(node, scope), node.from) : value, scope);
    });
  }
}

/** What a block would assign if it were run, which nobody knows. */
function forget(node: SyntaxNode, scope: Scope): void {
  node.cursor().iterate((inner) => {
    if (inner.name !== "AssignStatement" && inner.name !== "UpdateStatement") return;
    const target = inner.node.firstChild;
    if (target?.name === "VariableName") {
      scope.names.set(textOf(target, scope), new Unknown(textOf(inner.node, scope), inner.from));
    }
  });
}

/** Functions are read as if they were called once, with arguments that nobody knows. */
function definition(node: SyntaxNode, scope: Scope): void {
  const name = node.getChild("VariableName");
  const body = node.getChild("Body");
  if (name === null || body === null) return;
  const inner: Scope = { ...scope, names: new Map(scope.names) };
  for (const parameter of node.getChild("ParamList")?.getChildren("VariableName") ?? []) {
    inner.names.set(textOf(parameter, scope), new Unknown(textOf(parameter, scope), parameter.from));
  }
  const returned = block(body, inner);
  if (returned !== undefined) scope.names.set(textOf(name, scope), returned);
}

/** The branch of an `if` that is known to be run; else all of them are forgotten. */
function branch(node: SyntaxNode, scope: Scope): Value | undefined {
  const condition = childrenOf(node)[1];
  const bodies = node.getChildren("Body");
  const decided = condition && evaluated(condition, scope);
  if (decided === true && bodies[0] !== undefined) return block(bodies[0], scope);
  const isPlain = node.getChild("elif") === null;
  if (decided === false && isPlain) return bodies[1] === undefined ? undefined : block(bodies[1], scope);
  forget(node, scope);
  return undefined;
}

/** Reads statements in order; gives what is returned. */
function block(node: SyntaxNode, scope: Scope): Value | undefined {
  let returned: Value | undefined;
  for (const statement of childrenOf(node)) {
    if (statement.name === "AssignStatement") assignment(statement, scope);
    else if (statement.name === "FunctionDefinition") definition(statement, scope);
    else if (statement.name === "IfStatement") returned = branch(statement, scope) ?? returned;
    else if (statement.name === "ReturnStatement" && statement.lastChild)
      returned = evaluated(statement.lastChild, scope);
    else if (statement.name === "ExpressionStatement" && statement.firstChild) {
      // What a JSON file, or one that is a config alone, has.
      const value = evaluated(statement.firstChild, scope);
      if (value instanceof Dict) scope.names.set("", value);
    } else if (/Statement$/.test(statement.name)) forget(statement, scope);
  }
  return returned;
}

/**
 * Reads a file.
 *
 * @param file - its name, for errors
 * @throws ConfigError with line and column where it is not Python
 */
export async function readPython(file: string, text: string): Promise<Script> {
  const { parser } = await import("@lezer/python");
  const tree = parser.parse(text);
  // The parser gives up at some depth, too, and says that this is no Python.
  checkDepth(file, text, tree);
  checkSyntax(file, text, tree);
  const json: readonly (readonly [string, Value])[] = [
    ["true", true],
    ["false", false],
    ["null", null],
  ];
  const scope: Scope = { file, text, names: new Map<string, Value>([...json, ["__name__", "__main__"]]) };
  block(tree.topNode, scope);
  return { names: scope.names, calls: calledNames(text, tree), placeOf: (at) => placeIn(text, at) };
}
