// Samples and log densities inside of a traced function: all steps of the solver become part of the graph, to be differentiated.
// What runs as a job outside of a trace is recorded here instead; a trace cannot wait for a job.

import { validate } from "../config/validate.js";
import { ConfigError, TraceError } from "../errors.js";
import type { TracedValue } from "../native/boundary.js";
import { type Tensor, traced, valueIn } from "../tensor/tensor.js";
import { currentTrace, type Trace } from "../tensor/trace.js";
import { energyGraph } from "./energy.js";
import { grouped } from "./groups.js";
import { mapped, rowsOf } from "./lists.js";
import type { Network } from "./network.js";
import type { TracedLogProbSettings, TracedSampleSettings } from "./options.js";
import { energySettingsOf } from "./settings.js";

/** What a model hands over to be recorded. */
interface Given {
  readonly network: Network;
  /** Leaves of the starts or the data. */
  readonly x0: readonly Tensor[];
  readonly condition: readonly Tensor[];
}

/** The trace that is being recorded; without one there is nothing to be part of. */
function theTrace(method: string, remedy: string): Trace {
  const trace = currentTrace();
  if (trace !== undefined) return trace;
  const expected = "a function that is being traced (valueAndGrad, grad, jvp, compile, trainStep)";
  const got = "no trace";
  throw new TraceError(`${method}: expected ${expected}, got ${got}; outside of one use await model.${remedy}`, {
    expected,
    got,
    where: method,
  });
}

/** Refuses what jobs are told and graphs cannot be. */
function refuse(settings: object, keys: Readonly<Record<string, string>>): void {
  for (const [key, why] of Object.entries(keys)) {
    if (!(key in settings)) continue;
    const [expected, got] = [`no ${key} while a function is traced: ${why}`, `a ${key}`];
    throw new ConfigError(`${key}: expected ${expected}, got ${got}`, { expected, got, path: key });
  }
}

/** The groups of ids, once forwards of modules are there. */
function prepared(trace: Trace, { network, x0, condition }: Given): [groups: string, ids: number[]] {
  network.prepare({ kind: "loss", rows: rowsOf(x0), training: false });
  return grouped(mapped({ x0, condition }, (tensor) => valueIn(trace, tensor).id));
}

const asTensors = (trace: Trace, values: readonly TracedValue[]) => values.map((value) => traced(trace, value));

/** What only jobs can do. */
const ofJobs = {
  batchSize: "there are as many samples as rows of x0",
  signal: "the graph is recorded at once",
  guide: "another model can guide jobs only",
};

/**
 * The leaves of samples.
 *
 * @param shapes - of the state and the condition, for an energy that is a function
 * @param more - options that the model sets: whether a trajectory is asked for
 */
export function tracedSamples(
  given: Given,
  settings: Omit<TracedSampleSettings<never, never>, "x0" | "condition" | "energy"> & { readonly energy?: unknown },
  shapes: Omit<Parameters<typeof energyGraph<never, never>>[1], "rows">,
  more: { readonly trajectory: boolean },
): Tensor[] {
  const [method, remedy] = more.trajectory
    ? ["tracedSampleForwardProcess", "sampleForwardProcess"]
    : ["tracedSample", "sample"];
  const trace = theTrace(method, remedy);
  refuse(settings, ofJobs);
  const { energy, ...rest } = settings as TracedSampleSettings<never, never>;
  const { function: energyFunction, ...energySettings } = energySettingsOf(energy);
  const options = { ...rest, ...(energy && { energy: energySettings }), ...more };
  validate("SampleOptions", options);
  const rows = rowsOf(given.x0);
  const graphs = energyFunction ? [energyGraph<never, never>(energyFunction, { ...shapes, rows })] : [];
  const lists = prepared(trace, given);
  const { native: model } = given.network;
  return asTensors(trace, model.traceSample(trace.native, JSON.stringify(options), ...lists, graphs));
}

/** The log density of each row. */
export function tracedDensity(given: Given, settings: TracedLogProbSettings): Tensor[] {
  const trace = theTrace("tracedLogProb", "logProb");
  refuse(settings, { signal: ofJobs.signal });
  validate("LogProbOptions", settings);
  const lists = prepared(trace, given);
  const { native: model } = given.network;
  return asTensors(trace, model.traceLogProb(trace.native, JSON.stringify(settings), ...lists));
}
