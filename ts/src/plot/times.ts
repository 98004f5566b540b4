// The times of a model's process, as plots speak of them: t of the model, like its functions of t.
// A diffusion model has its data at t = 0, a flow or a bridge at t = 1; sampling goes there.
import type { Path, Size } from "../generated/config.js";
import { GaussianModel } from "../model/gaussian-model.js";
import { refused } from "../model/settings.js";
import type { Division } from "./panel.js";

/** What pictures of a model need to know of its config. */
export interface TimedConfig {
  /** Shape of one sample. */
  readonly xSize: Size;
  /** Element type of the model's tensors. */
  readonly dtype?: "f32" | "f64";
  /** The path, of which the times are. */
  readonly path?: object;
}

/** What a model's times follow from. */
export interface Timed {
  /** The config that the model was made from. */
  readonly config: TimedConfig;
}

/** The exponent by which noise levels are spread: Karras et al. 2022, equation 5. */
const RHO = 7;

/** The ends of a path's time, as crates/path has them. */
function endsOf(path: Path): readonly [data: number, noise: number] {
  if (path.type === "edm") return [path.sigmaMin ?? 0.002, path.sigmaMax ?? 80];
  if (path.type === "cosine_vp") return [0, 0.9946];
  if (path.type === "custom") return [path.tMin ?? 0, path.tMax ?? 1];
  return [0, 1];
}

/** A model's times. */
export class Times {
  /** Where sampling starts and where it ends. */
  readonly ends: readonly [start: number, end: number];
  /** How an axis of times is divided, and times spread: along `edm` t is the noise level itself. */
  readonly division: Division;

  constructor(model: Timed) {
    const path = model instanceof GaussianModel ? (model.config.path as Path) : undefined;
    const [data, noise] = path === undefined ? [1, 0] : endsOf(path);
    this.ends = [noise, data];
    this.division = path?.type === "edm" ? "log" : "linear";
  }

  /** As many times from the start to the end, both included. */
  spread(count: number): number[] {
    const [start, end] = this.ends;
    const [there, back] = this.division === "log" ? [1 / RHO, RHO] : [1, 1];
    const [a, b] = [start ** there, end ** there];
    return Array.from({ length: count }, (_, i) => {
      if (i === 0) return start;
      return i === count - 1 ? end : (a + ((b - a) * i) / (count - 1)) ** back;
    });
  }

  /**
   * The same times in the order of sampling.
   *
   * @throws ConfigError for what are no different times between the ends
   */
  ordered(times: readonly number[]): number[] {
    const [start, end] = this.ends;
    const [low, high] = [Math.min(start, end), Math.max(start, end)];
    const isTime = (t: unknown) => typeof t === "number" && t >= low && t <= high;
    const isFit =
      Array.isArray(times) && times.length > 0 && times.every(isTime) && new Set(times).size === times.length;
    if (!isFit) throw refused("times", `different times of the model, between ${low} and ${high}`, times);
    return [...times].sort((a, b) => (start < end ? a - b : b - a));
  }

  /** The `tSpan` of sampling that reaches these times, given in the order of sampling. */
  span(times: readonly number[]): number[] {
    const [start, end] = this.ends;
    const spoken = (t: number) => (start < end ? t : start - t);
    return [...(times[0] === start ? [] : [start]), ...times].map(spoken);
  }
}
