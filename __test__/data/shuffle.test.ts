// shuffle: the same rows in another order, which is a function of the seed.
import { arange, datasets, tensor, toRows } from "thalweg";
import { expect, it } from "vitest";

it("keeps every row once, and is a function of the seed", async () => {
  const data = arange(1000).reshape([500, 2]);
  const rows = await toRows(await datasets.shuffle(data, { seed: 3 }));
  expect(rows).not.toEqual(await toRows(data));
  expect([...rows].sort(([a = 0], [b = 0]) => a - b)).toEqual(await toRows(data));
  expect(await toRows(await datasets.shuffle(data, { seed: 3 }))).toEqual(rows);
  expect(await toRows(await datasets.shuffle(data, { seed: 4 }))).not.toEqual(rows);
  expect((await datasets.shuffle(tensor([[1]]))).shape).toEqual([1, 1]);
});
