// The report's page in a browser without a network: it draws, moves, obeys slider and keys, and asks for nothing.
// Pictures are compared by the pixels of their canvases.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { MediaFeature, Page } from "puppeteer-core";
import { DiffusionModel, type FitEvent, fitEncoding, randn, report, Table, tensor } from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Opened, openBrowser, openPage, type Watched } from "../support/browser.ts";
import { diffusion, network, solver } from "./support.ts";

let opened: Opened;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-page-"));
  opened = await openBrowser();
});
afterAll(async () => {
  await opened?.close();
  rmSync(folder, { recursive: true, force: true });
});

const log = Array.from({ length: 60 }, (_, i): FitEvent => {
  const rest = { steps: 60, epoch: 0, gradNorm: 1, learningRate: 1e-3, stepsPerSecond: 5, secondsLeft: 1 };
  return { step: i + 1, loss: 30 / (i + 1), ...(i % 10 === 9 && { validationLoss: 40 / (i + 1) }), ...rest };
});

/** A page as it is opened from a file, with no network. */
async function opening(
  name: string,
  html: string,
  { width = 1100, features = [] as MediaFeature[] } = {},
): Promise<Watched> {
  const watched = await openPage(opened.browser, width);
  const { page } = watched;
  const file = join(folder, `${name}.html`);
  writeFileSync(file, html);
  await page.setOfflineMode(true);
  await page.emulateMediaFeatures(features);
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("html[data-drawn]");
  return watched;
}

