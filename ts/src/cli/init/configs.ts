// A config for each kind of data: a network that suits it, sizes that fit, and settings that are a good start.
// All sizes are written out, so that the config says what the model is.

import { isMissing } from "../../data/columns.js";
import type { EncodingSettings } from "../../data/encoding/fit-encoding.js";
import type { Look } from "./look.js";

/** A config as a file has it. */
export type Config = Readonly<Record<string, unknown>>;

type OfTensor = Exclude<Look, { kind: "table" }>;

/** Settings of a fit. */
function train(rows: number, { steps, batchSize }: { readonly steps: number; readonly batchSize: number }): Config {
  const validates = rows >= 100;
  const most = Math.max(1, Math.floor(validates ? rows * 0.9 : rows));
  return {
    steps,
    batchSize: Math.min(batchSize, most),
    optimizer: { type: "adamw", lr: 1e-3 },
    ...(validates && { validation: { share: 0.1, every: steps / 10 } }),
  };
}

const sizeOf = (shape: readonly number[]) => (shape.length === 1 ? shape[0] : shape);

const width = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

function points({ shape, rows }: OfTensor): Config {
  const size = width(shape);
  return {
    class: "DiffusionModel",
    xSize: sizeOf(shape),
    path: { type: "linear" },
    model: {
      type: "velocity_function",
      args: {
        backbone: {
          type: "MultiLayerPerceptron",
          args: { hiddenSizes: [size + 1, 256, 256, 256], outputSize: size, activation: "silu" },
        },
      },
    },
    train: train(rows, { steps: 5000, batchSize: 512 }),
  };
}

/** How coarse a net's coarsest level is: sides are halved while they can be, and stay 4 or more. */
function levels(sides: readonly number[]): number {
  let count = 1;
  while (count < 3 && sides.every((side) => side % 2 ** count === 0 && side / 2 ** count >= 4)) count += 1;
  return count;
}

function unet({ shape, rows, classes, kind }: OfTensor): Config {
  const [channels = 1, ...sides] = shape;
  const count = levels(sides);
  return {
    class: "DiffusionModel",
    xSize: shape,
    // Labels come as numbers, one a row; a tenth of them is hidden, for samples of no class and for guidance.
    ...(classes !== undefined && { conditionSize: 1, conditionDropout: 0.1 }),
    path: { type: "linear" },
    solver: { type: "ODESolver", args: { method: "heun2", steps: 20 } },
    model: {
      type: "velocity_function",
      args: {
        backbone: {
          type: kind === "series" ? "unet_1D" : "unet_2D",
          args: {
            inChannels: channels,
            modelChannels: 32,
            channelMult: Array.from({ length: count }, (_, level) => 2 ** level),
            numResBlocks: 1,
            attentionResolutions: [2 ** (count - 1)],
            numHeads: 4,
            ...(classes !== undefined && { numClasses: classes }),
            timeFactor: 1000,
          },
        },
      },
    },
    train: train(rows, { steps: 5000, batchSize: 64 }),
  };
}

/** How the columns of a table are encoded. */
function encodingOf({ table }: Look & { kind: "table" }, condition: readonly string[]): EncodingSettings {
  const rows = Array.from({ length: table.rowCount }, (_, row) => row);
  const missing = table.columns.filter((column) => rows.some((row) => isMissing(column, row)));
  const columns = Object.fromEntries(missing.map(({ name }) => [name, { missing: "keep" as const }]));
  return {
    numbers: "quantile",
    ...(missing.length > 0 && { columns }),
    ...(condition.length > 0 && { condition }),
  };
}

async function ofTable(found: Look & { kind: "table" }, condition: readonly string[]): Promise<Config> {
  const { fitEncoding } = await import("../../data/encoding/fit-encoding.js");
  const encoding = encodingOf(found, condition);
  const { width: size, conditionWidth } = await fitEncoding(found.table, encoding);
  return {
    class: "DiffusionModel",
    encoding,
    xSize: size,
    ...(conditionWidth > 0 && { conditionSize: conditionWidth, conditionDropout: 0.1 }),
    path: { type: "linear_vp_sde" },
    model: {
      type: "velocity_function",
      args: {
        backbone: {
          type: "MultiLayerPerceptron",
          args: { hiddenSizes: [size + 1 + conditionWidth, 256, 256, 256], outputSize: size, activation: "silu" },
        },
      },
    },
    train: train(found.rows, { steps: 5000, batchSize: 512 }),
  };
}

/** The config for data. */
export async function configFor(found: Look, condition: readonly string[]): Promise<Config> {
  const made =
    found.kind === "table" ? await ofTable(found, condition) : found.kind === "points" ? points(found) : unet(found);
  const { class: name, ...rest } = made;
  const read = Object.keys(found.read).length > 0 && { read: found.read };
  return { $schema: "./config.schema.json", class: name, ...read, ...rest };
}
