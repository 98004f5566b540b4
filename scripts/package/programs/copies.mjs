// Two copies of thalweg in one process, as where a dependency brings its own: both work, and neither takes the other's tensors.
// The second one is in the folder that is given.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as ours from "thalweg";
import { config } from "./model.cjs";

const theirs = createRequire(join(process.argv[2], "here.js"))("thalweg");
assert.notEqual(theirs.Tensor, ours.Tensor);

const results = [ours, theirs].map(async ({ DiffusionModel, datasets }) => {
  const model = new DiffusionModel({ ...config, seed: 0 });
  await model.fit(datasets.swissRoll({ count: 200, seed: 0 }), { steps: 20, seed: 1, progress: false });
  return (await model.sample({ batchSize: 4, seed: 1 })).toArray();
});
const [first, second] = await Promise.all(results);
assert.deepEqual(first, second);

const [a, b] = [ours.tensor([[1, 2]]), theirs.tensor([[3, 4]])];
const refused = { name: "DataError", message: /Tensor\(f32 \[1, 2\]\), a tensor of another copy of thalweg/ };
assert.throws(() => a.add(b), refused);
assert.throws(() => b.add(a), refused);
assert.throws(() => ours.grad((x) => x.square().sum())(b), refused);
const model = new ours.DiffusionModel(config);
await assert.rejects(async () => await model.fit(b, { steps: 1, progress: false }), refused);
await assert.rejects(async () => await model.logProb(b), refused);
assert.deepEqual(await a.add(ours.tensor(await b.toArray())).toArray(), [[4, 6]]);
