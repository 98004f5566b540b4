// The fit itself: with its logs, its live page, and an end that leaves a checkpoint.
// Ctrl-C ends it after the step that is being done.
import { join } from "node:path";
import { jsonLinesLog } from "../../log/json-lines-log.js";
import { tensorBoardLog } from "../../log/tensorboard-log.js";
import type { AnyModel } from "../../model/registry.js";
import type { FitReport } from "../../train/events.js";
import type { FitLog } from "../../train/logs.js";
import type { Run } from "../../train/run.js";
import { type LivePage, livePage } from "../../ui/live-page.js";
import { note } from "../output.js";
import { interruptible } from "../signals.js";
import { fitted, type RowParts } from "./parts.js";
import { type Recent, RecentLoss } from "./recent-loss.js";
import type { FitPlan, TrainOptions } from "./settings.js";

/** How a fit ended, and whether it was the user who ended it. */
export interface Ended {
  readonly report: FitReport;
  /** The mean of the losses towards the end, since that of one batch says little; null where there was none. */
  readonly recent: Recent | null;
  readonly interrupted: boolean;
}

/** Previews of a run. */
const PREVIEWS = 20;

/** A page in the browser, on the port that is asked for. */
async function pageOf(
  model: AnyModel,
  { all }: RowParts,
  { fit }: FitPlan,
  flags: TrainOptions,
  stop: () => void,
): Promise<LivePage> {
  const steps = Math.max(1, Math.round((fit.steps ?? 1000) / PREVIEWS));
  // Candidates of an energy are no samples.
  const isShown = all.kind === "table" || all.energy === undefined;
  const { rows, more } = fitted(all);
  const { sampleWeight: _, ...beside } = more;
  const page = await livePage({
    title: flags.out,
    onStop: stop,
    ...(typeof flags.ui === "number" && { port: flags.ui }),
    ...(isShown && { previews: { model, data: rows, ...beside, every: { steps } } as never }),
  });
  note(`live page: ${page.url}`);
  return page;
}

/** Fits, and saves. */
export async function fit(
  model: AnyModel,
  goesOn: boolean,
  plan: FitPlan,
  parts: RowParts,
  flags: TrainOptions,
): Promise<Ended> {
  return interruptible("stopping after this step and saving", async (signal) => {
    let run: Run | undefined;
    const page = flags.ui ? await pageOf(model, parts, plan, flags, () => run?.stop()) : undefined;
    try {
      const { rows, more } = fitted(parts.trained);
      const held = parts.held && fitted(parts.held);
      const losses = new RecentLoss();
      const log: FitLog[] = [
        jsonLinesLog(join(flags.out, "log.jsonl")),
        losses,
        ...(flags.log?.includes("tensorboard") ? [tensorBoardLog(flags.out)] : []),
        ...(page ? [page] : []),
      ];
      const settings = {
        ...plan.fit,
        ...more,
        ...(held && { validation: { data: held.rows, every: plan.fit.validation?.every, ...held.more } }),
        resume: goesOn,
        progress: !flags.quiet,
        log,
      };
      run = (model as { fit(rows: unknown, settings: object): Run }).fit(rows, settings);
      signal.addEventListener("abort", () => run?.stop(), { once: true });
      const report = await run;
      // What was not begun is not worth a checkpoint: it starts from its beginning anyway.
      if (report.step > 0) await model.save(flags.out);
      return { report, recent: losses.mean(), interrupted: signal.aborted && report.reason === "stopped" };
    } finally {
      await page?.close();
    }
  });
}
