// States of a model's process at some times: sampled from a model, or given as trajectories.
// What pictures of a process have in common.
import { ShapeError } from "../errors.js";
import type { Guidance, SolverConfig, Weights } from "../generated/config.js";
import { refused } from "../model/settings.js";
import { Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";
import { checkModel } from "./arguments.js";
import type { Division } from "./panel.js";
import { type Timed, Times } from "./times.js";

/** What a plot that samples a model hands on to it. */
export interface RunSettings {
  /** Samples that are drawn. */
  readonly count?: number;
  /** Their seed; default 0. */
  readonly seed?: number;
  /** Of a conditional model the condition of all samples: one row, `[1, …conditionSize]`. */
  readonly condition?: Tree;
  /** Of a model that was fitted between two sets samples of its source, `[N, …]`: where the samples start. `count` does not count then. */
  readonly x0?: Tensor;
  /** Solver, instead of the config's. */
  readonly solver?: SolverConfig;
  /** Classifier-free guidance, of a model that was trained with `conditionDropout`. */
  readonly guidance?: Guidance;
  /** The moving average where there is one (`"ema"`, the default), or what training left (`"raw"`). */
  readonly weights?: Weights;
  /** Ends the call between two steps. */
  readonly signal?: AbortSignal;
  /** Whether progress is shown on stderr; default false. */
  readonly progress?: boolean;
}

/** The names of {@link RunSettings}. */
export const runNames = {
  count: true,
  seed: true,
  condition: true,
  x0: true,
  solver: true,
  guidance: true,
  weights: true,
  signal: true,
  progress: true,
} as const;

/** A model whose process can be followed, of states that are vectors. */
export interface ProcessModel extends Timed {
  /** As {@link GenerativeModel.sampleForwardProcess}. */
  sampleForwardProcess(settings: object): Promise<Tensor>;
}

/** States at some times. */
export interface Process {
  /** In the order of sampling. */
  readonly times: readonly number[];
  /** `[T, N, D]`. */
  readonly states: Tensor;
  /** What the times are. */
  readonly unit: string;
  readonly division: Division;
}

/** Settings of plots of a process. */
export interface ProcessSettings extends RunSettings {
  /** Of a model the times t at which it is shown; of trajectories the times of their entries, by default 0, 1, 2 … */
  readonly times?: readonly number[];
}

function check(states: Tensor, axes: readonly number[]): void {
  const width = states.shape.at(-1) ?? 0;
  if (states.rank === 3 && axes.every((axis) => Number.isSafeInteger(axis) && axis >= 0 && axis < width)) return;
  const [expected, got] = [`states [T, N, ${Math.max(...axes) + 1} or more]`, `[${states.shape.join(", ")}]`];
  throw new ShapeError(`plot: expected ${expected}, got ${got}`, { expected, got, where: "plot" });
}

function given(states: Tensor, times: readonly number[] | undefined): Process {
  const [count = 0] = states.shape;
  const numbers = times ?? Array.from({ length: count }, (_, i) => i);
  const isFit = Array.isArray(numbers) && numbers.length === count && numbers.every(Number.isFinite);
  const isOnce = isFit && new Set(numbers).size === count;
  if (!isOnce) throw refused("times", `${count} different numbers, one for each entry of the trajectories`, times);
  return { times: numbers, states, unit: times === undefined ? "entry" : "t", division: "linear" };
}

/**
 * The states of a model at these times, in the order of sampling, `[T, N, D]`.
 *
 * @param usual - as many samples are drawn where the settings do not say
 */
export async function statesAt(
  model: ProcessModel,
  times: readonly number[],
  settings: RunSettings,
  usual: number,
): Promise<Tensor> {
  const { count = usual, seed, condition, x0, solver, guidance, weights, signal, progress } = settings;
  const tSpan = new Times(model).span(times);
  const batchSize = x0 === undefined ? count : undefined;
  const run = { batchSize, seed, condition, x0, solver, guidance, weights, signal, progress, tSpan };
  const all = await model.sampleForwardProcess(run);
  if (!(all instanceof Tensor)) {
    const expected = "a model whose states are vectors";
    throw new ShapeError(`plot: expected ${expected}, got one with parts`, { expected, got: "parts", where: "plot" });
  }
  // Samples with a condition have a dimension for it.
  const rows = condition === undefined ? all : all.reshape([tSpan.length, -1, ...all.shape.slice(3)]);
  return rows.narrow(0, tSpan.length - times.length, times.length);
}

/**
 * The states of a model at some times, or those of trajectories.
 *
 * @param source - a model, or trajectories `[T, N, D]`
 * @param axes - the coordinates that are drawn
 * @param usual - times and samples where the settings do not say
 */
export async function processOf(
  source: ProcessModel | Tensor,
  axes: readonly number[],
  settings: ProcessSettings,
  usual: { readonly times: number; readonly count: number },
): Promise<Process> {
  const { times } = settings;
  if (source instanceof Tensor) {
    check(source, axes);
    return given(source, times);
  }
  const all = new Times(source);
  const wanted = times === undefined ? all.spread(usual.times) : all.ordered(times);
  const states = await statesAt(source, wanted, settings, usual.count);
  check(states, axes);
  return { times: wanted, states, unit: "t", division: all.division };
}

/** Refuses what has no process to follow. */
export function checkSource(where: string, source: unknown): void {
  if (source instanceof Tensor) return;
  checkModel(where, source, "a model, or trajectories [T, N, D]", "sampleForwardProcess");
}

/** A tree of one row each as one of `rows` equal ones. */
export function repeated(tree: Tree, rows: number): Tree {
  if (tree instanceof Tensor) return tree.broadcastTo([rows, ...tree.shape.slice(1)]);
  if (Array.isArray(tree)) return tree.map((part) => repeated(part, rows));
  return Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, repeated(part, rows)]));
}
