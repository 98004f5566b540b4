// The `parameter` of GenerativeRL's pipelines as the `train` of a config.
// It normalises no data and keeps no average of the parameters, so neither does what is converted.
import type { Found } from "./find.js";
import type { Notes } from "./notes.js";
import { type Json, type JsonObject, objectOf } from "./plain.js";
import { Dict } from "./values.js";

/** Its names, and where they go. */
const places: Readonly<Record<string, readonly string[]>> = {
  trainingLossType: ["loss"],
  loss: ["loss"],
  lr: ["optimizer", "lr"],
  learningRate: ["optimizer", "lr"],
  weightDecay: ["optimizer", "weightDecay"],
  clipGradNorm: ["optimizer", "clipNorm"],
  iterations: ["steps"],
  epochs: ["epochs"],
  batchSize: ["batchSize"],
  seed: ["seed"],
};

/** Names that say what a pipeline does around training. */
const AROUND = /^(device|dataNum|evalFreq|checkpointFreq|checkpointPath|videoSavePath|.*[pP]ath)$/;

const optimizers: Readonly<Record<string, string>> = { Adam: "adam", AdamW: "adamw", SGD: "sgd" };

function put(into: JsonObject, [key = "", inner]: readonly string[], value: Json): void {
  if (inner === undefined) into[key] = value;
  else into[key] = { ...((into[key] ?? {}) as JsonObject), [inner]: value };
}

/** How the file trains. */
export function trainOf({ around }: Found, notes: Notes): JsonObject {
  const given = around.map((dict) => dict.get("parameter")).find((value) => value instanceof Dict);
  const train: JsonObject = {};
  if (given instanceof Dict) {
    const parameter = objectOf(given, "parameter", notes);
    for (const [key, value] of Object.entries(parameter)) {
      const place = places[key];
      if (place !== undefined) put(train, place, value);
      else {
        const why = AROUND.test(key) ? "left out: it is said on the command line" : "left out: no counterpart";
        notes.about(parameter, key, why);
      }
    }
  }
  if ("steps" in train && "epochs" in train) delete train.epochs;
  const called = Object.keys(optimizers).filter((name) => notes.script.calls.has(name));
  const [only] = called;
  const type = called.length === 1 && only !== undefined ? optimizers[only] : "adam";
  if (train.optimizer !== undefined) train.optimizer = { type: type ?? "adam", ...(train.optimizer as JsonObject) };
  return { ...train, normalize: false, ema: null };
}
