// What a conversion has to say: what was left out or set, and where that was written.
// Objects made from dicts remember where their keys came from.
import type { Place } from "./place.js";
import type { Script } from "./python.js";

/** A remark about a place of a file. */
export interface Note extends Place {
  /** The path in the file's config. */
  readonly path: string;
  readonly message: string;
}

/** Where a key was written, and its path there. */
interface Origin {
  readonly at: number;
  readonly path: string;
}

/** Notes on a file, and where the keys of objects were written. */
export class Notes {
  readonly all: Note[] = [];
  readonly #origins = new WeakMap<object, Map<string, Origin>>();

  constructor(
    readonly file: string,
    readonly script: Script,
  ) {}

  /** Says something about a place. */
  add(at: number, path: string, message: string): void {
    this.all.push({ ...this.script.placeOf(at), path, message });
  }

  /** Says something about a key of an object, by the name that it had. */
  about(owner: object, key: string, message: string): void {
    const { at, path } = this.originOf(owner, key);
    this.add(at, path, message);
  }

  /** Remembers where a key of an object was written. */
  remember(owner: object, key: string, origin: Origin): void {
    const keys = this.#origins.get(owner) ?? new Map<string, Origin>();
    this.#origins.set(owner, keys.set(key, origin));
  }

  /** Where a key of an object was written; the beginning of the file where it was made up. */
  originOf(owner: object, key: string): Origin {
    return this.#origins.get(owner)?.get(key) ?? { at: 0, path: key };
  }

  /** The lines of all notes, in the order of the file. */
  lines(): string[] {
    const sorted = [...this.all].sort((a, b) => a.line - b.line || a.column - b.column);
    return sorted.map(({ line, column, path, message }) => `${this.file}:${line}:${column}: ${path}: ${message}`);
  }
}
