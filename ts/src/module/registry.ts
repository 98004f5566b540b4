// registerModule: names for networks written in TypeScript, so that a config can ask for them.
// The registry is the process's; a model looks its backbone up when it is made.
import { type ModuleConfig, made } from "../config/modules.js";
import { ConfigError } from "../errors.js";
import { backboneNames } from "../generated/names.js";
import { foreign } from "../tensor/foreign.js";
import { describe } from "../tensor/tree.js";
import { Module } from "./module.js";

/** A class of modules that a config can make: its constructor takes one object. */
export type ModuleClass<Args extends object> = new (args: Args) => Module<never, unknown>;

/** Makes configs of one registered module. */
export type ConfigMaker<Name extends string, Args extends object> = (args: Args) => ModuleConfig<Name, Args>;

const registry = new Map<string, ModuleClass<never>>();

/** The names of all registered modules. */
export function registeredNames(): string[] {
  return [...registry.keys()];
}

/** Makes the module that a config asks for; undefined where no module has that name. */
export function makeModule({
  type,
  args,
}: {
  readonly type: string;
  readonly args: object;
}): Module<never, unknown> | undefined {
  const moduleClass = registry.get(type);
  return moduleClass === undefined ? undefined : new (moduleClass as ModuleClass<object>)(args);
}

function refused(expected: string, got: string): ConfigError {
  return new ConfigError(`registerModule: expected ${expected}, got ${got}`, {
    expected,
    got,
    where: "registerModule",
  });
}

/**
 * Registers a network written in TypeScript under a name, so that a model's config can use it as its backbone. Its
 * constructor takes one object of JSON values, which are kept in checkpoints; its `forward` gets `(t, x, condition?)`,
 * encoded where the config has encoders, and returns a tensor of x's shape. Name and class may come in either order.
 *
 * @returns a maker of configs, typed by the constructor
 * @throws ConfigError where the name is taken, or built in, or the class cannot be made from one object
 *
 * @example
 * ```ts
 * const myModule = registerModule("MyModule", MyModule);
 * const backbone = myModule({ xSize: 2, tDim: 32, hiddenSizes: [512, 256, 128] });
 * ```
 */
export function registerModule<const Name extends string, Args extends object>(
  name: Name,
  module: ModuleClass<Args>,
): ConfigMaker<Name, Args>;
export function registerModule<const Name extends string, Args extends object>(
  module: ModuleClass<Args>,
  name: Name,
): ConfigMaker<Name, Args>;
export function registerModule(
  first: string | ModuleClass<never>,
  second: string | ModuleClass<never>,
): ConfigMaker<string, object> {
  const [name, module] = typeof first === "string" ? [first, second] : [second, first];
  if (typeof name !== "string" || !/^[A-Za-z_]\w*$/.test(name))
    throw refused("a name of letters, digits and _", String(name));
  if (typeof module !== "function" || !(module.prototype instanceof Module)) {
    const got = typeof module === "function" ? (foreign(module.prototype)?.says ?? module.name) : describe(module);
    throw refused("a class that extends Module", got);
  }
  if (module.length > 1)
    throw refused(`a constructor of ${name} with one config object`, `${module.length} parameters`);
  if (backboneNames.some((known) => known === name)) throw refused("a name that is not built in", `"${name}"`);
  if (registry.has(name)) throw refused("a name that is not registered yet", `"${name}"`);
  registry.set(name, module);
  return (args) => ({ type: name, args, [made]: true });
}
