// Pictures of two copies in one process, and of a worker thread: each draws in a thread of its own, and the process ends by itself.
// The second copy is in the folder that is given.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import * as ours from "thalweg";

async function drawn({ plot, Table, tensor }) {
  const points = plot.scatter(
    tensor([
      [0, 0],
      [1, 2],
    ]),
  );
  const table = plot.table(Table.fromColumns({ size: [1, 2, 3], kind: ["a", "b", "a"] }));
  const [svg, png] = await Promise.all([points.beside(table).toSvg(), table.toPng()]);
  assert.match(svg, /^<svg .*<\/svg>$/s);
  assert.deepEqual([...png.subarray(1, 4)], [...Buffer.from("PNG")]);
  return svg;
}

if (isMainThread) {
  const theirs = createRequire(join(process.argv[2], "here.js"))("thalweg");
  assert.notEqual(theirs.Tensor, ours.Tensor);
  const worker = new Worker(new URL(import.meta.url));
  const [first, second, [third]] = await Promise.all([drawn(ours), drawn(theirs), once(worker, "message")]);
  assert.equal(second, first);
  assert.equal(third, first);
} else {
  parentPort.postMessage(await drawn(ours));
}
