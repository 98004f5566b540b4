// thalweg report: what `report` of the library makes of a run, its log and its data.
// Data are those of training, unless others are given.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { load } from "../../model/registry.js";
import { report } from "../../report/report.js";
import type { Outcome } from "../command.js";
import { dataOfRun } from "../data/of-run.js";
import { callOf } from "../sample/drawn.js";
import type { SolverFlags } from "../sample/solver.js";
import { interruptible } from "../signals.js";
import { fitted } from "../train/parts.js";

/** The flags of `thalweg report`. */
export interface ReportOptions extends SolverFlags {
  readonly out?: string;
  readonly data?: string;
  readonly source?: string;
  readonly condition?: string;
  readonly title?: string;
  readonly samples?: number;
  readonly seed?: number;
  readonly guidance?: number;
  readonly weights?: "ema" | "raw";
  readonly device?: string;
  readonly quiet?: true;
}

/** Rows of the data that are looked at. */
const ROWS = 10_000;

/** Writes the page. */
export async function write(folder: string, options: ReportOptions): Promise<Outcome> {
  const { out = join(folder, "report.html"), title = folder, samples, seed, device, quiet, ...flags } = options;
  const { solver, steps, guidance, weights } = flags;
  const model = await load(folder, { device });
  const data = await dataOfRun(folder, model, options, ROWS);
  const { rows, more } = data === undefined ? { rows: undefined, more: {} } : fitted(data);
  const { sampleWeight: _, ...beside } = more;
  const asked = { solver, steps, guidance, weights };
  const { batchSize: _b, ...sampling } = callOf(model, { ...asked, count: 1 } as never) as { batchSize?: number };
  await interruptible("stopping", async (signal) => {
    const progress = !quiet && Boolean(process.stderr.isTTY);
    const settings = {
      title,
      ...(rows !== undefined && { data: rows, ...beside }),
      ...(samples !== undefined && { samples }),
      ...(seed !== undefined && { seed }),
      ...(existsSync(join(folder, "log.jsonl")) && { log: folder }),
      sampling: { ...sampling, signal, progress },
    };
    const page = await report(model as never, settings as never);
    await page.save(out);
  });
  return { json: { run: folder, file: out }, text: `${out}\n` };
}
