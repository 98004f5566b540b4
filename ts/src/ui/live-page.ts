// livePage: a training in the browser while it runs, as a log of the fit: losses, speed, time left, and samples if wanted.
// What it serves, to whom and how is the business of the files beside it.
import type { ServerResponse } from "node:http";
import { namesOf, optionsOf } from "../config/options.js";
import { ConfigError } from "../errors.js";
import type { Size } from "../generated/config.js";
import { functionOf, refused } from "../model/settings.js";
import { documentOf, policyOf } from "../report/document.js";
import type { FitEvent } from "../train/events.js";
import type { FitLog } from "../train/logs.js";
import { bodyOf } from "./body.js";
import { History } from "./history.js";
import { Listeners } from "./listeners.js";
import type { LivePreview } from "./messages.js";
import { type PreviewSettings, Previews } from "./previews.js";
import { LocalServer } from "./server.js";

/** Settings of {@link livePage}. */
export interface LivePageSettings<X extends Size, C extends Size> {
  /** Port on the loopback address; default 0, any that is free. */
  readonly port?: number;
  /** Above the page; default "Training". */
  readonly title?: string;
  /** Called when the page's Stop button is pressed, such as `() => run.stop()`; without it there is no button. */
  readonly onStop?: () => void | PromiseLike<void>;
  /** Samples of the model in training beside data, now and then. */
  readonly previews?: PreviewSettings<X, C>;
}

/** A live page: a log, to be given to one fit, that is at home at `url`. */
export interface LivePage extends FitLog {
  /** The page's address on this machine, with the token without which nothing is told. */
  readonly url: string;
}

const names = namesOf<LivePageSettings<never, never>>({ port: true, title: true, onStop: true, previews: true });

function checked<X extends Size, C extends Size>(given: LivePageSettings<X, C>): LivePageSettings<X, C> {
  const settings = optionsOf("livePage", given, names);
  const { port, title, onStop } = settings;
  if (port !== undefined && !(Number.isSafeInteger(port) && port >= 0 && port < 2 ** 16))
    throw refused("port", "an integer from 0 to 65535", port);
  if (title !== undefined && typeof title !== "string") throw refused("title", "a text", title);
  if (onStop !== undefined) functionOf("onStop", onStop);
  return settings;
}

class Page implements LivePage {
  readonly #history = new History();
  readonly #listeners: Listeners;
  readonly #server: LocalServer;
  readonly #previews: Previews | undefined;
  #preview: LivePreview | undefined;
  #stopped = false;
  #isOpen = false;
  #closing: Promise<void> | undefined;

  constructor(settings: LivePageSettings<never, never>, parts: { readonly script: string; readonly style: string }) {
    const { title = "Training", onStop, previews } = settings;
    this.#listeners = new Listeners(() => [
      { start: { history: this.#history.events } },
      ...(this.#preview ? [{ preview: this.#preview }] : []),
    ]);
    this.#previews =
      previews === undefined
        ? undefined
        : new Previews(previews, (preview) => {
            this.#preview = preview;
            this.#listeners.send("preview", preview);
          });
    const body = bodyOf({ title, canStop: onStop !== undefined, hasPreviews: previews !== undefined });
    const page = { ...parts, title, body, connect: "'self'" } as const;
    const text = documentOf(page);
    const headers = {
      "content-security-policy": `${policyOf(page)}; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-store",
    };
    const stop = async (response: ServerResponse) => {
      const stopping = onStop?.();
      this.#stopped = true;
      await stopping;
      response.writeHead(204).end();
    };
    this.#server = new LocalServer(
      {
        "GET /": (response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(text),
        "GET /events": (response) => this.#listeners.add(response),
        ...(onStop && { "POST /stop": stop }),
      },
      headers,
    );
  }

  get url(): string {
    return this.#server.url;
  }

  listen(port: number): Promise<void> {
    return this.#server.listen(port);
  }

  open(): void {
    const isClosed = this.#closing !== undefined;
    if (!isClosed && !this.#isOpen) {
      this.#isOpen = true;
      return;
    }
    const expected = "a live page that no other fit has";
    const got = `one that ${isClosed ? "is closed" : "shows another fit"}; make another for each fit`;
    throw new ConfigError(`log: expected ${expected}, got ${got}`, { expected, got, path: "log" });
  }

  write(event: FitEvent): void {
    this.#history.add(event);
    this.#listeners.send("step", event);
    if (this.#listeners.count > 0) this.#previews?.at(event.step);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#previews?.end();
    const { step, steps } = this.#history.last ?? { step: 0, steps: 0 };
    const end = step >= steps ? "finished" : this.#stopped ? "stopped" : "ended early";
    this.#listeners.end({ reason: `${end} after ${step.toLocaleString("en-GB")} steps` });
    await this.#server.close();
  }
}

/**
 * A page in the browser that shows a fit while it goes on: losses, learning rate, speed, time left, and with `previews` samples beside data. It is a log ({@link FitLog}) for one
 * fit, and closes with it; what tabs have drawn stays. Any number of tabs may look, from any moment on, and none of them holds up the training.
 *
 * It is served on the loopback address alone. Its `url` has a token, without which every request is refused, as are those under another name (DNS rebinding) and from pages
 * of others. Previews take turns with the training's steps, draw from the moving average where there is one, and change nothing of the training; they are
 * drawn while a tab is open.
 *
 * @throws ConfigError for settings that cannot be, or a port that is taken
 *
 * @example
 * ```ts
 * const page = await livePage({ onStop: () => run.stop(), previews: { model, data, every: { steps: 500 } } });
 * console.log(page.url); // to be opened in a browser
 * const run = model.fit(data, { steps: 5_000, log: page });
 * await run;
 * ```
 */
export async function livePage<const X extends Size, const C extends Size>(
  settings: LivePageSettings<X, C> = {},
): Promise<LivePage> {
  const given = checked(settings) as LivePageSettings<never, never>;
  const { liveScript, style } = await import("../generated/pages.js");
  const page = new Page(given, { script: liveScript, style });
  await page.listen(given.port ?? 0);
  return page;
}
