// Samples as a picture: images as a grid, points as points, of a table its first two columns of numbers.
// Beside data, where there are any.
import { fromColumns } from "../../data/rows.js";
import type { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";
import { bars, images, lines, type Plot, type PlotSettings, scatter } from "../../plot/plot.js";
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

/** How often each value of a column is there. */
function shares(table: Table, name: string, values: readonly string[]): number[] {
  const column = table.column(name);
  const codes = column.type === "category" ? Array.from(column.codes, (code) => column.categories[code]) : [];
  return values.map((value) => codes.filter((code) => code === value).length / Math.max(1, codes.length));
}

function ofTable(table: Table, against: Table | undefined): Plot {
  const numbers = table.columns.filter(({ type }) => type === "number").map(({ name }) => name);
  const [x, y] = numbers;
  if (x !== undefined && y !== undefined) {
    const points = (from: Table) =>
      fromColumns([x, y].map((name) => (from.column(name) as { values: Float64Array }).values));
    return scatter(points(table.select(x, y).dropMissing()), {
      columns: [x, y],
      ...(against && { against: points(against.select(x, y).dropMissing()) }),
    });
  }
  const category = table.columns.find(({ type }) => type === "category");
  if (category?.type !== "category") throw undrawable("two columns of numbers, or one of categories", table.toString());
  const labels = category.categories;
  const sets = [
    { name: "samples", values: shares(table, category.name, labels) },
    ...(against ? [{ name: "data", values: shares(against, category.name, labels) }] : []),
  ];
  return bars(sets, { labels, title: category.name, unit: "share" });
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
 * @throws ConfigError where they cannot be drawn
 */
export async function pictureOf(samples: Drawn, against?: Drawn): Promise<Plot> {
  if (samples.kind === "parts") throw undrawable("a state of one part", Object.keys(samples.parts).join(", "));
  if (samples.kind === "table") return ofTable(samples.table, against?.kind === "table" ? against.table : undefined);
  return ofTensor(samples.tensor, against?.kind === "tensor" ? against.tensor : undefined, {});
}
