// What the compiler knows of networks written by users: the extension point Modules, and the configs they lead to.
// Types and one symbol only, so that the generated config types can refer to them.

/**
 * Modules registered by {@link registerModule}, for the compiler. Extend it to have plain configs typed; configs made by
 * the maker that `registerModule` returns need no such declaration.
 *
 * @example
 * ```ts
 * declare module "thalweg" {
 *   interface Modules {
 *     MyModule: typeof MyModule;
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: users add to it.
export interface Modules {}

/**
 * Marks configs that a config maker made.
 *
 * @internal
 */
export const made: unique symbol = Symbol("made by a config maker");

/** The config of a registered module, made by the maker that {@link registerModule} returns. */
export interface ModuleConfig<Name extends string = string, Args extends object = object> {
  /** The registered name. */
  readonly type: Name;
  /** What the constructor gets. */
  readonly args: Args;
  /** @internal */
  readonly [made]: true;
}

/** The plain config of a module class. */
export interface PlainModuleConfig<Name, Args> {
  /** The registered name. */
  readonly type: Name;
  /** What the constructor gets. */
  readonly args: Args;
}

/** Plain configs of the modules in {@link Modules}. */
export type RegisteredConfig = {
  [Name in keyof Modules]: Modules[Name] extends new (
    args: infer Args,
  ) => unknown
    ? PlainModuleConfig<Name, Args>
    : never;
}[keyof Modules];
