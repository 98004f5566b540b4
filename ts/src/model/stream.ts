// Data that need not fit into memory: batches that come one after the other, joined into chunks that a fit is trained on.
// While one chunk is trained on the next is read, and nothing is read beyond that.

import { turns } from "../data/slices.js";
import type { Table } from "../data/table.js";
import { DataError } from "../errors.js";
import type { Size } from "../generated/config.js";
import type { NativeRun } from "../native/boundary.js";
import { handleOf, Tensor } from "../tensor/tensor.js";
import { describe } from "../tensor/tree.js";
import { grouped } from "./groups.js";
import { free, type Lists, mapped, rowsOf } from "./lists.js";
import type { RowSettings } from "./options.js";

/** Rows of a stream with what belongs to them. */
export interface Batch<C extends Size, Data> extends RowSettings<C> {
  /** The rows, of any number. */
  readonly data: Data | Table;
}

/**
 * Data that come one batch after the other, of any numbers of rows. A function is called for each pass over the data; something that can only be read once is
 * enough for one pass.
 */
export type Stream<C extends Size, Data> =
  | AsyncIterable<Data | Table | Batch<C, Data>>
  | (() => AsyncIterable<Data | Table | Batch<C, Data>>);

/** Whether what a fit is given is a stream. */
export function isStream<C extends Size, Data>(data: unknown): data is Stream<C, Data> {
  return typeof data === "function" || (typeof data === "object" && data !== null && Symbol.asyncIterator in data);
}

/** Rows that were read, and whether they are ours to free. */
export interface Read {
  readonly lists: Lists;
  readonly owned: boolean;
}

/** How a stream is cut. */
export interface Cutting {
  /** Passes over the data. */
  readonly epochs: number;
  /** Rows of a chunk, a multiple of `unit`. */
  readonly rows: number;
  /** Rows of a step. */
  readonly unit: number;
  /** Whether rows that fill no step are trained on in the end. */
  readonly keep: boolean;
  /** Whether nobody wants any more. */
  readonly ended: boolean;
}

/** Rows that a fit is trained on at a time. */
export interface Chunk {
  readonly lists: Lists;
  readonly rows: number;
  /** The pass over the data that they are of. */
  readonly epoch: number;
}

/** Rows that wait until there are enough of them. */
class Waiting {
  #pieces: Lists[] = [];
  rows = 0;

  /** Takes rows from `start` on, at most `most`; how many it took. */
  take(lists: Lists, start: number, most: number): number {
    const length = Math.min(most, rowsOf(lists.x) - start);
    this.#pieces.push(mapped(lists, (tensor) => tensor.narrow(0, start, length)));
    this.rows += length;
    return length;
  }

  /** Gives the first rows, as one piece. */
  give(rows: number): Lists {
    const all = this.#joined();
    const left = this.rows - rows;
    this.#pieces = left === 0 ? [] : [mapped(all, (tensor) => tensor.narrow(0, rows, left))];
    this.rows = left;
    if (left === 0) return all;
    const given = mapped(all, (tensor) => tensor.narrow(0, 0, rows));
    free(all);
    return given;
  }

  #joined(): Lists {
    const [first, ...others] = this.#pieces;
    if (first === undefined) return {};
    if (others.length === 0) return first;
    const joined = Object.entries(first).map(([name, tensors]) => {
      const all = tensors.map((_, k) =>
        Tensor.concat(
          this.#pieces.flatMap((piece) => piece[name]?.[k] ?? []),
          0,
        ),
      );
      return [name, all] as const;
    });
    for (const piece of this.#pieces) free(piece);
    return Object.fromEntries(joined);
  }

  dispose(): void {
    for (const piece of this.#pieces) free(piece);
    this.#pieces = [];
  }
}

function empty(epoch: number): DataError {
  const [expected, got] = ["a stream of at least one row", "none"];
  const again =
    epoch === 0
      ? ""
      : `; it was read to its end ${epoch === 1 ? "once" : `${epoch} times`}. Remedy: give a function that starts it anew, or epochs: ${epoch}`;
  return new DataError(`data: expected ${expected}, got ${got}${again}`, { expected, got, where: "data" });
}

/** What a function that opens a stream gives. */
function opened(open: () => AsyncIterable<unknown>): AsyncIterable<unknown> {
  const found: unknown = open();
  if (typeof found === "object" && found !== null && Symbol.asyncIterator in found)
    return found as AsyncIterable<unknown>;
  const [expected, got] = ["a function that gives an async iterable, such as an async generator", describe(found)];
  throw new DataError(`data: expected ${expected}, got ${got}`, { expected, got, where: "data" });
}

/**
 * The chunks of a stream, whose batches `read` is given with their number, from 1 in each pass: each row of each pass in one of them, apart from those at the very end that fill no step. What does not fill a step at the end
 * of one pass goes into the next.
 */
export async function* chunks(
  open: () => AsyncIterable<unknown>,
  read: (item: unknown, number: number) => Promise<Read>,
  cutting: Cutting,
): AsyncGenerator<Chunk, void, undefined> {
  const { epochs, rows, unit, keep } = cutting;
  const waiting = new Waiting();
  const turn = turns();
  let given = 0;
  const chunk = (length: number, epoch: number): Chunk => {
    given += 1;
    return { lists: waiting.give(length), rows: length, epoch };
  };
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      let [seen, batch] = [0, 0];
      for await (const item of opened(open)) {
        if (cutting.ended) return;
        batch += 1;
        const { lists, owned } = await read(item, batch);
        const length = rowsOf(lists.x);
        for (let start = 0; start < length; ) {
          start += waiting.take(lists, start, rows - waiting.rows);
          if (start === length && owned) free(lists);
          if (waiting.rows === rows) yield chunk(rows, epoch);
        }
        seen += length;
        // A stream that has all its rows at hand would otherwise keep timers and sockets waiting.
        await turn();
      }
      if (seen === 0) throw empty(epoch);
      const whole = waiting.rows - (waiting.rows % unit);
      if (whole > 0) yield chunk(whole, epoch);
    }
    if (waiting.rows > 0 && (keep || given === 0)) yield chunk(waiting.rows, epochs - 1);
  } finally {
    waiting.dispose();
  }
}

/** Feeds a run with the chunks that come, one ahead of what is trained on, until there are no more or it wants no more. */
export async function pump(
  run: NativeRun,
  source: AsyncGenerator<Chunk>,
  before: (chunk: Chunk) => void,
): Promise<void> {
  for (;;) {
    const { done, value } = await source.next();
    if (done) {
      run.complete();
      return;
    }
    let taken: Promise<boolean>;
    try {
      before(value);
      taken = run.feed(...grouped(mapped(value.lists, handleOf)), value.epoch);
    } finally {
      free(value.lists);
    }
    if (!(await taken)) return;
  }
}
