// The numbers of categories, and which category numbers mean.
// A new code is one entry here, and a type in crates/model/src/table.rs.
import type { CategoryCode } from "../../generated/config.js";

/** Any numbers, written and read in place. */
export type Numbers = Float32Array | Float64Array;

/** The numbers of each of some categories. */
export interface Code {
  readonly width: number;
  write(index: number, into: Numbers, at: number): void;
  /** The category whose numbers are nearest. */
  read(from: ArrayLike<number>, at: number): number;
}

type Kind = CategoryCode["type"];

/** The index of the largest score; the first of equal ones. */
function best(count: number, score: (index: number) => number): number {
  let [found, highest] = [0, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < count; index++) {
    const value = score(index);
    if (value > highest) [found, highest] = [index, value];
  }
  return found;
}

/** A vector for each category, by its index and place. */
function vectorCode(count: number, width: number, number: (index: number, place: number) => number): Code {
  return {
    width,
    write(index, into, at) {
      for (let k = 0; k < width; k++) into[at + k] = number(index, k);
    },
    read: (from, at) =>
      best(count, (index) => {
        let distance = 0;
        for (let k = 0; k < width; k++) distance += ((from[at + k] as number) - number(index, k)) ** 2;
        return -distance;
      }),
  };
}

/** Bits that tell `count` indices apart. */
const bitsOf = (count: number) => Math.max(1, Math.ceil(Math.log2(count)));

const codes: { readonly [K in Kind]: (code: Extract<CategoryCode, { type: K }>, count: number) => Code } = {
  oneHot: (_, count) => ({
    width: count,
    write(index, into, at) {
      for (let k = 0; k < count; k++) into[at + k] = k === index ? 1 : -1;
    },
    read: (from, at) => best(count, (index) => from[at + index] as number),
  }),
  bits: (_, count) => vectorCode(count, bitsOf(count), (index, k) => ((index >> k) & 1 ? 1 : -1)),
  embedding: ({ vectors }) =>
    vectorCode(vectors.length, vectors[0]?.length ?? 0, (index, k) => vectors[index]?.[k] as number),
};

/** The kinds of codes. */
export const codeKinds = Object.keys(codes) as readonly Kind[];

/** The code of `count` categories. */
export const codeOf = <K extends Kind>(code: Extract<CategoryCode, { type: K }>, count: number): Code =>
  (codes[code.type as K] as (code: Extract<CategoryCode, { type: K }>, count: number) => Code)(code, count);
