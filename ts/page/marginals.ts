// Columns one by one: the distribution of each in the samples over that in the data.
// Small pictures in SVG, many beside each other.
import type { CategoryMarginal, Marginal, NumberMarginal } from "../src/report/payload.ts";
import { html, svg } from "./dom.ts";
import { short } from "./scale.ts";

const WIDTH = 240;
const HEIGHT = 110;

/** The outline of densities over bins of equal width. */
function outline(densities: readonly number[], most: number): string {
  const wide = WIDTH / densities.length;
  const y = (density: number) => (HEIGHT * (1 - density / most)).toFixed(1);
  const steps = densities.map((density, bin) => {
    const [left, right] = [(bin * wide).toFixed(1), ((bin + 1) * wide).toFixed(1)];
    return `L${left},${y(density)}L${right},${y(density)}`;
  });
  return `M0,${HEIGHT}${steps.join("")}L${WIDTH},${HEIGHT}Z`;
}

function numbers({ kind, name, low, high, samples, data = [] }: NumberMarginal): Element[] {
  const most = Math.max(...samples, ...data) * 1.05 || 1;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", preserveAspectRatio: "none" });
  picture.append(svg("title", {}, `The distribution of ${name}`));
  if (data.length > 0) picture.append(svg("path", { class: "area data", d: outline(data, most) }));
  picture.append(svg("path", { class: "outline samples", d: outline(samples, most) }));
  const text = (value: number) => (kind === "dates" ? new Date(value).toISOString().slice(0, 10) : short(value));
  return [picture, html("div", { class: "range" }, html("span", {}, text(low)), html("span", {}, text(high)))];
}

function categories({ name, labels, samples, data = [] }: CategoryMarginal): Element[] {
  const most = Math.max(...samples, ...data) || 1;
  const percent = (share: number) => `${short(Number((100 * share).toPrecision(3)))} %`;
  const bar = (set: string, share: number) => {
    const made = html("i", { class: set });
    made.style.width = `${(100 * share) / most}%`;
    return made;
  };
  const rows = labels.map((label, i) => {
    const [own, known] = [samples[i] ?? 0, data[i]];
    const title = `${percent(own)} of the samples${known === undefined ? "" : `, ${percent(known)} of the data`}`;
    const bars = [bar("samples", own), ...(known === undefined ? [] : [bar("data", known)])];
    return html("li", { title }, html("span", {}, label), html("span", { class: "bars" }, ...bars));
  });
  return [html("ul", { class: "categories", "aria-label": `Shares of ${name}` }, ...rows)];
}

/** A small picture of each column. */
export function marginalPictures(marginals: readonly Marginal[]): HTMLElement[] {
  return marginals.map((marginal) => {
    const inside = marginal.kind === "categories" ? categories(marginal) : numbers(marginal);
    return html("figure", { class: "marginal" }, html("figcaption", {}, marginal.name), ...inside);
  });
}
