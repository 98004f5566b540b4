// thalweg train: reads config and data, fits, and leaves a checkpoint, however it ends.
// A run that goes on reads the same data and splits them alike, so that its bits are those of a run that was never stopped.
import { type AnyModel, makeModel } from "../../model/registry.js";
import type { FitReport } from "../../train/events.js";
import type { Outcome } from "../command.js";
import type { Paths } from "../data/rows.js";
import { exitCodes } from "../failure.js";
import { typed } from "../typed.js";
import { completed } from "./complete.js";
import { fit } from "./fit.js";
import { clear, writeRecord } from "./folder.js";
import { locked } from "./lock.js";
import { readParts } from "./parts.js";
import type { Recent } from "./recent-loss.js";
import { planOf, type TrainOptions } from "./settings.js";
import { begun, resumed } from "./task.js";

/** Trains. */
export async function train(path: string | undefined, flags: TrainOptions): Promise<Outcome> {
  return locked(flags.out, () => trained(path, flags));
}

async function trained(path: string | undefined, flags: TrainOptions): Promise<Outcome> {
  const task = flags.resume ? await resumed(path, flags) : await begun(path, flags);
  const plan = planOf(task.train, flags.out);
  const parts = await readParts(task, plan);
  const model = task.from ?? makeModel(task.file.className, await completed(task.file, parts.all));
  const { paths, started, config, file } = task;
  if (task.from === undefined) await clear(flags.out);
  await writeRecord(flags.out, { ...paths, ...(config && { config }), read: file.read, started, options: task.train });
  const { report, recent, interrupted } = await fit(model, task.from !== undefined, plan, parts, flags);
  const { device } = await model.info();
  const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const { step, stepsRun, loss, bestValidationLoss, seconds, reason } = report;
  const means = { recentLoss: recent?.loss ?? null, validationLoss: recent?.validationLoss ?? null };
  const how = { step, stepsRun, loss, ...means, bestValidationLoss, seconds, reason };
  const next = interrupted
    ? `Go on:  ${typed(["train", "--out", flags.out, "--resume"])}\n`
    : `Next:   ${typed(["sample", flags.out, ...samplesOf(model, paths)])}\n`;
  return {
    json: { folder: flags.out, class: file.className, parameters, device, ...how },
    text: told(flags.out, report, recent) + next,
    code: interrupted ? exitCodes.interrupted : exitCodes.done,
  };
}

/** What one would like to see of a model first. */
function samplesOf({ config: { xSize } }: AnyModel, { source }: Paths): string[] {
  if (source !== undefined) return ["--source", source, "--out", "samples.csv"];
  const isImages = Array.isArray(xSize) && xSize.length === 3;
  return isImages ? ["--count", "64", "--out", "samples.png"] : ["--count", "1000", "--out", "samples.csv"];
}

/** How it went: of the loss the mean of many batches, and that on rows which were held out. */
function told(folder: string, { step, stepsRun, seconds, reason }: FitReport, recent: Recent | null): string {
  if (step === 0) return `${folder}: nothing was trained\n`;
  if (stepsRun === 0 && reason === "finished") {
    return `${folder}: nothing was left to do, since all ${step} steps are done; --steps takes more in all\n`;
  }
  const validation = recent?.validationLoss == null ? "" : `, validation ${recent.validationLoss.toPrecision(4)}`;
  const losses = recent && `, loss ${recent.loss.toPrecision(4)} (mean of the last ${recent.steps} steps)${validation}`;
  return `${folder}: step ${step}${losses ?? ""}; ${stepsRun} steps in ${seconds.toFixed(1)} s, ${reason}\n`;
}
