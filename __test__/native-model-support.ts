// A small model and data for it, for the tests of the native boundary.
// The config is plain JSON, as it crosses.
import type { NativeModel, NativeTensor } from "../ts/src/native/boundary.ts";
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
  new native.NativeModel(JSON.stringify({ ...config, ...changes }), "{}");

/** Rows of standard normal numbers. */
export const rows = (count: number): NativeTensor => native.tensorRandom("normal", 1, "f32", [count, 2]);

export const json = JSON.stringify;
