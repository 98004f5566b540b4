// The text of the live page, with the places that its script fills.
// In the look of a report.
import { html, type Markup } from "../report/document.js";

/** What the page has. */
export interface Wanted {
  readonly title: string;
  readonly canStop: boolean;
  readonly hasPreviews: boolean;
}

/** Figures by the ids under which the script finds them: name, and what stands below where the script has nothing to say of it. */
const figures = {
  step: { name: "Step" },
  loss: { name: "Loss" },
  validation: { name: "Validation loss" },
  rate: { name: "Learning rate", remark: "of the last step" },
  speed: { name: "Speed", remark: "steps per second" },
  left: { name: "Time left", remark: "at that speed" },
};

const figure = ([id, { name, remark }]: readonly [string, { readonly name: string; readonly remark?: string }]) =>
  html`<div><dt>${name}</dt><dd class="value" id="${id}">–</dd><dd class="remark" id="${id}-remark">${remark}</dd></div>\n`;

/** The body of the page. */
export function bodyOf({ title, canStop, hasPreviews }: Wanted): Markup {
  const previews = html`<section aria-labelledby="preview-title"><h2 id="preview-title">Samples and data</h2>
<p class="note" id="preview-note">The first are drawn when it is their time.</p><div id="preview" class="beside"></div></section>`;
  return html`<main>
<header><div class="head"><div><h1>${title}</h1><p class="lead"><span id="state" class="state" role="status" data-state="lost">connecting</span></p></div>
${canStop ? html`<button type="button" id="stop" title="ends the training after this step">Stop</button>` : undefined}</div>
<div class="bar" id="progress-bar" role="progressbar" aria-label="progress" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><div id="progress"></div></div></header>
<dl class="figures">
${Object.entries(figures).map(figure)}</dl>
<section aria-labelledby="course-title"><h2 id="course-title">Loss</h2><div id="course"></div></section>
${hasPreviews ? previews : undefined}
<noscript><p class="note">The page needs JavaScript.</p></noscript>
</main>`;
}
