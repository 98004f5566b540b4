// Data of a picture as they go to the thread that draws: columns of numbers, and pixels.
// Ten thousand rows as objects would take longer to hand over than all else that is done here.

/** Rows of data column by column: so they are handed to another thread at once. */
export type Columns = Readonly<Record<string, Float64Array | readonly (number | string)[]>>;

/** An image as the file that it becomes: a data set of one row, with its `url`. */
export interface Pixels {
  readonly pixels: {
    readonly width: number;
    readonly height: number;
    readonly channels: number;
    readonly data: Uint8ClampedArray;
  };
}

/** Data of a picture by the names that it has for them. */
export type DataSets = Readonly<Record<string, Columns | Pixels>>;

/** Rows of numbers as columns of these names; those that are not finite are left out. */
export function columnsOf(names: readonly string[], rows: readonly (readonly number[])[]): Columns {
  const columns = names.map(() => new Float64Array(rows.length));
  let shown = 0;
  for (const row of rows) {
    // What is not finite is overwritten by the next row.
    let isShown = true;
    for (let k = 0; k < columns.length; k++) {
      const value = row[k] as number;
      (columns[k] as Float64Array)[shown] = value;
      if (!Number.isFinite(value)) isShown = false;
    }
    if (isShown) shown += 1;
  }
  return Object.fromEntries(names.map((name, k) => [name, (columns[k] as Float64Array).slice(0, shown)]));
}
