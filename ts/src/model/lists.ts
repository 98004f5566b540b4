// Tensors by the name of their group: what a call is given, before it crosses to the native side.
// A row of one group belongs to the same row of the others.
import type { Tensor } from "../tensor/tensor.js";

/** Tensors by the name of their group. */
export type Lists = Readonly<Record<string, readonly Tensor[]>>;

/** The number of rows of some tensors. */
export const rowsOf = (tensors: readonly Tensor[] = []) => tensors[0]?.shape[0] ?? 0;

/** How many candidates there are of each row: more than one where they come with energies. */
export const candidatesOf = ({ energy }: Lists = {}) => energy?.[0]?.shape[1] ?? 1;

/** The same lists of something else. */
export const mapped = <T>(lists: Lists, change: (tensor: Tensor) => T): Record<string, T[]> =>
  Object.fromEntries(Object.entries(lists).map(([name, tensors]) => [name, tensors.map(change)]));

/** Frees all tensors. */
export function free(lists: Lists): void {
  for (const tensor of Object.values(lists).flat()) tensor.dispose();
}
