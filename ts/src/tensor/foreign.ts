// What is of another copy of thalweg in the same process: two versions may be installed, each with an addon of its own.
// Such a tensor, module, model or table looks like one of ours and is none, so that an error has to say which of the two it is.

const mark = Symbol.for("thalweg.class");

/** Tells this copy from others. */
const here = Symbol("this copy of thalweg");

/** What can be of another copy, with what can be done about it. */
const remedies = {
  tensor: "tensor(await other.toArray()) copies its numbers",
  parameter: "a module is made of one copy throughout",
  module: "a module is made, registered and trained by one copy throughout",
  model: "load takes what it has saved",
  table: "new Table(other.columns) takes its columns",
};

/** The kind of a class of ours. */
export type Kind = keyof typeof remedies;

/** Marks the objects of a class of this copy, for others. */
export function markOurs(prototype: object, kind: Kind): void {
  Object.defineProperty(prototype, mark, { value: { kind, copy: here } });
}

/** A value of another copy. */
export interface Foreign {
  readonly kind: Kind;
  /** What it is, for the end of a message. */
  readonly says: string;
}

/** What a value is where it is of another copy; undefined of ours, and of all else. */
export function foreign(value: unknown): Foreign | undefined {
  if (typeof value !== "object" || value === null || !(mark in value)) return undefined;
  const { kind, copy } = value[mark] as { readonly kind: Kind; readonly copy: symbol };
  if (copy === here) return undefined;
  const name = kind === "tensor" ? String(value) : value.constructor.name;
  const says = `${name}, a ${kind} of another copy of thalweg: "npm ls thalweg" shows where they are, and ${remedies[kind]}`;
  return { kind, says };
}
