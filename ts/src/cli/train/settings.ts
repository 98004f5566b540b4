// What a fit is told: the `train` of a config, under the flags of the command line.
// Checked before any data are read.
import { mistakesIn } from "../../config/validate.js";
import { ConfigError } from "../../errors.js";
import type { FitOptions } from "../../generated/config.js";
import { below, type Section } from "../config/file.js";
import { noteMistake, refuseAll } from "../failure.js";

/** The flags of `thalweg train`. */
export interface TrainOptions {
  readonly data?: string;
  readonly out: string;
  readonly source?: string;
  readonly condition?: string;
  readonly resume?: true;
  readonly force?: true;
  readonly steps?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  readonly seed?: number;
  readonly device?: string;
  readonly ema?: number;
  readonly loss?: string;
  readonly validation?: string;
  readonly validationEvery?: number;
  readonly checkpointEvery?: number;
  readonly log?: readonly "tensorboard"[];
  /** A live page, on this port or any. */
  readonly ui?: true | number;
  readonly quiet?: true;
}

/** Where validation data come from, and when. */
export interface Held {
  /** A share of the rows, */
  readonly share?: number;
  /** or a file. */
  readonly data?: string;
  readonly every: number;
}

/** The settings of a fit, in parts. */
export interface FitPlan {
  /** What `fit` takes. */
  readonly fit: FitOptions;
  readonly held: Held | undefined;
}

/** Steps between two checkpoints. */
const CHECKPOINT = 1000;

/** Validations of a run where nothing else is said. */
const VALIDATIONS = 20;

function refused(path: string, expected: string, value: unknown): ConfigError {
  const got = JSON.stringify(value) ?? "nothing";
  return new ConfigError(`train.${path}: expected ${expected}, got ${got}`, { expected, got, path: `train.${path}` });
}

const objectOr = (value: unknown): Section =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Section) : {};

/** A share in (0, 1), or the path of a file. */
function heldOf(text: string): Section {
  const share = Number(text);
  return text.trim() !== "" && Number.isFinite(share) ? { share } : { data: text };
}

/** The `train` of a config under the flags: what a run's `run.json` keeps. */
export function mergedTrain(train: Section, flags: TrainOptions): Section {
  const { steps, epochs, batchSize, lr, seed, ema, loss, validation, validationEvery, checkpointEvery } = flags;
  const { steps: ownSteps, epochs: ownEpochs, ...rest } = train;
  const length =
    steps !== undefined || epochs !== undefined ? { steps, epochs } : { steps: ownSteps, epochs: ownEpochs };
  const held = {
    ...(validation === undefined ? objectOr(train.validation) : heldOf(validation)),
    ...(validationEvery !== undefined && { every: validationEvery }),
  };
  const merged = {
    ...rest,
    ...length,
    ...(batchSize !== undefined && { batchSize }),
    ...(lr !== undefined && { optimizer: { type: "adamw", ...objectOr(train.optimizer), lr } }),
    ...(seed !== undefined && { seed }),
    ...(ema !== undefined && { ema: ema === 0 ? null : ema }),
    ...(loss !== undefined && { loss }),
    ...(Object.keys(held).length > 0 && { validation: held }),
    ...(checkpointEvery !== undefined && { checkpoint: { ...objectOr(train.checkpoint), every: checkpointEvery } }),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

function heldIn(train: Section): Held | undefined {
  if (train.validation === undefined) return undefined;
  const { share, data, every, ...others } = objectOr(train.validation);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused(`validation.${unknown}`, "the names share, data and every", unknown);
  if ((share === undefined) === (data === undefined)) {
    throw refused(
      "validation",
      "a share of the rows or a file, as in { share: 0.1 } or { data: path }",
      train.validation,
    );
  }
  if (share !== undefined && !(typeof share === "number" && share > 0 && share < 1)) {
    throw refused("validation.share", "a number in (0, 1)", share);
  }
  if (data !== undefined && typeof data !== "string") throw refused("validation.data", "the path of a file", data);
  const steps = typeof train.steps === "number" ? train.steps : CHECKPOINT;
  const own = every ?? Math.max(1, Math.round(steps / VALIDATIONS));
  if (typeof own !== "number") throw refused("validation.every", "an integer ≥ 1", own);
  return { ...(share !== undefined && { share }), ...(data !== undefined && { data }), every: own };
}

/**
 * The settings of a fit into a folder.
 *
 * @param train - see {@link mergedTrain}
 * @throws ConfigError with the path of the field that is wrong
 */
export function planOf(train: Section, folder: string): FitPlan {
  const elsewhere = ["resume", "every"].filter((name) => name in train);
  const where = "no such name here: it is said on the command line, or in TypeScript";
  const mistakes = elsewhere.map((name) => refused(name, where, train[name]));
  let held: Held | undefined;
  try {
    held = heldIn(train);
  } catch (error) {
    noteMistake(mistakes, error);
  }
  const { validation: _, checkpoint, ...rest } = train;
  const fit = {
    ...rest,
    checkpoint: { dir: folder, every: CHECKPOINT, ...objectOr(checkpoint) },
    ...(held && { validation: { every: held.every } }),
  };
  const known = Object.fromEntries(Object.entries(fit).filter(([name]) => !elsewhere.includes(name)));
  mistakes.push(...mistakesIn("FitOptions", known).map((error) => below("train", error)));
  refuseAll(mistakes);
  return { fit: fit as FitOptions, held };
}
