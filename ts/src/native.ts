// Loads the native addon and turns its errors into classes; no other file may load it.
// Loading is synchronous, so that both `import` and `require` of thalweg work.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { AddonError, fromNative, InternalError, ThalwegError } from "./errors.js";
import type * as addon from "./generated/addon.js";
import type { Boundary } from "./native/boundary.js";

type Addon = typeof addon;

/** The exports that only the addon with test hooks has. */
export type TestHooks = Pick<Addon, Extract<keyof Addon, `__${string}`>>;

const require = createRequire(import.meta.url);

/** platform-arch, with the C library or compiler where there are several: the middle of the file's name. */
export function addonTarget(): string {
  const { platform, arch } = process;
  if (platform === "linux") {
    const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    return `linux-${arch}-${header.glibcVersionRuntime ? "gnu" : "musl"}`;
  }
  return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/**
 * Converts what a native call threw: the addon's own errors to their classes, napi's (an argument of the
 * wrong type) to InternalError, because arguments are validated before. What JavaScript threw stays itself.
 */
function converted(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof ThalwegError) return thrown;
  const error = fromNative(thrown.message);
  if (error !== undefined) return error;
  const ofNapi = /^(InvalidArg|GenericFailure|\w+Expected|PendingException)$/.test(
    String((thrown as { code?: unknown }).code),
  );
  return ofNapi ? new InternalError(thrown.message, { cause: thrown }) : thrown;
}

/** The same promise, rejecting with thalweg's error classes. */
export function unwrap<T>(promise: Promise<T>): Promise<T> {
  return promise.catch((thrown: unknown) => {
    throw converted(thrown);
  });
}

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** The same function, throwing (or, where it returns a promise, rejecting with) thalweg's error classes. */
function wrapFunction(call: AnyFunction): AnyFunction {
  return function wrapped(this: unknown, ...args: unknown[]) {
    let result: unknown;
    try {
      result = call.apply(this, args);
    } catch (thrown) {
      throw converted(thrown);
    }
    return result instanceof Promise ? unwrap(result) : result;
  };
}

/** Wraps the methods and accessors of a native class where they are, so that every instance has them. */
function wrapMembers(holder: object): void {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (name === "constructor" || !member.configurable) continue;
    if (typeof member.value === "function") member.value = wrapFunction(member.value);
    if (member.get) member.get = wrapFunction(member.get as AnyFunction) as () => unknown;
    if (member.set) member.set = wrapFunction(member.set as AnyFunction) as (value: unknown) => void;
    Object.defineProperty(holder, name, member);
  }
}

function wrapClass(nativeClass: AnyFunction): AnyFunction {
  wrapMembers(nativeClass.prototype);
  wrapMembers(nativeClass);
  return new Proxy(nativeClass, {
    construct(target, args, newTarget) {
      try {
        return Reflect.construct(target, args, newTarget);
      } catch (thrown) {
        throw converted(thrown);
      }
    },
  });
}

function wrapExports(loaded: Record<string, unknown>): Record<string, unknown> {
  const wrap = (value: unknown): unknown => {
    if (typeof value !== "function") return value;
    const members = Object.getOwnPropertyNames(value.prototype ?? {});
    return members.length > 1 ? wrapClass(value as AnyFunction) : wrapFunction(value as AnyFunction);
  };
  return Object.fromEntries(Object.entries(loaded).map(([name, value]) => [name, wrap(value)]));
}

/** Loads the addon for this platform, or says what is missing and how to get it. */
function load(): Record<string, unknown> {
  const target = addonTarget();
  const kind =
    process.env.THALWEG_ADDON === "test" ? "-test" : /^cuda/.test(process.env.THALWEG_DEVICE ?? "") ? "-cuda" : "";
  const name = `thalweg${kind}.${target}.node`;
  const file = fileURLToPath(new URL(`../native/${name}`, import.meta.url));
  const remedy = 'Remedy: in a clone of thalweg run "npm run build" on this machine.';
  if (!existsSync(file)) {
    throw new AddonError(`the native addon for ${target} is missing: there is no ${name}. ${remedy}`, {
      expected: name,
      path: file,
    });
  }
  let loaded: Record<string, unknown>;
  try {
    loaded = require(file);
  } catch (cause) {
    throw new AddonError(
      `${name} could not be loaded on ${target} (Node ${process.versions.node}); it may be damaged or made for ` +
        `another platform: ${cause instanceof Error ? cause.message : cause}. ${remedy}`,
      { expected: target, path: file, cause },
    );
  }
  const { version: expected } = require("../../package.json") as { version: string };
  const got = (loaded as Partial<Addon>).version?.();
  if (got !== expected) {
    throw new AddonError(`${name} is version ${got}, but thalweg is version ${expected}. ${remedy}`, {
      expected,
      got,
      path: file,
    });
  }
  return wrapExports(loaded);
}

const loaded = load();

/** The addon's exports, throwing thalweg's error classes. */
export const native = loaded as unknown as Boundary;

/** An npm package loaded at its first use, and at once: so that importing thalweg costs nothing that is not used. */
export function lazily<Package>(name: string): () => Package {
  let loadedPackage: Package | undefined;
  return () => {
    loadedPackage ??= require(name) as Package;
    return loadedPackage;
  };
}

/** Where a file of an npm package is. */
export function packageFile(name: string): string {
  return require.resolve(name);
}

/**
 * The exports of the addon with test hooks.
 *
 * @throws AddonError where the plain addon is loaded
 */
export function testHooks(): TestHooks {
  if (!("__panic" in loaded)) {
    throw new AddonError("test hooks need the test addon. Remedy: set THALWEG_ADDON=test before the first import.");
  }
  return loaded as unknown as TestHooks;
}
