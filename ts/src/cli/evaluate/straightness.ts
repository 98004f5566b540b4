// How straight the flow is along which samples go: the straighter, the fewer steps a solver needs.
// Of the probability flow, whatever samples are drawn with.
import { pathEnergy, straightness as straightnessOf, wasserstein } from "../../data/metrics.js";
import type { Guidance, Path, SolverConfig } from "../../generated/config.js";
import type { AnyModel } from "../../model/registry.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Measured } from "./halves.js";

/** Measures of trajectories. */
export interface Straightness {
  /** ∫E‖(x₁ − x₀) − v‖² dt, in squared units of the data. */
  readonly straightness: number;
  /** (path energy − W₂²)/W₂² between the ends; null where these are the same. */
  readonly normalizedPathEnergy: number | null;
}

/** How trajectories are drawn. */
export interface StraightnessSettings {
  readonly seed?: number | undefined;
  readonly weights?: "ema" | "raw" | undefined;
  readonly signal: AbortSignal;
}

/** How many trajectories, and what else sampling takes. */
interface TrajectorySettings extends StraightnessSettings {
  readonly times: number;
  readonly count: number;
  /** Of the flow; one of an SDE is not taken. */
  readonly solver?: SolverConfig;
  readonly guidance?: Guidance;
}

/** States along a trajectory. */
const TIMES = 33;

/** Trajectories. */
const COUNT = 500;

/** Where sampling ends, in its own time. */
export function lastTime(model: AnyModel): number {
  const path = "path" in model.config ? (model.config.path as Path | undefined) : undefined;
  if (path?.type === "edm") return path.sigmaMax ?? 80;
  return path?.type === "custom" ? (path.tMax ?? 1) : 1;
}

/** Trajectories `[times, N, …]` of the probability flow, at times that are equally far apart. */
export async function trajectoriesOf(
  model: AnyModel,
  { x, x0, condition }: Pick<Measured, "x0" | "condition"> & { readonly x: { readonly shape: readonly number[] } },
  { times, count: most, solver: asked, ...settings }: TrajectorySettings,
): Promise<Tensor> {
  const count = Math.min(most, x.shape[0] ?? 0);
  const first = (tensor: Tensor) => tensor.narrow(0, 0, count);
  const solver = asked ?? (model.config as { solver?: SolverConfig }).solver;
  const tSpan = Array.from({ length: times }, (_, i) => (lastTime(model) * i) / (times - 1));
  const call = {
    ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
    tSpan,
    solver: solver?.type === "ODESolver" ? solver : { type: "ODESolver", args: {} },
    ...(x0 ? { x0: first(x0) } : condition ? {} : { batchSize: count }),
    ...(condition && { condition: first(condition) }),
  };
  const { sampleForwardProcess } = model as { sampleForwardProcess(settings: object): Promise<Tensor> };
  return sampleForwardProcess.call(model, call);
}

/** Measures; null of tokens, which jump. */
export async function straightness(
  model: AnyModel,
  rows: Measured,
  settings: StraightnessSettings,
): Promise<Straightness | null> {
  if ("vocabulary" in model.config) return null;
  const paths = await trajectoriesOf(model, rows, { ...settings, times: TIMES, count: COUNT });
  const last = (paths.shape[0] ?? 1) - 1;
  const [{ squared }, energy] = [await wasserstein(paths.select(0, 0), paths.select(0, last)), await pathEnergy(paths)];
  return {
    straightness: await straightnessOf(paths),
    normalizedPathEnergy: squared > 0 ? (energy - squared) / squared : null,
  };
}
