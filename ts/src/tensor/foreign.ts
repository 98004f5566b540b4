// Tensors of another copy of thalweg in the same process: two versions may be installed, each with an addon of its own.
// Such a tensor looks like one of ours and is none, so that an error has to say which of the two it is.

const mark = Symbol.for("thalweg.tensor");

/** Marks the tensors of this copy, for others. */
export function markTensors(prototype: object): void {
  Object.defineProperty(prototype, mark, { value: true });
}

/** What a value that is no tensor of this copy is, where it is one of another. */
export function foreignTensor(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !(mark in value)) return undefined;
  return `${value}, a tensor of another copy of thalweg: "npm ls thalweg" shows where they are, and tensor(await other.toArray()) copies its numbers`;
}
