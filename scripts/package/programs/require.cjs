// An application of CommonJS modules: `require` gives the same exports as `import`.
// It works because no module of thalweg waits while it is loaded.
const assert = require("node:assert/strict");
const thalweg = require("thalweg");
const { config } = require("./model.cjs");

async function run() {
  assert.equal(thalweg.version(), process.argv[2]);
  assert.equal((await import("thalweg")).Tensor, thalweg.Tensor);
  assert.deepEqual(await thalweg.tensor([1, 2]).add(1).toArray(), [2, 3]);
  const model = new thalweg.DiffusionModel(config);
  await model.fit(thalweg.datasets.swissRoll({ count: 100, seed: 0 }), { steps: 5, progress: false });
  assert.deepEqual((await model.sample({ batchSize: 3, seed: 0 })).shape, [3, 2]);
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
