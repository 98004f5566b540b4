// report: a run as one HTML file that opens anywhere, offline: figures, pictures, and the flow from noise to samples as an animation.
// This file says what is drawn and in which order; how is the business of the files beside it, and of ts/page in the browser.
import { writeWhole } from "../data/file.js";
import { ConfigError } from "../errors.js";
import type { Size } from "../generated/config.js";
import { readLog } from "../log/read-log.js";
import { pathOf } from "../model/settings.js";
import type { FitEvent } from "../train/events.js";
import { bodyOf, type Content } from "./body.js";
import { courseOf } from "./course.js";
import { configText, description } from "./describe.js";
import { documentOf } from "./document.js";
import { rowsOf } from "./drawn.js";
import { look } from "./look.js";
import { marginalsOf } from "./marginals.js";
import { distanceOf, type Figure, likelihoodOf, type Measured } from "./measures.js";
import type { Payload } from "./payload.js";
import { checkedSettings, type ReportSettings } from "./settings.js";
import { type Reported, Subject } from "./subject.js";

/**
 * A report that is ready to be written.
 *
 * @example
 * ```ts
 * const page = await report(model, { data, samples: 200 });
 * await page.save("report.html");
 * page.toHtml().startsWith("<!doctype html>"); // true
 * ```
 */
export class Report {
  readonly #html: string;

  /** @internal */
  constructor(html: string) {
    this.#html = html;
  }

  /** The page as the text of an HTML file. */
  toHtml(): string {
    return this.#html;
  }

  /**
   * Writes the page, as a whole or not at all.
   *
   * @param file - ends in `.html`
   * @throws ConfigError for another ending; DataError where the file cannot be written
   */
  async save(file: string): Promise<void> {
    const path = pathOf("report.save", file);
    if (/\.html?$/i.test(path)) return writeWhole(path, this.#html);
    const expected = "a file name that ends in .html";
    throw new ConfigError(`report.save: expected ${expected}, got ${JSON.stringify(file)}`, { expected, got: file });
  }
}

const short = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "–");

/** What a fit came to. */
function courseFigures(events: readonly FitEvent[]): Figure[] {
  const last = events.at(-1);
  if (last === undefined) return [];
  const losses = events.flatMap(({ validationLoss }) => validationLoss ?? []);
  const validation =
    losses.length === 0 ? "" : `; validation ${short(losses.at(-1) ?? 0)}, best ${short(Math.min(...losses))}`;
  const remark = `at step ${last.step.toLocaleString("en-GB")}${validation}`;
  return [{ name: "Training loss", value: short(last.loss), remark }];
}

async function eventsOf(log: ReportSettings<never, never>["log"]): Promise<readonly FitEvent[]> {
  return typeof log === "string" ? readLog(log) : (log ?? []);
}

/** Everything that the page says. */
async function contentOf(subject: Subject, settings: ReportSettings<never, never>): Promise<Content> {
  const { log, columns, likelihood, sampling = {}, seed = 0, title = subject.name } = settings;
  const events = await eventsOf(log);
  const rows = await rowsOf(subject, settings);
  const { samples, flow, notes } = await look(subject, rows, settings);
  const measured: Measured = { subject, samples, rows, likelihood, sampling, seed };
  const own = [await distanceOf(measured), await likelihoodOf(measured)].filter((figure) => figure !== undefined);
  const compared = samples && { subject, samples, data: rows.data, table: rows.table, columns };
  const marginals = compared ? await marginalsOf(compared) : [];
  const about = await description(subject);
  const of = (name: string) => about.find(([property]) => property === name)?.[1] ?? "–";
  const payload: Payload = {
    ...(flow && { flow }),
    ...(marginals.length > 0 && { marginals }),
    ...(events.length > 0 && { course: courseOf(events) }),
  };
  const network = { name: "Parameters", value: of("parameters"), remark: of("network") };
  const steps = { name: "Steps trained", value: of("steps trained"), remark: `on ${of("device")}` };
  return {
    title,
    lead: [
      ...(title === subject.name ? [] : [subject.name]),
      of("path"),
      of("parameterization"),
      `${of("steps trained")} steps`,
    ]
      .filter((part) => part !== "–")
      .join(" · "),
    figures: [...own, ...courseFigures(events), network, steps],
    description: about,
    summary: subject.model.summary(),
    config: configText(subject),
    payload,
    notes: { ...notes, course: events.length > 0 ? "" : "No log of the training was given." },
  };
}

/**
 * A report of a model: one HTML file with nothing outside of it, that opens offline, on a phone, and can be printed. It says what the model is and how its training went, how far its
 * samples are from data beside how far the data are from themselves, shows both, and plays the way from noise to samples as an animation. What a model has not, such as a likelihood, or
 * cannot do with what it is given, such as sampling without its condition, is said in the page.
 *
 * States may have any shape: vectors are points of two coordinates (`axes`) or a histogram, `[channels, length]` series, `[1 or 3, height, width]` images, tokens tiles of colours; parts have
 * a picture each. A page of a model in the plane with 2000 particles has about 1 MB.
 *
 * @param model - a model of any class, or a pair of which one guides the other
 * @throws ConfigError for settings that cannot be; what the data, the condition or the log are refused for; AbortError where `sampling.signal` ended it
 *
 * @example
 * ```ts
 * const log = jsonLinesLog("log.jsonl");
 * await model.fit(data, { steps: 5_000, log });
 * const page = await report(model, { data, log: "log.jsonl", title: "My first model" });
 * await page.save("report.html");
 * ```
 */
export async function report<const X extends Size, const C extends Size>(
  model: Reported<X, C>,
  settings: ReportSettings<X, C> = {},
): Promise<Report> {
  const checked = checkedSettings(settings) as ReportSettings<never, never>;
  const content = await contentOf(new Subject(model as Reported<Size, Size>), checked);
  // Loaded when it is needed: the script and the style are a part of the package that most programs never use.
  const { reportScript, style } = await import("../generated/pages.js");
  return new Report(documentOf({ title: content.title, style, script: reportScript, body: bodyOf(content) }));
}
