// The addon's exports, written by scripts/build-addon.mjs from the Rust sources.
// Do not edit: it is rewritten whenever the addon is built. Names with __ exist in the test addon only.

/** Export name → the most thread CPU milliseconds that one of its calls used. */
export declare function __exportCpu(): Record<string, number>

/** Native calls since the addon was loaded or the counters were reset. */
export declare function __nativeCalls(): number

/** Panics on purpose, to prove that a panic becomes an `InternalError`. */
export declare function __panic(): void

/** Forgets all counts and times. */
export declare function __resetCounters(): void

/** CPU milliseconds of the calling thread, to time a call together with its conversions. */
export declare function __threadCpu(): number

/** The version of the addon, equal to the version of the npm package it belongs to. */
export declare function version(): string
