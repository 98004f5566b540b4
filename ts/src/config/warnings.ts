// Warnings about what is no error and yet hardly meant: on stderr, once for each model or table, as Node's own are.
// They state facts and what to do; `--disable-warning=ThalwegWarning`, or a code in its place, silences them.

/** The codes of warnings. */
export type WarningCode =
  | "THALWEG_UNTRAINED"
  | "THALWEG_STILL_TRAINING"
  | "THALWEG_UNSCALED_DATA"
  | "THALWEG_OTHER_DATA"
  | "THALWEG_LOSS_ROSE"
  | "THALWEG_NOTHING_TO_DO"
  | "THALWEG_MANY_CATEGORIES";

const given = new WeakMap<object, Set<WarningCode>>();

/** Gives a warning, unless it was given of this model, or whatever else it is about, before. */
export function warnOnce(about: object, code: WarningCode, message: string): void {
  const codes = given.get(about) ?? new Set();
  if (codes.has(code)) return;
  given.set(about, codes.add(code));
  process.emitWarning(message, { type: "ThalwegWarning", code });
}
