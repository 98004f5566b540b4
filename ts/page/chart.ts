// The course of a fit as lines in SVG: losses over steps, on a scale of logarithms where they span decades.
// The report draws it once, the live page again with each event.
import type { Course } from "../src/report/payload.ts";
import { html, svg } from "./dom.ts";
import { place, type Range, short, ticks, widened } from "./scale.ts";
import { whenChanged } from "./surface.ts";

const HEIGHT = 260;
const MARGIN = { left: 54, right: 14, top: 12, bottom: 36 };

/** Points of a line that a screen can tell apart. */
const POINTS = 600;

interface Point {
  readonly step: number;
  readonly value: number;
}

function pointsOf({ step }: Course, values: readonly (number | null)[]): Point[] {
  return values.flatMap((value, i) => {
    const at = step[i];
    return value === null || at === undefined || !Number.isFinite(value) ? [] : [{ step: at, value }];
  });
}

/** Means of neighbours, so that there are no more points than can be seen, and noise does not hide the course. */
function smoothed(points: readonly Point[], most: number): Point[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const part = points.slice(i * size, (i + 1) * size);
    const mean = (of: (point: Point) => number) => part.reduce((sum, point) => sum + of(point), 0) / part.length;
    return { step: mean((point) => point.step), value: mean((point) => point.value) };
  });
}

/** A scale of losses: of logarithms where all are positive and span more than a decade. */
interface Scale {
  readonly of: (value: number) => number;
  readonly range: Range;
  readonly marks: readonly { readonly at: number; readonly text: string }[];
}

function scaleOf(values: readonly number[]): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high / low > 10) {
    const range = widened([Math.log10(low), Math.log10(high)]);
    const decades = Math.ceil(range[1] - range[0]);
    const factors = decades > 3 ? [1] : [1, 2, 5];
    const marks = Array.from({ length: decades + 2 }, (_, i) => Math.floor(range[0]) + i).flatMap((power) =>
      factors.map((factor) => factor * 10 ** power).map((value) => ({ at: Math.log10(value), text: short(value) })),
    );
    return { of: Math.log10, range, marks: marks.filter(({ at }) => at >= range[0] && at <= range[1]) };
  }
  const range = widened([low, high]);
  return { of: (value) => value, range, marks: ticks(range, 5).map((at) => ({ at, text: short(at) })) };
}

/**
 * The lines of losses, and of the validation loss where there is one; undefined where there is nothing to draw.
 *
 * @param width - of the picture, so that its texts have the size of others
 */
function chartOf(course: Course, width: number): HTMLElement | undefined {
  const loss = pointsOf(course, course.loss);
  const validation = pointsOf(course, course.validationLoss);
  const all = [...loss, ...validation];
  if (all.length === 0) return undefined;
  const steps: Range = [Math.min(...all.map(({ step }) => step)), Math.max(...all.map(({ step }) => step))];
  const mean = smoothed(loss, 60);
  const { of, range, marks } = scaleOf(all.map(({ value }) => value));
  const [wide, tall] = [width - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  const x = (step: number) => MARGIN.left + place(step, steps, wide);
  const y = (value: number) => MARGIN.top + tall - place(of(value), range, tall);
  const line = (points: readonly Point[], name: string) =>
    svg("polyline", {
      class: name,
      points: points.map((p) => `${x(p.step).toFixed(1)},${y(p.value).toFixed(1)}`).join(" "),
    });
  const picture = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", class: "chart" });
  picture.append(
    svg("title", {}, `Loss over ${short(steps[1])} steps, last ${short(loss.at(-1)?.value ?? Number.NaN)}`),
  );
  for (const { at, text } of marks) {
    const height = MARGIN.top + tall - place(at, range, tall);
    picture.append(
      svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: height, y2: height }),
      svg("text", { class: "mark end", x: MARGIN.left - 8, y: height + 4 }, text),
    );
  }
  for (const step of ticks(steps, Math.max(3, width / 130))) {
    picture.append(svg("text", { class: "mark middle", x: x(step), y: HEIGHT - MARGIN.bottom + 18 }, short(step)));
  }
  picture.append(svg("text", { class: "mark middle", x: MARGIN.left + wide / 2, y: HEIGHT - 2 }, "step"));
  picture.append(line(smoothed(loss, POINTS), mean.length < loss.length ? "loss faint" : "loss"));
  if (mean.length < loss.length) picture.append(line(mean, "loss"));
  if (validation.length > 0) {
    picture.append(line(validation, "validation"));
    for (const { step, value } of validation.slice(-200)) {
      picture.append(svg("circle", { class: "validation", cx: x(step), cy: y(value), r: 2.4 }));
    }
  }
  const key = (name: string, text: string) => html("span", { class: `key ${name}` }, text);
  const keys = [key("loss", "training loss"), ...(validation.length > 0 ? [key("validation", "validation loss")] : [])];
  return html("figure", {}, picture, html("figcaption", { class: "keys" }, ...keys));
}

/** Keeps a chart in its place, as wide as that. */
export class CourseChart {
  readonly #place: HTMLElement;
  #course: Course | undefined;

  constructor(place: HTMLElement) {
    this.#place = place;
    whenChanged([place], () => this.#draw());
  }

  /** Draws this course from now on. */
  show(course: Course): void {
    this.#course = course;
    this.#draw();
  }

  #draw(): void {
    const chart = this.#course && chartOf(this.#course, Math.max(280, this.#place.clientWidth));
    if (chart !== undefined) this.#place.replaceChildren(chart);
  }
}
