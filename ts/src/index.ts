/**
 * Trains and samples diffusion and flow models on a native engine.
 *
 * What a user imports; everything else in this folder is internal.
 *
 * @module
 */
import { native } from "./native.js";

export type { ErrorCode, ErrorDetails } from "./errors.js";
export {
  AbortError,
  AddonError,
  CheckpointError,
  ConfigError,
  DataError,
  DeviceError,
  DisposedError,
  DTypeError,
  InternalError,
  MemoryError,
  ShapeError,
  ThalwegError,
  TraceError,
  TrainingError,
} from "./errors.js";

/** The version of the native addon, equal to the version of this package. */
export function version(): string {
  return native.version();
}
