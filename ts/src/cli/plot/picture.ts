// Samples as a picture: images as a grid, points as points, of a table each of its columns, or two of them as points.
// Beside data, where there are any.
import { fromColumns } from "../../data/rows.js";
import type { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";
import { images, lines, type Plot, type PlotSettings, scatter, table as tablePlot } from "../../plot/plot.js";
import { arange } from "../../tensor/create.js";
import { Tensor } from "../../tensor/tensor.js";
import type { Drawn } from "../sample/drawn.js";

/** Series that are drawn. */
const SERIES = 20;

function undrawable(expected: string, got: string): ConfigError {
  return new ConfigError(`a picture: expected ${expected}, got ${got}`, { expected, got });
}

/** Whether these are images that can be drawn. */
const isImages = ({ rank, shape }: Tensor) => rank === 4 && [1, 3].includes(shape[1] ?? 0);

/** Two columns of numbers, where these are all that was asked for. */
function pairOf(table: Table, columns: readonly string[] | undefined): readonly [string, string] | undefined {
  const [x, y, ...others] = columns ?? [];
  if (x === undefined || y === undefined || others.length > 0) return undefined;
  return [x, y].every((name) => table.column(name).type === "number") ? [x, y] : undefined;
}

/** The rows of a table of which both columns have a value, as points. */
const pointsOf = (table: Table, pair: readonly [string, string]) =>
  fromColumns(
    table
      .select(...pair)
      .dropMissing()
      .columns.map((column) => (column.type === "number" ? column.values : [])),
  );

function ofTable(table: Table, against: Table | undefined, columns: readonly string[] | undefined): Plot {
  const pair = pairOf(table, columns);
  if (pair === undefined) return tablePlot(table, { ...(against && { against }), ...(columns && { columns }) });
  return scatter(pointsOf(table, pair), {
    columns: pair,
    ...(against && { against: pointsOf(against, pair) }),
  });
}

function ofTensor(tensor: Tensor, against: Tensor | undefined, settings: PlotSettings): Plot {
  if (isImages(tensor)) return images(tensor, { title: "samples", limit: 64 });
  if (tensor.rank === 3) return courses(tensor);
  const [, width = 0] = tensor.shape;
  if (tensor.rank !== 2)
    throw undrawable(
      "samples [N, D], series [N, channels, length] or images [N, 1 or 3, height, width]",
      `[${tensor.shape}]`,
    );
  if (width >= 2) return scatter(tensor, { ...settings, ...(against && { against }) });
  return scatter(ranked(tensor), {
    ...settings,
    columns: ["x0", "share below"],
    ...(against && { against: ranked(against) }),
  });
}

/** The first series, `[N, channels, length]`, of which the first channel is drawn. */
function courses(series: Tensor): Plot {
  const [rows = 0, , length = 0] = series.shape;
  const y = series.narrow(0, 0, Math.min(rows, SERIES)).select(1, 0);
  return lines([{ name: "samples", x: arange(0, length), y }], { columns: ["place", "value"] });
}

/** A coordinate that is alone, `[N, 1]`, beside the share of samples below it. */
function ranked(values: Tensor): Tensor {
  const [count = 0] = values.shape;
  const shares = fromColumns([Array.from({ length: count }, (_, i) => (i + 0.5) / count)]);
  return Tensor.concat([values.sort(0).values, shares], 1);
}

/**
 * The picture of samples.
 *
 * @param columns - those of a table that were asked for
 * @throws ConfigError where they cannot be drawn
 */
export async function pictureOf(samples: Drawn, against?: Drawn, columns?: readonly string[]): Promise<Plot> {
  if (samples.kind === "parts") throw undrawable("a state of one part", Object.keys(samples.parts).join(", "));
  if (samples.kind === "table")
    return ofTable(samples.table, against?.kind === "table" ? against.table : undefined, columns);
  return ofTensor(samples.tensor, against?.kind === "tensor" ? against.tensor : undefined, {});
}
