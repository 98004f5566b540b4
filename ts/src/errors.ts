// The classes of errors that thalweg throws, and their way out of the JSON that the addon sends.
// Each carries what was expected, what was got and where, so that callers need not parse a sentence.

/** What an error knows beside its sentence. */
export interface ErrorDetails {
  /** What would have been right. */
  expected?: string | undefined;
  /** What was there instead. */
  got?: string | undefined;
  /** The config path or file concerned, such as `path.beta1`. */
  path?: string | undefined;
  /** The op, module or export concerned. */
  where?: string | undefined;
  /** The error that this one follows from. */
  cause?: unknown;
}

/**
 * The base of every error that thalweg throws on purpose; `code` equals the class's name.
 *
 * @example
 * ```ts
 * try {
 *   adamw({ lr: 1e-3 });
 *   await model.sample({ batchSize: -1 });
 * } catch (error) {
 *   if (!(error instanceof ThalwegError)) throw error;
 *   console.log(error.code, error.path, error.expected, error.got); // ConfigError, batchSize …
 * }
 * ```
 */
export abstract class ThalwegError extends Error {
  /** The class's name, for a `switch`. */
  abstract readonly code: string;
  /** What would have been right. */
  readonly expected: string | undefined;
  /** What was there instead. */
  readonly got: string | undefined;
  /** The config path or file concerned. */
  readonly path: string | undefined;
  /** The op, module or export concerned. */
  readonly where: string | undefined;

  /**
   * @param message - one sentence
   * @param details - the same, in parts
   */
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.expected = details.expected;
    this.got = details.got;
    this.path = details.path;
    this.where = details.where;
  }
}

/** The native addon is missing, or was built for another platform or version. */
export class AddonError extends ThalwegError {
  override readonly code = "AddonError";
}

/** A config field is unknown, missing or out of range; `path` names it. */
export class ConfigError extends ThalwegError {
  override readonly code = "ConfigError";
}

/** Shapes of operands do not fit together. */
export class ShapeError extends ThalwegError {
  override readonly code = "ShapeError";
}

/** Element types of operands do not fit together. */
export class DTypeError extends ThalwegError {
  override readonly code = "DTypeError";
}

/** Data are empty, of the wrong rank, or not finite. */
export class DataError extends ThalwegError {
  override readonly code = "DataError";
}

/** A device is unknown, absent or failed. */
export class DeviceError extends ThalwegError {
  override readonly code = "DeviceError";
}

/** A job would need more memory than there is; it was refused before it ran. */
export class MemoryError extends ThalwegError {
  override readonly code = "MemoryError";
}

/** A checkpoint is damaged, hostile or does not match the model; nothing was loaded. */
export class CheckpointError extends ThalwegError {
  override readonly code = "CheckpointError";
}

/** A traced function did what a traced function cannot, such as reading data. */
export class TraceError extends ThalwegError {
  override readonly code = "TraceError";
}

/** Training failed, for instance because the loss became NaN. */
export class TrainingError extends ThalwegError {
  override readonly code = "TrainingError";
}

/** A solver could not go on, for instance because its steps became too small. */
export class SolverError extends ThalwegError {
  override readonly code = "SolverError";
}

/** A job was stopped by its caller. */
export class AbortError extends ThalwegError {
  override readonly code = "AbortError";
}

/** A handle was used after it was disposed of. */
export class DisposedError extends ThalwegError {
  override readonly code = "DisposedError";
}

/** A defect of thalweg itself; please report it. */
export class InternalError extends ThalwegError {
  override readonly code = "InternalError";
}

/** The name of an error class, for a `switch` over {@link ThalwegError.code}. */
export type ErrorCode =
  | "AddonError"
  | "ConfigError"
  | "ShapeError"
  | "DTypeError"
  | "DataError"
  | "DeviceError"
  | "MemoryError"
  | "CheckpointError"
  | "TraceError"
  | "TrainingError"
  | "SolverError"
  | "AbortError"
  | "DisposedError"
  | "InternalError";

const classes: {
  [Code in ErrorCode]: new (
    message: string,
    details?: ErrorDetails,
  ) => ThalwegError & { readonly code: Code };
} = {
  AddonError,
  ConfigError,
  ShapeError,
  DTypeError,
  DataError,
  DeviceError,
  MemoryError,
  CheckpointError,
  TraceError,
  TrainingError,
  SolverError,
  AbortError,
  DisposedError,
  InternalError,
};

// On the prototype, because Error reads its name before fields are set, and code minifiers rename classes.
for (const [name, errorClass] of Object.entries(classes)) {
  Object.defineProperty(errorClass.prototype, "name", { value: name, configurable: true, writable: true });
}

/** The same error with another message, and details that replace its own; its cause is the first one. */
export function relabelled<E extends ThalwegError>(error: E, message: string, details: ErrorDetails = {}): E {
  const { expected, got, path, where } = error;
  const made = new classes[error.code as ErrorCode](message, { expected, got, path, where, cause: error, ...details });
  return made as ThalwegError as E;
}

/**
 * The error that the addon describes in the reason of a napi error.
 *
 * @param reason - JSON with `code`, `message` and optionally `expected`, `got`, `path`, `where`
 * @returns an instance of the class that `code` names; undefined where the text is not of that form
 */
export function fromNative(reason: string): ThalwegError | undefined {
  if (!reason.startsWith("{")) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(reason);
  } catch {
    return undefined;
  }
  if (typeof fields !== "object" || fields === null) return undefined;
  const { code, message, ...rest } = fields as Record<string, unknown>;
  if (typeof code !== "string" || typeof message !== "string" || !Object.hasOwn(classes, code)) return undefined;
  const text = (field: string) => (typeof rest[field] === "string" ? rest[field] : undefined);
  return new classes[code as ErrorCode](message, {
    expected: text("expected"),
    got: text("got"),
    path: text("path"),
    where: text("where"),
  });
}
