// thalweg plot: draws what is asked for, or what there is.
// Data to compare with are those of training, unless others are given; a picture that a model does not have is an error where it was asked for.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../../errors.js";
import { type AnyModel, load } from "../../model/registry.js";
import type { Outcome } from "../command.js";
import type { Data } from "../data/kinds.js";
import { dataOfRun } from "../data/of-run.js";
import { note } from "../output.js";
import { checkColumns } from "../sample/columns.js";
import type { Given } from "../sample/condition.js";
import type { Drawn } from "../sample/drawn.js";
import { interruptible } from "../signals.js";
import { type PictureName, usualPictures } from "./names.js";
import { pictures, type Subject } from "./pictures.js";

/** The flags of `thalweg plot`. */
export interface PlotOptions {
  readonly pictures?: readonly PictureName[];
  readonly columns?: readonly string[];
  readonly format: "png" | "svg";
  readonly out?: string;
  readonly data?: string;
  readonly source?: string;
  readonly condition?: string;
  readonly count?: number;
  readonly seed?: number;
  readonly device?: string;
}

/** Rows of the data that are drawn. */
const ROWS = 5000;

/** Samples that are drawn: of images as many as one can look at. */
const countOf = ({ config: { xSize } }: AnyModel) => (Array.isArray(xSize) && xSize.length > 1 ? 64 : 1000);

/** What goes with the samples: conditions and starts of the data, as many as there are samples. */
function conditions(model: AnyModel, data: Data | undefined, count: number): Pick<Subject, "given" | "x0"> {
  const none = { given: undefined, x0: undefined };
  if (data === undefined || model.config.conditionSize === undefined) {
    const x0 = data?.kind === "tensors" ? data.x0 : undefined;
    return { ...none, x0: x0?.narrow(0, 0, Math.min(count, x0.shape[0] ?? 0)) };
  }
  if (data.kind === "table") {
    const table = data.table.slice(0, Math.min(count, data.table.rowCount));
    return { ...none, given: { kind: "table", table, rows: table.rowCount } };
  }
  const rows = Math.min(count, data.x.shape[0] ?? 0);
  const given: Given | undefined = data.condition && {
    kind: "tensor",
    tensor: data.condition.narrow(0, 0, rows),
    rows,
  };
  return { given, x0: data.x0?.narrow(0, 0, rows) };
}

function asDrawn(data: Data | undefined): Drawn | undefined {
  if (data === undefined) return undefined;
  return data.kind === "table" ? { kind: "table", table: data.table } : { kind: "tensor", tensor: data.x };
}

/** Draws, and names the files. */
export async function plot(folder: string, options: PlotOptions): Promise<Outcome> {
  const { pictures: asked, columns, format, out = folder, count, seed = 0, device } = options;
  const model = await load(folder, { device });
  checkColumns(model, columns);
  const data = await dataOfRun(folder, model, options, ROWS);
  const many = count ?? countOf(model);
  const files = await interruptible("stopping", async (signal) => {
    const subject: Subject = {
      folder,
      model,
      data: asDrawn(data),
      count: many,
      columns,
      seed,
      signal,
      ...conditions(model, data, many),
    };
    const written: string[] = [];
    await mkdir(out, { recursive: true });
    for (const name of asked ?? usualPictures) {
      const { lacks, draw } = pictures[name];
      const missing = lacks(subject);
      if (missing !== undefined && asked !== undefined) {
        throw new ConfigError(`--pictures ${name}: expected ${missing}`, { expected: missing, path: "--pictures" });
      }
      if (missing !== undefined) continue;
      const file = join(out, `${name}.${format}`);
      // Some take a minute: what is being done should show.
      if (process.stderr.isTTY) note(`drawing ${name}`);
      await (await draw(subject)).save(file);
      written.push(file);
    }
    return written;
  });
  return { json: { run: folder, files }, text: files.map((file) => `${file}\n`).join("") };
}
