// tidy frees what a function made and did not return; memory tells what is alive.
// Deterministic, because the garbage collector does not know how large a tensor is until it looks.
import { ConfigError } from "../errors.js";
import { native } from "../native.js";
import { keep, scoped, type Tensor } from "./tensor.js";
import { leavesWithin } from "./tree.js";

/** What is alive in this process. */
export interface Memory {
  /** Concrete tensors that were neither disposed of nor collected. */
  readonly liveTensors: number;
  /** Bytes of their storage; handles of one storage count it once. */
  readonly liveBytes: number;
}

/**
 * Runs a function and frees every concrete tensor that was made meanwhile, except those in its result (a tensor, or
 * arrays and objects of anything). Calls may be nested. Only for functions that return at once.
 *
 * @throws ConfigError where the function is async
 *
 * @example
 * ```ts
 * const distance = tidy(() => a.sub(b).square().sum().sqrt()); // three tensors are freed
 * ```
 */
export function tidy<T>(body: () => T extends PromiseLike<unknown> ? never : T): T;
export function tidy(body: () => unknown): unknown {
  const { result, made } = scoped(body);
  const isPromise = result instanceof Promise;
  const survivors = new Set<Tensor>(isPromise ? [] : leavesWithin(result));
  for (const tensor of made) {
    if (!survivors.has(tensor)) tensor.dispose();
    else keep([tensor]);
  }
  if (!isPromise) return result;
  result.catch(() => undefined);
  const details = { expected: "a function that returns at once", got: "an async function", where: "tidy" };
  throw new ConfigError("tidy: expected a function that returns at once, got an async function", details);
}

/**
 * How many concrete tensors are alive, and their bytes.
 *
 * @example
 * ```ts
 * const before = memory().liveBytes;
 * const made = ones([256]);
 * memory().liveBytes - before; // 1024
 * made.dispose();
 * ```
 */
export function memory(): Memory {
  return native.memory();
}
