// How measured numbers are written: so that another machine writes the same.
// Errors of f64 differ between machines in their last digits, so only their decade is told.

/** Errors below this are rounding. */
const ROUNDING = 1e-12;

/** The least power of ten that is not below an error; what is below 1e-12 is rounding. */
export function decade(value) {
  if (!Number.isFinite(value)) return String(value);
  const exponent = Math.ceil(Math.log10(Math.max(value, ROUNDING)) - 1e-9);
  return `≤ 1e${exponent}`;
}

/** The measured number of a row: orders and ratios with two digits, trained ones with three, errors by their decade. */
export function measured({ section, measured: value, bound }) {
  if (typeof value !== "number") return "not finite";
  if (section === "trained") return value.toFixed(4);
  if (bound.kind === "atLeast" || bound.value >= 1) return value.toFixed(2);
  return decade(value);
}

/** What is allowed. */
export const allowed = ({ kind, value }) => `${kind === "atLeast" ? "≥" : "≤"} ${Number(value.toPrecision(4))}`;