/** What a canvas shows. */
const pixels = (page: Page, selector: string) =>
  page.$eval(selector, (canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());

const clock = (page: Page) => page.$eval("#flow output", (output) => output.textContent);

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const still: MediaFeature[] = [{ name: "prefers-reduced-motion", value: "reduce" }];

async function planar(): Promise<string> {
  const data = randn([300, 2], { seed: 1 })
    .mul(0.2)
    .add(tensor([2, 2]));
  const page = await report(diffusion(2, 2), { data, log, samples: 200, particles: 200, frames: 21 });
  return page.toHtml();
}

describe("a report in a browser", () => {
  it("asks for nothing but itself, and complains of nothing", async () => {
    const { page, errors, requests } = await opening("plane", await planar());
    await pause(300);
    expect(errors).toEqual([]);
    expect(requests).toEqual([page.url()]);
    expect(await page.$$eval("#comparison figcaption", (all) => all.map(({ textContent }) => textContent))).toEqual([
      "Data, 300 points",
      "Samples, 200 points",
    ]);
    expect(await page.$$eval("#course polyline", (all) => all.map((line) => line.getAttribute("class")))).toEqual([
      "loss",
      "validation",
    ]);
    expect((await page.$$("#marginals figure")).length).toBe(2);
    await page.close();
  });

  it("plays by itself, stops, and goes on where it stood", async () => {
    const { page } = await opening("plays", await planar());
    const [first, time] = [await pixels(page, "#flow canvas"), await clock(page)];
    await pause(500);
    expect(await pixels(page, "#flow canvas")).not.toBe(first);
    expect(await clock(page)).not.toBe(time);
    await page.click("#flow button");
    const stopped = await pixels(page, "#flow canvas");
    await pause(300);
    expect(await pixels(page, "#flow canvas")).toBe(stopped);
    await page.click("#flow button");
    await pause(400);
    expect(await pixels(page, "#flow canvas")).not.toBe(stopped);
    await page.close();
  });

  it("the slider goes to any moment, by key too, and one moment always looks the same", async () => {
    const { page } = await opening("slider", await planar(), { features: still });
    const end = await pixels(page, "#flow canvas");
    expect(await clock(page)).toBe("t = 0");
    await page.focus("#flow input");
    await page.keyboard.press("Home");
    expect(await clock(page)).toBe("t = 1");
    const start = await pixels(page, "#flow canvas");
    expect(start).not.toBe(end);
    for (let i = 0; i < 100; i++) await page.keyboard.press("ArrowRight");
    expect(await clock(page)).toBe("t = 0.5");
    expect(await page.$eval("#flow input", (slider) => slider.getAttribute("aria-valuetext"))).toBe("t = 0.5");
    expect(await pixels(page, "#flow canvas")).not.toBe(start);
    await page.keyboard.press("End");
    expect(await pixels(page, "#flow canvas")).toBe(end);
    await page.close();
  });

  it("who asks for less motion sees the end, until the space bar plays", async () => {
    const { page } = await opening("still", await planar(), { features: still });
    const end = await pixels(page, "#flow canvas");
    await pause(400);
    expect(await pixels(page, "#flow canvas")).toBe(end);
    await page.focus("#flow");
    await page.keyboard.press("Space");
    await pause(400);
    expect(await pixels(page, "#flow canvas")).not.toBe(end);
    await page.close();
  });

  it("is dark where that is wanted, and light on paper", async () => {
    const dark: MediaFeature[] = [...still, { name: "prefers-color-scheme", value: "dark" }];
    const html = await planar();
    const light = await opening("light", html, { features: still });
    const other = await opening("dark", html, { features: dark });
    const paper = (page: Page) => page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(await paper(light.page)).toBe("rgb(247, 247, 245)");
    expect(await paper(other.page)).toBe("rgb(17, 20, 24)");
    const shown = await pixels(other.page, "#comparison canvas");
    expect(shown).not.toBe(await pixels(light.page, "#comparison canvas"));
    await other.page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await pause(100);
    expect(await paper(other.page)).toBe("rgb(247, 247, 245)");
    expect(await pixels(other.page, "#comparison canvas")).toBe(await pixels(light.page, "#comparison canvas"));
    expect(await other.page.$$eval("details", (all) => all.every((one) => one.hasAttribute("open")))).toBe(true);
    expect((await other.page.pdf()).length).toBeGreaterThan(10_000);
    await Promise.all([light.page.close(), other.page.close()]);
  });

  it("fits on a phone", async () => {
    const { page } = await opening("phone", await planar(), { width: 360, features: still });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    await page.close();
  });

  it.each([
    ["a number", () => diffusion(1, 1), randn([50, 1])],
    ["images", () => diffusion([3, 4, 5], 60), randn([50, 3, 4, 5])],
    ["series", () => diffusion([2, 8], 16), randn([50, 2, 8])],
  ])("%s move, beside their data", async (name, model, data) => {
    const html = (await report(model() as never, { data, samples: 60, frames: 11 } as never)).toHtml();
    const { page, errors } = await opening(name, html, { features: still });
    const end = await pixels(page, "#flow canvas");
    await page.focus("#flow input");
    await page.keyboard.press("Home");
    expect(await pixels(page, "#flow canvas")).not.toBe(end);
    expect(errors).toEqual([]);
    expect((await page.$$("#comparison canvas")).length).toBe(name === "a number" ? 1 : 2);
    await page.close();
  });

  it("every picture of parts follows the one slider", async () => {
    const html = (await report(diffusion({ a: 2, image: [1, 3, 3] }, 11), { samples: 30, frames: 11 })).toHtml();
    const { page } = await opening("parts", html, { features: still });
    const both = async () => [
      await pixels(page, "#flow figure:nth-child(1) canvas"),
      await pixels(page, "#flow figure:nth-child(2) canvas"),
    ];
    const [points, image] = await both();
    await page.focus("#flow input");
    await page.keyboard.press("Home");
    const [pointsNow, imageNow] = await both();
    expect(pointsNow).not.toBe(points);
    expect(imageNow).not.toBe(image);
    await page.close();
  });

  it("no name of a user's runs", async () => {
    const evil = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 2'>";
    const data = { [evil]: randn([40, 2]) };
    const settings = { data: data as never, title: evil, samples: 20, frames: 3 };
    const html = (await report(diffusion({ [evil]: 2 }, 2), settings)).toHtml();
    const { page, errors, requests } = await opening("evil", html);
    expect(await page.evaluate("window.evil")).toBeUndefined();
    expect(await page.$eval("h1", ({ textContent }) => textContent)).toBe(evil);
    expect(await page.$eval("#marginals figcaption", ({ textContent }) => textContent)).toBe(`${evil}[0]`);
    expect([errors, requests.length]).toEqual([[], 1]);
    await page.close();
  });

  it("categories of a table are shown with their shares", async () => {
    const table = Table.fromColumns({ kind: ["<b>cat", "dog", "<b>cat", "<b>cat"], size: [1, 2, 1.5, 1.2] });
    const data = await fitEncoding(table);
    const model = new DiffusionModel({
      xSize: data.width,
      data,
      path: { type: "gvp" },
      solver,
      model: network(data.width + 1, data.width),
    });
    const { page, errors } = await opening(
      "table",
      (await report(model, { data: table, samples: 20, frames: 3 })).toHtml(),
    );
    const items = await page.$$eval("#marginals li", (all) => all.map((item) => item.getAttribute("title")));
    expect(items.map((title) => /([\d.]+) % of the data/.exec(title ?? "")?.[1])).toEqual(["75", "25"]);
    expect(await page.$eval("#marginals li span", ({ textContent }) => textContent)).toBe("<b>cat");
    expect(errors).toEqual([]);
    await page.close();
  });
});
