// thalweg plot: draws what is asked for, or what there is.
// Data to compare with are those of training, unless others are given; a picture that a model does not have is left out, and told of where it was asked for.
import { join } from "node:path";
import { writeWhole } from "../../data/file.js";
import { ConfigError, DataError, ShapeError, type ThalwegError } from "../../errors.js";
import { type AnyModel, load } from "../../model/registry.js";
import type { Outcome } from "../command.js";
import type { Data } from "../data/kinds.js";
import { dataOfRun } from "../data/of-run.js";
import { note } from "../output.js";
import { checkColumns } from "../sample/columns.js";
import type { Given } from "../sample/condition.js";
import { callOf, type Drawn } from "../sample/drawn.js";
import type { SolverFlags } from "../sample/solver.js";
import { interruptible } from "../signals.js";
import { type PictureName, usualPictures } from "./names.js";
import { type DrawingFlags, pictures, type Subject } from "./pictures.js";

/** The flags of `thalweg plot`. */
export interface PlotOptions extends SolverFlags {
  readonly pictures?: readonly PictureName[];
  readonly columns?: readonly string[];
  readonly format: "png" | "svg";
  readonly out?: string;
  readonly data?: string;
  readonly source?: string;
  readonly condition?: string;
  readonly count?: number;
  readonly seed?: number;
  readonly guidance?: number;
  readonly weights?: "ema" | "raw";
  readonly device?: string;
  readonly quiet?: true;
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

/** Draws one picture as what its file holds. */
async function contentOf(name: PictureName, subject: Subject, { format, quiet }: PlotOptions) {
  const { lacks, draw } = pictures[name];
  const missing = lacks(subject);
  if (missing !== undefined) {
    throw new ConfigError(`--pictures ${name}: expected ${missing}`, { expected: missing, path: "--pictures" });
  }
  // Some take a minute: what is being done should show.
  if (process.stderr.isTTY && !quiet) note(`drawing ${name}`);
  const picture = await draw(subject);
  return format === "svg" ? picture.toSvg() : picture.toPng();
}

/** A picture that a model does not have, or that its data do not suffice for. */
interface Skipped {
  readonly name: PictureName;
  readonly error: ThalwegError;
}

/** Whether an error says that something does not suit, and not that something broke. */
const isUnsuitable = (error: unknown): error is ThalwegError =>
  error instanceof ConfigError || error instanceof ShapeError || error instanceof DataError;

const tell = ({ name, error: { path, expected, message } }: Skipped) =>
  note(`without ${name}: ${path === "--pictures" ? `expected ${expected}` : message}`);

/**
 * Draws, and names the files. A picture that cannot be is left out, which is said where it was asked for or should have been there.
 *
 * @throws ThalwegError where there is none that can be drawn: what is wrong with the first
 */
export async function plot(folder: string, options: PlotOptions): Promise<Outcome> {
  const { pictures: asked, columns, format, out = folder, count, seed = 0, device } = options;
  const { solver, steps, guidance, weights } = options;
  const model = await load(folder, { device });
  checkColumns(model, columns);
  const data = await dataOfRun(folder, model, options, ROWS);
  const flags = { solver, steps, guidance, weights } as DrawingFlags;
  // What a model has no use for is wrong whichever pictures are drawn.
  callOf(model, { ...flags, count: 1 });
  const many = count ?? countOf(model);
  const files: string[] = [];
  const skipped: Skipped[] = [];
  await interruptible("stopping", async (signal) => {
    const own = { folder, model, data: asDrawn(data), count: many, columns, seed, flags, signal };
    const subject: Subject = { ...own, ...conditions(model, data, many) };
    const wanted = asked ?? usualPictures.filter((name) => pictures[name].lacks(subject) === undefined);
    for (const name of new Set(wanted)) {
      const content = await contentOf(name, subject, options).catch((error: unknown) => {
        if (!isUnsuitable(error)) throw error;
        skipped.push({ name, error });
        return undefined;
      });
      // Vega does not stop half way.
      signal.throwIfAborted();
      if (content === undefined) continue;
      const file = join(out, `${name}.${format}`);
      await writeWhole(file, content);
      files.push(file);
    }
  });
  const [first, ...others] = skipped;
  if (files.length === 0 && first !== undefined) {
    others.forEach(tell);
    throw first.error;
  }
  skipped.forEach(tell);
  const told = skipped.map(({ name, error }) => ({ name, expected: error.expected ?? error.message }));
  return { json: { run: folder, files, skipped: told }, text: files.map((file) => `${file}\n`).join("") };
}
