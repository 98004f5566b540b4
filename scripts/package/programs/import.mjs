// An application that imports thalweg: trains, samples, saves, loads, reads and writes tables and pictures.
// Every dependency of the package is used, so that one which is missing fails here.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as thalweg from "thalweg";
import { config } from "./model.cjs";

const folder = mkdtempSync(join(tmpdir(), "thalweg-program-"));
try {
  assert.equal(thalweg.version(), process.argv[2]);
  const data = thalweg.datasets.swissRoll({ count: 1_000, seed: 0 });
  const model = new thalweg.DiffusionModel({ ...config, seed: 0 });
  const { stepsRun, loss } = await model.fit(data, { steps: 40, progress: false });
  assert.equal(stepsRun, 40);
  assert.ok(Number.isFinite(loss));
  const samples = await model.sample({ batchSize: 50, seed: 1 });
  await model.save(join(folder, "model"));
  const again = await thalweg.load(join(folder, "model"));
  assert.deepEqual(await (await again.sample({ batchSize: 50, seed: 1 })).toArray(), await samples.toArray());
  assert.throws(() => new thalweg.DiffusionModel({ ...config, xSize: "2" }), thalweg.ConfigError);

  const table = thalweg.fromColumns([
    [1, 2, 3],
    [0.5, 0.25, 0.125],
  ]);
  await thalweg.writeNpy(join(folder, "table.npy"), table);
  assert.deepEqual(await (await thalweg.readNpy(join(folder, "table.npy"))).toArray(), await table.toArray());
  await thalweg.writeNpz(join(folder, "table.npz"), { table });
  assert.deepEqual(Object.keys(await thalweg.readNpz(join(folder, "table.npz"))), ["table"]);
  await thalweg.writeCsv(join(folder, "table.csv"), table, ["x", "y"]);
  const read = await thalweg.readTable(join(folder, "table.csv"));
  await read.write(join(folder, "table.parquet"));
  assert.equal((await thalweg.readTable(join(folder, "table.parquet"))).rowCount, 3);

  await thalweg.plot.scatter(samples, { against: data }).save(join(folder, "samples.png"));
  await thalweg.plot.images(thalweg.rand([4, 3, 8, 8], { seed: 0 })).save(join(folder, "images.png"));
  for (const name of ["samples.png", "images.png"]) {
    assert.equal(readFileSync(join(folder, name)).toString("latin1", 1, 4), "PNG");
  }
  const { problems } = await thalweg.doctor();
  assert.deepEqual(problems, []);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
