// Loads the native addon and turns its errors into classes; no other file may load it.
// Loading is synchronous, so that both `import` and `require` of thalweg work.

import { createRequire } from "node:module";
import { type AddonKind, addonFile, addonTarget, packageVersion, wantedDevice, whyNotLoaded } from "./addon.js";
import { AddonError, fromNative, InternalError, ThalwegError } from "./errors.js";
import type * as addon from "./generated/addon.js";
import type { Boundary } from "./native/boundary.js";
import { withRemedy } from "./native/remedies.js";

type Addon = typeof addon;

/** The exports that only the addon with test hooks has. */
export type TestHooks = Pick<Addon, Extract<keyof Addon, `__${string}`>>;

const require = createRequire(import.meta.url);

/**
 * Converts what a native call threw: the addon's own errors to their classes, napi's (an argument of the
 * wrong type) to InternalError, because arguments are validated before. What JavaScript threw stays itself.
 */
function converted(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof ThalwegError) return thrown;
  const error = fromNative(thrown.message);
  if (error !== undefined) return withRemedy(error);
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

/**
 * Opens an addon.
 *
 * @throws AddonError that says what is missing and how to get it
 */
function opened(kind: AddonKind): Record<string, unknown> {
  const addon = addonFile(kind);
  const { name, file } = addon;
  const target = addonTarget();
  if (!addon.installed) {
    const what = kind === "cuda" ? "CUDA" : "native";
    throw new AddonError(`the ${what} addon for ${target} is missing: there is no ${name}. ${addon.remedy}`, {
      expected: name,
      path: file,
    });
  }
  let exports: Record<string, unknown>;
  try {
    exports = require(file);
  } catch (cause) {
    throw new AddonError(
      `${name} could not be loaded on ${target} (Node ${process.versions.node}); ${whyNotLoaded(file, target, cause)}. ${addon.remedy}`,
      { expected: target, path: file, cause },
    );
  }
  const expected = packageVersion();
  const got = (exports as Partial<Addon>).version?.();
  if (got !== expected) {
    throw new AddonError(`${name} is version ${got}, but thalweg is version ${expected}. ${addon.remedy}`, {
      expected,
      got,
      path: file,
    });
  }
  return exports;
}

/** The addon of this process, and, where it is not the one with CUDA, why. */
interface Chosen {
  readonly kind: AddonKind;
  readonly exports: Record<string, unknown>;
  readonly without?: string;
}

/** Opens the one addon that this process uses: that with CUDA where it is installed, unless the CPU is asked for. */
function chosen(): Chosen {
  const device = wantedDevice();
  const plain = (kind: AddonKind, without: string): Chosen => ({ kind, exports: opened(kind), without });
  if (process.env.THALWEG_ADDON === "test") return plain("test", "the addon of the tests is made without CUDA");
  if (device.startsWith("cuda")) return { kind: "cuda", exports: opened("cuda") };
  if (device === "cpu") return plain("plain", 'THALWEG_DEVICE is "cpu", so that the CUDA addon was not loaded');
  const { name, installed, remedy } = addonFile("cuda");
  if (!installed) return plain("plain", `the CUDA addon is not installed: there is no ${name}. ${remedy}`);
  try {
    return { kind: "cuda", exports: opened("cuda") };
  } catch (error) {
    if (!(error instanceof AddonError)) throw error;
    process.stderr.write(`thalweg: device cpu (${error.message})\n`);
    return plain("plain", error.message);
  }
}

/** Loads the addon, and tells it what it cannot know: how to look for a GPU in another process. */
function load(): Record<string, unknown> {
  const { kind, exports, without } = chosen();
  (exports as unknown as Addon).hostAddon(process.execPath, addonFile(kind).file, without);
  return wrapExports(exports);
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
