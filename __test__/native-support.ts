// What the tests of the native boundary share: typed arrays in and out, and hostile values.
// They call the addon as TypeScript does, below the classes that users see.
import type { DType, NativeTensor } from "../ts/src/native/boundary.ts";
import { native, testHooks } from "../ts/src/native.ts";

type Elements = Float32Array | Float64Array | BigInt64Array | Uint8Array;

/** The memory of a typed array as bytes. */
export function bytesOf(elements: Elements): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/** An f32 tensor. */
export function f32(values: readonly number[], shape: readonly number[] = [values.length]): NativeTensor {
  return native.tensorFrom(bytesOf(new Float32Array(values)), "f32", [...shape]);
}

/** The elements of a tensor, as the typed array of its element type. */
export async function elementsOf(tensor: NativeTensor): Promise<Elements> {
  const { dtype } = tensor;
  const { buffer, byteOffset, byteLength } = await tensor.read();
  if (dtype === "f64") return new Float64Array(buffer, byteOffset, byteLength / 8);
  if (dtype === "i64") return new BigInt64Array(buffer, byteOffset, byteLength / 8);
  if (dtype === "bool") return new Uint8Array(buffer, byteOffset, byteLength);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

/** The elements of a tensor as numbers. */
export async function numbersOf(tensor: NativeTensor): Promise<number[]> {
  return Array.from((await elementsOf(tensor)) as ArrayLike<number | bigint>, Number);
}

/** One eager op with one result. */
export function eager(op: string, inputs: NativeTensor[], attrs: object = {}): NativeTensor {
  const [result] = native.eager(op, JSON.stringify(attrs), inputs);
  if (result === undefined) throw new Error(`${op} gave nothing`);
  return result;
}

/** What a call throws or its promise rejects with. */
export async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
}

/** An object's methods without their types, to call them with anything. */
export function untyped(target: object): Record<string, (...args: unknown[]) => unknown> {
  return target as Record<string, (...args: unknown[]) => unknown>;
}

/** A class without its type, to construct it with anything. */
export function untypedClass(target: unknown): new (...args: unknown[]) => object {
  return target as new (
    ...args: unknown[]
  ) => object;
}

/** Lists that are no shapes, and the class of error each of them is. */
export const hostileShapes: readonly (readonly [name: string, shape: unknown, code: string])[] = [
  ["a negative size", [-1], "ShapeError"],
  ["half a size", [0.5], "ShapeError"],
  ["NaN", [Number.NaN], "ShapeError"],
  ["an infinite size", [Number.POSITIVE_INFINITY], "ShapeError"],
  ["a size beyond integers", [1e300], "ShapeError"],
  ["33 dimensions", Array(33).fill(1), "ShapeError"],
  ["the longest array there is", new Array(2 ** 32 - 1), "ShapeError"],
  ["strings", ["2"], "InternalError"],
  ["holes", new Array(2), "InternalError"],
  ["an object", { length: 1, 0: 1 }, "InternalError"],
  ["null", null, "InternalError"],
  ["nothing", undefined, "InternalError"],
];

/** Values that are of no use as any argument. */
export const hostileValues: readonly unknown[] = [
  undefined,
  null,
  true,
  Number.NaN,
  -1,
  2 ** 60,
  10n ** 40n,
  "",
  "x".repeat(1e6),
  Symbol("s"),
  [],
  [[]],
  new Array(2 ** 32 - 1),
  {},
  Object.create(null),
  () => undefined,
  new Proxy([], {}),
  new Proxy(
    {},
    {
      get() {
        throw new RangeError("trap");
      },
    },
  ),
  new Float64Array(3),
  new DataView(new ArrayBuffer(8)),
  new SharedArrayBuffer(8),
  new Date(),
  Promise.resolve(),
];

/** Element types. */
export const dtypes: readonly DType[] = ["f32", "f64", "bf16", "i64", "bool"];

/** Export name → milliseconds, of every export that used more than 10 ms of the main thread in one call. */
export function slowExports(): Record<string, number> {
  return Object.fromEntries(Object.entries(testHooks().__exportCpu()).filter(([, ms]) => ms > 10));
}
