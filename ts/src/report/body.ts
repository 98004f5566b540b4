// The text of a report: sections, tables and figures, in which the script finds the places for its pictures.
// It can be read without the script, apart from the pictures.
import type { Row } from "./describe.js";
import { dataOf, html, type Markup } from "./document.js";
import type { Figure } from "./measures.js";
import type { Payload } from "./payload.js";

/** What a report says. */
export interface Content {
  readonly title: string;
  readonly lead: string;
  readonly figures: readonly Figure[];
  readonly description: readonly Row[];
  readonly summary: string;
  readonly config: string;
  readonly payload: Payload;
  /** What is said of the flow and of the samples: what is seen, or why there is nothing to see. */
  readonly notes: { readonly flow: string; readonly samples: string; readonly course: string };
}

const figure = ({ name, value, remark }: Figure): Markup =>
  html`<div><dt>${name}</dt><dd class="value">${value}</dd><dd class="remark">${remark}</dd></div>\n`;

const row = ([name, value]: Row): Markup => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`;

/** The body of the page. */
export function bodyOf({ title, lead, figures, description, summary, config, payload, notes }: Content): Markup {
  const hasMarginals = payload.marginals !== undefined;
  const keys = html`<p class="keys note"><span class="key samples">samples</span><span class="key data">data</span></p>`;
  return html`<main>
<header><h1>${title}</h1><p class="lead">${lead}</p></header>
<section aria-labelledby="flow-title"><h2 id="flow-title">From noise to samples</h2><p class="note">${notes.flow}</p>
<div id="flow" role="group" aria-label="animation: the space bar plays and pauses" tabindex="0"></div><noscript><p class="note">The pictures need JavaScript.</p></noscript></section>
<dl class="figures">
${figures.map(figure)}</dl>
<section aria-labelledby="comparison-title"><h2 id="comparison-title">Samples and data</h2><p class="note">${notes.samples}</p><div id="comparison" class="beside"></div></section>
${hasMarginals ? html`<section aria-labelledby="marginals-title"><h2 id="marginals-title">Column by column</h2>${keys}<div id="marginals"></div></section>` : undefined}
<section aria-labelledby="course-title"><h2 id="course-title">Training</h2><p class="note">${notes.course}</p><div id="course"></div></section>
<section aria-labelledby="model-title"><h2 id="model-title">The model</h2><table><tbody>
${description.map(row)}</tbody></table>
<details><summary>Parameters</summary><pre>${summary}</pre></details>
<details><summary>Config</summary><pre>${config}</pre></details></section>
</main>
<script type="application/json" id="payload">${dataOf(payload)}</script>`;
}
