// A small model and data for it, for the tests of the native boundary.
// The config is plain JSON, as it crosses.
import { grouped } from "../ts/src/model/groups.ts";
import type {
  NativeGraph,
  NativeModel,
  NativeTensor,
  NativeTrace,
  Quantity,
  TracedValue,
} from "../ts/src/native/boundary.ts";
import { native } from "../ts/src/native.ts";

/** A small model. */
export const config = {
  xSize: 2,
  path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
  model: {
    type: "noise_function",
    args: {
      tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 8, scale: 30 } },
      backbone: {
        type: "TemporalSpatialResidualNet",
        args: { hiddenSizes: [16, 8], outputDim: 2, tDim: 8 },
      },
    },
  },
};

/** A small model, with changes to its config. */
export const newModel = (changes: object = {}): NativeModel =>
  new native.NativeModel("DiffusionModel", JSON.stringify({ ...config, ...changes }), "{}");

/** Rows of standard normal numbers. */
export const rows = (count: number): NativeTensor => native.tensorRandom("normal", 1, "f32", [count, 2]);

export const json = JSON.stringify;

/** Tensors of the usual groups, each a list of leaves. */
interface Given<T> {
  readonly x?: T[];
  readonly x0?: T[];
  readonly condition?: T[];
}

/** The native calls with their groups by name, in the order in which they cross. */
export const fit = (model: NativeModel, options: string, given: Given<NativeTensor>, weight?: NativeGraph) =>
  model.fit(options, ...grouped({ ...given }), weight);
export const sample = (model: NativeModel, options: string, given: Given<NativeTensor> = {}) =>
  model.sample(options, ...grouped({ ...given }), []);
export const lossOf = (model: NativeModel, options: string, given: Given<NativeTensor>, weight?: NativeGraph) =>
  model.loss(options, ...grouped({ ...given }), weight);

/** The same inside a recording. */
export const traceLoss = (
  model: NativeModel,
  trace: NativeTrace,
  options: string,
  given: Given<number>,
  weight?: NativeGraph,
): TracedValue => model.traceLoss(trace, options, ...grouped({ ...given }), weight);
export const traceCall = (model: NativeModel, trace: NativeTrace, name: Quantity, t: number, given: Given<number>) =>
  model.traceCall(trace, name, ...grouped({ t: [t], ...given }));
