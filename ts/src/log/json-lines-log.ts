// The log of a fit as JSON lines: an event a line, which any tool can read while the file grows. See jsonlines.org.
// What it writes is read back by read-log.ts.
import { pathOf } from "../model/settings.js";
import type { FitLog } from "../train/logs.js";
import { fileLog } from "./log-file.js";

/**
 * A log that writes an object a line: the fields of {@link FitEvent}, and `time`, when it was written (ISO 8601, with milliseconds). Numbers that are not finite are null, as
 * JSON wants it. {@link readLog} reads it back.
 *
 * A fit that starts anew replaces the file; one with `resume` appends to it, once the line that a killed fit may have left torn is cut off; a file
 * that is no such log is refused, and left as it is. Where that fit had come further than its last
 * checkpoint, some steps are there twice, and the later ones count. Lines are written while training goes on, whole, as they come: ten a second at most, beside those of `every` and of
 * validations. How failures end is told at {@link FitLog}.
 *
 * @param file - its folder is made where there is none; by custom `log.jsonl` in the folder that the model is saved to
 * @throws ConfigError for a path that is none; the fit rejects with one where another log of this process is writing to the file
 *
 * @example
 * ```ts
 * await model.fit(data, { steps: 5_000, log: jsonLinesLog("runs/a/log.jsonl") });
 * const events = await readLog("runs/a/log.jsonl");
 * events.at(-1)?.step; // 40
 * await plot.loss(events).save("loss.png");
 * ```
 */
export function jsonLinesLog(file: string): FitLog {
  const path = pathOf("jsonLinesLog", file);
  return fileLog(({ resume }) => ({
    path,
    place: path,
    beginning: resume ? "afterLines" : "anew",
    async encoded(events) {
      const lines = events.map(({ event, time }) => `${JSON.stringify({ ...event, time: time.toISOString() })}\n`);
      return Buffer.from(lines.join(""));
    },
  }));
}
