// Values of a column as it writes them: whole numbers, so many decimals, or full days.
// A decimal such as 0.3 is no multiple of 0.1 in binary; it is 3 divided by 10, which rounds as the text does.

/** Rounds to the nearest multiple of `step`; undefined leaves values as they are. */
export function rounding(step: number | undefined): (value: number) => number {
  if (step === undefined) return (value) => value;
  const parts = Math.round(1 / step);
  // Adding 0 makes the −0 of a small negative number a 0.
  if (Math.abs(parts * step - 1) > 1e-12) return (value) => Math.round(value / step) * step + 0;
  return (value) => {
    // What is too large for its parts has no decimals.
    const rounded = Math.round(value * parts) / parts + 0;
    return Number.isFinite(rounded) ? rounded : value;
  };
}
