// Two copies of thalweg in one process, as where a dependency brings its own: both work, and neither takes what is the other's.
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

/** Checks that what is the other copy's is refused with an error that says so, and names the place. */
async function refuses(call, place, what) {
  await assert.rejects(
    async () => await call(),
    ({ name, message }) => {
      assert.match(name, /^(ConfigError|DataError)$/);
      assert.ok(message.startsWith(place), message);
      assert.match(message, new RegExp(`${what} of another copy of thalweg: "npm ls thalweg" shows where they are`));
      return true;
    },
  );
}
const other = new theirs.DiffusionModel(config);
const [fit, sample] = [{ steps: 1, progress: false }, { batchSize: 2 }];
const loss = (x) => model.flowMatchingLoss(x);
await refuses(() => ours.trainStep(other, loss), "trainStep: expected a model or a module", "DiffusionModel, a model");
await refuses(() => ours.trainStep(new theirs.nn.Linear(1, 1), loss), "trainStep: ", "Linear, a module");
await refuses(
  () => model.sample({ ...sample, guide: { model: other, scale: 2 } }),
  "guide.model: ",
  "DiffusionModel, a model",
);
await refuses(() => new ours.GuidedDiffusionModel({ base: other, guided: model }), "base: ", "DiffusionModel, a model");
class Theirs extends theirs.Module {
  forward(_t, x) {
    return x;
  }
}
await refuses(() => ours.registerModule("Theirs", Theirs), "registerModule: ", "Theirs, a module");
class Mixed extends ours.Module {
  layers = [new ours.nn.Linear(1, 1), new theirs.nn.Linear(1, 1)];
  forward(x) {
    return this.layers[1].forward(x);
  }
}
await refuses(() => new Mixed().parameters(), "layers.1: expected a module of the copy", "Linear, a module");
await refuses(() => ours.trainStep(new Mixed(), loss), "layers.1: ", "Linear, a module");
class Scaled extends ours.Module {
  scale = new theirs.Parameter([1]);
  forward(x) {
    return x.mul(this.scale);
  }
}
await refuses(() => new Scaled().forward(a), "scale: ", "Parameter, a parameter");
const table = theirs.Table.fromColumns({ x: [1, 2, 3] });
await refuses(() => model.fit(table, fit), "data: ", "Table, a table");
await refuses(() => ours.fitEncoding(table), "fitEncoding: ", "Table, a table");
assert.equal(new ours.Table(table.columns).rowCount, 3);
// What is ours is not taken for another's.
await assert.rejects(async () => ours.trainStep(ours.Table.fromColumns({ x: [1] }), loss), /got a Table$/);

assert.deepEqual(await a.add(ours.tensor(await b.toArray())).toArray(), [[4, 6]]);
