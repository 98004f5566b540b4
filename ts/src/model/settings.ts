// What every call checks of its arguments before it looks at them: that settings are an object, a path a string, a function a function.
// Names of settings that no validator of a config sees are here, too.
import { listed } from "../config/kit.js";
import { hint } from "../config/nearest.js";
import { namesOf, optionsOf } from "../config/options.js";
import { ConfigError, relabelled } from "../errors.js";
import type { Weights } from "../generated/config.js";
import { describe } from "../tensor/tree.js";
import type {
  CallSettings,
  Candidates,
  CoupleSettings,
  EnergyGuideSettings,
  EverySettings,
  GuideSettings,
  LossSettings,
  PairLossSettings,
  Pairs,
  PlainSize,
  RowSettings,
  ValidationSettings,
} from "./options.js";

const ofRows = { condition: true, sampleWeight: true } as const;

/** The names of {@link RowSettings}. */
export const rowNames = namesOf<RowSettings<never>>(ofRows);
/** The names of {@link CallSettings}. */
export const callNames = namesOf<CallSettings>({ condition: true, weights: true });
/** The names of {@link CoupleSettings}. */
export const coupleNames = namesOf<CoupleSettings<PlainSize, never>>({
  x0: true,
  x1: true,
  condition: true,
  seed: true,
});
const ofLosses = {
  ...ofRows,
  weight: true,
  weighting: true,
  time: true,
  layout: true,
  energy: true,
  reduction: true,
  weights: true,
  seed: true,
} as const;
/** The names of {@link LossSettings}. */
export const lossNames = namesOf<LossSettings>(ofLosses);
/** The names of {@link PairLossSettings}. */
export const pairLossNames = namesOf<PairLossSettings>({ x0: true, ...ofLosses });
/** The names of {@link Pairs}. */
export const pairNames = namesOf<Pairs<PlainSize>>({ x0: true, x1: true });
/** The names of {@link Candidates}. */
export const candidateNames = namesOf<Candidates<PlainSize>>({ x: true, energy: true });
/** The names of {@link ValidationSettings}. */
export const validationNames = namesOf<ValidationSettings<never, never>>({ data: true, every: true, ...ofRows });
/** The names of {@link EverySettings}. */
export const everyNames = namesOf<EverySettings>({ steps: true, call: true });
/** The names of {@link EnergyGuideSettings}. */
const energyNames = namesOf<EnergyGuideSettings<PlainSize, never>>({ at: true, scale: true, function: true });
/** The names of {@link GuideSettings}. */
export const guideNames = namesOf<GuideSettings>({ model: true, scale: true });

/** The error that an argument is not what it must be. */
export function refused(what: string, expected: string, value: unknown): ConfigError {
  const got = describe(value);
  return new ConfigError(`${what}: expected ${expected}, got ${got}`, { expected, got, path: what });
}

/**
 * The settings of a call.
 *
 * @param number - the setting that a number in their place was meant to be
 * @throws ConfigError where they are no object
 */
export function settingsOf<T extends object>(what: string, value: T, number?: string): T {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  const error = refused(what, "an object of settings", value);
  const given: unknown = value;
  if (number === undefined || !(typeof given === "number" || Array.isArray(given))) throw error;
  throw relabelled(error, `${error.message}. Remedy: { ${number}: ${JSON.stringify(given)} }`, { cause: undefined });
}

/**
 * The path of a file or a folder.
 *
 * @throws ConfigError where it is no string, or an empty one
 */
export function pathOf(what: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw refused(what, "a path", value);
}

/**
 * A function of the user's.
 *
 * @throws ConfigError where it is none
 */
export function functionOf<T>(what: string, value: T): T {
  if (typeof value === "function") return value;
  throw refused(what, "a function", value);
}

/**
 * The settings of an energy that guides; none where there is none.
 *
 * @throws ConfigError for a name that is not known, or a function that is none
 */
export function energySettingsOf<E extends { readonly function?: unknown }>(energy: E | undefined): E {
  const settings = optionsOf("energy", energy === undefined ? ({} as E) : energy, energyNames);
  if (settings.function !== undefined) functionOf("energy.function", settings.function);
  return settings;
}

/**
 * A setting that is there must be true or false.
 *
 * @throws ConfigError where it is something else
 */
export function checkTruth(what: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") throw refused(what, "true or false", value);
}

/**
 * A setting that is there must be an integer, of at least and at most so much.
 *
 * @throws ConfigError where it is something else
 */
export function checkInteger(what: string, value: unknown, least?: number, most = Number.POSITIVE_INFINITY): void {
  if (value === undefined) return;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= (least ?? value) && value <= most) return;
  const limits = most === Number.POSITIVE_INFINITY ? ` ≥ ${least}` : ` from ${least} to ${most}`;
  throw refused(what, `an integer${least === undefined ? "" : limits}`, value);
}

/**
 * A number.
 *
 * @throws ConfigError where it is none, or not finite
 */
export function numberOf(what: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw refused(what, "a finite number", value);
}

/**
 * A setting that is there must be one of some names.
 *
 * @throws ConfigError where it is something else
 */
export function checkName(what: string, value: unknown, known: readonly string[]): void {
  if (value === undefined || known.some((name) => name === value)) return;
  const error = refused(what, listed(known.map((name) => JSON.stringify(name))), value);
  throw relabelled(error, `${error.message}${hint(value, known)}`, { cause: undefined });
}

/** The values of `weights`. */
export const weightNames = ["ema", "raw"] as const satisfies readonly Weights[];

/**
 * Refuses options that a call does not have, although the engine knows them.
 *
 * @throws ConfigError with the name of the first
 */
export function refuseOptions(options: object, names: readonly string[]): void {
  const unknown = names.find((name) => name in options);
  if (unknown !== undefined)
    throw refused(unknown, "no option of this name in this call", Reflect.get(options, unknown));
}
