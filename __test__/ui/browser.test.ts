// The live page in a browser: it follows a fit that really runs, shows previews, and its button stops the fit.
// The server alone is the business of live-page.test.ts.
import type { Page } from "puppeteer-core";
import { livePage } from "thalweg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { data, small } from "../model/support.ts";
import { type Opened, openBrowser, openPage } from "../support/browser.ts";

let opened: Opened;
beforeAll(async () => {
  opened = await openBrowser();
});
afterAll(() => opened?.close());

const textOf = (page: Page, id: string) => page.$eval(`#${id}`, ({ textContent }) => textContent ?? "");

/** Waits until the page's script finds something true. */
const until = (page: Page, found: string) => page.waitForFunction(found, { timeout: 30_000 });

const step = "Number(document.querySelector('#step').textContent.replaceAll(',', ''))";

it("follows a fit in several tabs, one of which comes late, and stops it", async () => {
  const model = small();
  const live = await livePage({
    title: "A <i>fit",
    onStop: () => run.stop(),
    previews: { model, data: data(), every: { steps: 200 }, samples: 100 },
  });
  const { page, errors, requests } = await openPage(opened.browser);
  await page.goto(live.url);
  await until(page, "document.querySelector('#state').textContent.startsWith('waiting')");
  const validation = { data: data(64), every: 50 };
  const run = model.fit(data(), { steps: 1_000_000, log: live, validation });
  await until(page, `${step} > 100`);
  const before = [
    await textOf(page, "step"),
    await page.$eval("#course polyline", (line) => line.getAttribute("points")),
  ];
  await until(page, `${step} > ${Number(before[0]?.replaceAll(",", "")) + 200}`);
  expect(await page.$eval("#course polyline", (line) => line.getAttribute("points"))).not.toBe(before[1]);
  expect(await textOf(page, "state")).toBe("training");
  expect(await textOf(page, "step-remark")).toMatch(/^of 1,000,000, epoch \d+/);
  expect(Number(await textOf(page, "loss"))).toBeGreaterThan(0);
  expect(Number(await textOf(page, "validation"))).toBeGreaterThan(0);
  expect(await textOf(page, "rate")).toBe("0.001");
  expect(Number((await textOf(page, "speed")).replaceAll(",", ""))).toBeGreaterThan(0);
  expect(await textOf(page, "left")).toMatch(/^(\d+:)?\d+:\d\d$/);
  expect(await page.title()).toMatch(/^\d+ % · A <i>fit$/);

  await until(page, "document.querySelectorAll('#preview canvas').length === 2");
  const picture = () =>
    page.$eval("#preview figure:last-child canvas", (canvas) =>
      (canvas as unknown as { toDataURL(): string }).toDataURL(),
    );
  const [shown, note] = [await picture(), await textOf(page, "preview-note")];
  await until(page, `document.querySelector('#preview-note').textContent !== ${JSON.stringify(note)}`);
  expect(await picture()).not.toBe(shown);

  const late = await openPage(opened.browser, 380);
  await late.page.goto(live.url);
  await until(late.page, `${step} > 300 && document.querySelectorAll('#preview canvas').length === 2`);
  expect(await late.page.evaluate("document.documentElement.scrollWidth")).toBe(380);
  const points = await late.page.$eval(
    "#course polyline",
    (line) => line.getAttribute("points")?.split(" ").length ?? 0,
  );
  expect(points).toBeGreaterThan(3);

  await page.click("#stop");
  expect((await run).reason).toBe("stopped");
  for (const tab of [page, late.page]) {
    await until(tab, "document.querySelector('#state').textContent.startsWith('stopped after')");
    expect(await tab.$eval("#stop", (button) => button.hasAttribute("disabled"))).toBe(true);
  }
  const origin = new URL(live.url).origin;
  expect([...requests, ...late.requests].every((url) => url.startsWith(origin))).toBe(true);
  expect([errors, late.errors]).toEqual([[], []]);
});

it("a fit that finishes leaves its curve in the tab", async () => {
  const live = await livePage();
  const { page, errors } = await openPage(opened.browser);
  await page.goto(live.url);
  await until(page, "document.querySelector('#state').textContent.startsWith('waiting')");
  // What stands there in the very moment in which the page says that it is finished.
  await page.evaluate(`{
    const [state, step] = ["state", "step"].map((id) => document.getElementById(id));
    new MutationObserver(() => {
      if (state.textContent.startsWith("finished")) window.atEnd ??= [step.textContent, document.title];
    }).observe(state, { childList: true });
  }`);
  await small().fit(data(), { steps: 300, log: live });
  await until(page, "document.querySelector('#state').textContent === 'finished after 300 steps'");
  expect(await page.evaluate("window.atEnd")).toEqual(["300", "100 % · Training"]);
  expect(await textOf(page, "step")).toBe("300");
  expect(await page.$eval("#progress-bar", (bar) => bar.getAttribute("aria-valuenow"))).toBe("100");
  expect((await page.$$("#course polyline")).length).toBeGreaterThan(0);
  expect(errors).toEqual([]);
});

it("the title of a tab that is not seen tells how far the fit is", async () => {
  const live = await livePage({ onStop: () => run.stop() });
  const { page, errors } = await openPage(opened.browser);
  await page.evaluateOnNewDocument("Object.defineProperty(document, 'hidden', { value: true })");
  await page.evaluateOnNewDocument("window.requestAnimationFrame = () => 0");
  await page.goto(live.url);
  const run = small().fit(data(), { steps: 1_000_000, log: live });
  await page.waitForFunction("/^\\d+ % · Training$/.test(document.title)", { timeout: 30_000, polling: 100 });
  await page.click("#stop");
  expect((await run).reason).toBe("stopped");
  expect(errors).toEqual([]);
});
