// What a report's page does when it is opened: reads its data and draws them.
// Everything that is text stands in the page already.
import type { Payload } from "../src/report/payload.ts";
import { CourseChart } from "./chart.ts";
import { byId } from "./dom.ts";
import { marginalPictures } from "./marginals.ts";
import { play } from "./player.ts";
import { whenChanged } from "./surface.ts";
import { comparisonOf } from "./views/index.ts";

/** Paper is light, and shows what can be unfolded. */
function preparePrinting(): void {
  const root = document.documentElement;
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  addEventListener("afterprint", () => {
    delete root.dataset.theme;
  });
}

const { flow, marginals, course }: Payload = JSON.parse(byId("payload").textContent ?? "{}");
preparePrinting();
if (flow !== undefined) {
  if (flow.times.length > 1) play(flow, byId("flow"));
  const place = byId("comparison");
  for (const view of flow.views) {
    const { elements, draw } = comparisonOf(view);
    place.append(...elements);
    whenChanged(elements, draw);
    addEventListener("beforeprint", draw);
    draw();
  }
}
if (marginals !== undefined) byId("marginals").append(...marginalPictures(marginals));
if (course !== undefined) new CourseChart(byId("course")).show(course);
document.documentElement.dataset.drawn = "true";
