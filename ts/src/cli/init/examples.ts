// Example data for templates without data of one's own: small, made from a formula, and real enough to be learned.
// Points need no file: the library has them.
import { join } from "node:path";
import { writeNpy } from "../../data/npy.js";
import { Table } from "../../data/table.js";
import { arange, rand, randn } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { DataKind } from "./look.js";

const ROWS = 1000;

/** Animals of three kinds, of which the heavier are longer. */
async function table(file: string): Promise<void> {
  const noise = Array.from(await randn([ROWS, 2], { seed: 0 }).data(), Number);
  const kinds = ["otter", "badger", "marten"];
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const [a = 0, b = 0] = [noise[2 * i], noise[2 * i + 1]];
    const length = [70, 75, 48][i % 3] ?? 0;
    const mass = [8, 11, 1.5][i % 3] ?? 0;
    return {
      kind: kinds[i % 3] ?? "",
      length: Number((length * (1 + 0.08 * a)).toFixed(1)),
      mass: Number((mass * (1 + 0.2 * a + 0.05 * b)).toFixed(2)),
    };
  });
  await Table.fromRows(rows).write(file);
}

/** Uniform numbers from `low` to `high`, one for each row of data of this rank. */
const uniform = (seed: number, [low, high]: readonly [number, number], rank: number): Tensor =>
  rand([ROWS, ...Array<number>(rank - 1).fill(1)], { seed })
    .mul(high - low)
    .add(low);

/** Discs of any place and size, black −1 and white 1. */
async function images(file: string): Promise<void> {
  const side = 16;
  const [x, y] = [uniform(0, [5, 10], 4), uniform(1, [5, 10], 4)];
  const column = arange(0, side).reshape([1, 1, 1, side]);
  const row = arange(0, side).reshape([1, 1, side, 1]);
  const distance = column.sub(x).square().add(row.sub(y).square()).sqrt();
  await writeNpy(file, uniform(2, [2, 5], 4).sub(distance).clamp(-1, 1));
}

/** Waves of any phase and frequency. */
async function series(file: string): Promise<void> {
  const t = arange(0, 64).div(64).reshape([1, 1, 64]);
  const [phase, frequency] = [uniform(0, [0, 6.28], 3), uniform(1, [6, 18], 3)];
  await writeNpy(file, t.mul(frequency).add(phase).sin());
}

const makers = {
  table: { name: "data.csv", write: table },
  images: { name: "data.npy", write: images },
  series: { name: "data.npy", write: series },
} as const;

/** The name of the example data of a kind, and what writes them into a folder. */
export function exampleOf(kind: DataKind): {
  readonly data: string;
  readonly write?: (folder: string) => Promise<void>;
} {
  if (kind === "points") return { data: "datasets.swissRoll" };
  const { name, write } = makers[kind];
  return { data: name, write: (folder) => write(join(folder, name)) };
}
