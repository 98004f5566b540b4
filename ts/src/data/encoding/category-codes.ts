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

/** A vector for each category. */
function vectorCode(vectors: readonly ArrayLike<number>[]): Code {
  const width = vectors[0]?.length ?? 0;
  return {
    width,
    write(index, into, at) {
      const vector = vectors[index] as ArrayLike<number>;
      for (let k = 0; k < width; k++) into[at + k] = vector[k] as number;
    },
    read: (from, at) =>
      best(vectors.length, (index) => {
        const vector = vectors[index] as ArrayLike<number>;
        let distance = 0;
        for (let k = 0; k < width; k++) distance += ((from[at + k] as number) - (vector[k] as number)) ** 2;
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
  bits: (_, count) => {
    const width = bitsOf(count);
    const bits = (index: number) => Array.from({ length: width }, (__, k) => ((index >> k) & 1 ? 1 : -1));
    return vectorCode(Array.from({ length: count }, (__, index) => bits(index)));
  },
  embedding: ({ vectors }) => vectorCode(vectors),
};

/** The kinds of codes. */
export const codeKinds = Object.keys(codes) as readonly Kind[];

/** The code of `count` categories. */
export const codeOf = <K extends Kind>(code: Extract<CategoryCode, { type: K }>, count: number): Code =>
  (codes[code.type as K] as (code: Extract<CategoryCode, { type: K }>, count: number) => Code)(code, count);
