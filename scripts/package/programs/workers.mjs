// Several worker threads train at once, beside the main one; some of them are ended in the middle of a step.
// What is left must be right: the same bits as alone, and a process that ends by itself.
import assert from "node:assert/strict";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { DiffusionModel, datasets } from "thalweg";
import { config } from "./model.cjs";

async function trained(onStep) {
  const model = new DiffusionModel({ ...config, seed: 3 });
  const run = model.fit(datasets.swissRoll({ count: 500, seed: 0 }), { steps: 60, seed: 4, progress: false });
  for await (const { step } of run) onStep?.(step);
  return (await model.sample({ batchSize: 4, seed: 1 })).toArray();
}

/** A worker that trains without end, ended as soon as its training is on its way. */
async function ended() {
  const worker = new Worker(new URL(import.meta.url), { workerData: "endless" });
  await once(worker, "message");
  assert.equal(await worker.terminate(), 1);
}

/** What a worker trained. */
async function finished() {
  const worker = new Worker(new URL(import.meta.url), { workerData: "whole" });
  const [[result], [status]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
  assert.equal(status, 0);
  return result;
}

if (isMainThread) {
  const [here, ...others] = await Promise.all([trained(), finished(), finished(), ended(), ended(), ended()]);
  for (const samples of others.slice(0, 2)) assert.deepEqual(samples, here);
  assert.deepEqual(await trained(), here);
} else if (workerData === "whole") {
  parentPort.postMessage(await trained());
} else {
  for (;;) await trained((step) => parentPort.postMessage(step));
}
