// The times at which a flow is looked at, and what they are called.
// Of a diffusion model sampling counts τ from the noise; its own t has the noise at its end.
import type { Path } from "../generated/config.js";

/** When to look. */
export interface FlowTimes {
  /** As `tSpan` has them. */
  readonly span: readonly number[];
  /** The same moments in the model's own time. */
  readonly times: readonly number[];
}

/** The exponent of the grids of Karras et al. 2022, which are denser at the data. */
const RHO = 7;

/** Times of a path from noise to data, evenly spaced in how the picture changes. */
function pathTimes(path: Path, frames: number): number[] {
  const share = (i: number) => i / (frames - 1);
  const even = (start: number, end: number) =>
    Array.from({ length: frames }, (_, i) => (i === frames - 1 ? end : start + (end - start) * share(i)));
  if (path.type === "edm") {
    const { sigmaMin = 0.002, sigmaMax = 80 } = path;
    const [low, high] = [sigmaMin ** (1 / RHO), sigmaMax ** (1 / RHO)];
    return even(high, low).map((root, i) => (i === 0 ? sigmaMax : i === frames - 1 ? sigmaMin : root ** RHO));
  }
  if (path.type === "cosine_vp") return even(0.9946, 0);
  if (path.type === "custom") return even(path.tMax ?? 1, path.tMin ?? 0);
  return even(1, 0);
}

/**
 * The times of a model's flow from noise, or its source, to data.
 *
 * @param path - of a diffusion model; others begin at 0 and end at 1
 * @param frames - how many; ≥ 2
 */
export function flowTimes(path: Path | undefined, frames: number): FlowTimes {
  if (path === undefined) {
    const times = Array.from({ length: frames }, (_, i) => i / (frames - 1));
    return { span: times, times };
  }
  const times = pathTimes(path, frames);
  const start = times[0] ?? 1;
  return { span: times.map((t) => start - t), times };
}
