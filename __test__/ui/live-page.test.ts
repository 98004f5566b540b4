// The live page's server: who is let in and who is not, what tabs are told, and that nothing of it holds up or keeps alive a program.
// Spoken to by plain requests; what a browser makes of it is the business of browser.test.ts.
import { spawn } from "node:child_process";
import { get, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { ConfigError, type FitEvent, type LivePage, livePage } from "thalweg";
import { afterEach, describe, expect, it, vi } from "vitest";
import { History } from "../../ts/src/ui/history.ts";
import type { LivePreview } from "../../ts/src/ui/messages.ts";
import { data, small } from "../model/support.ts";

const pages: LivePage[] = [];
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()));
});

async function opened(settings: Parameters<typeof livePage>[0] = {}): Promise<LivePage> {
  const page = await livePage(settings);
  pages.push(page);
  return page;
}

const event = (step: number, more: Partial<FitEvent> = {}): FitEvent => ({
  ...{ step, steps: 1000, epoch: 0, loss: 0.5, gradNorm: 1, learningRate: 1e-3, stepsPerSecond: 5, secondsLeft: 1 },
  ...more,
});

/** The address of another path of a page. */
function at(page: LivePage, path: string, token = new URL(page.url).searchParams.get("token")): URL {
  const url = new URL(path, page.url);
  if (token !== null) url.searchParams.set("token", token);
  return url;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

function asked(url: URL, { method = "GET", headers = {} } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject).end();
  });
}

/** The messages that a tab is told, as they come. */
function listening(page: LivePage) {
  const messages: { readonly name: string; readonly data: never }[] = [];
  let ended: () => void = () => undefined;
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  let text = "";
  const sent = get(at(page, "/events"), (response) => {
    response.setEncoding("utf8").on("data", (part) => {
      text += part;
      const whole = text.split("\n\n");
      text = whole.pop() ?? "";
      for (const one of whole) {
        const [, name = "", json = ""] = /event: (\w+)\ndata: (.*)/.exec(one) ?? [];
        messages.push({ name, data: JSON.parse(json) as never });
      }
    });
    response.on("end", ended);
  });
  const until = async (name: string) => {
    while (!messages.some((message) => message.name === name)) await new Promise((resolve) => setTimeout(resolve, 5));
    return messages.find((message) => message.name === name)?.data as unknown as Record<string, never>;
  };
  return { messages, end, until, stop: () => sent.destroy() };
}

describe("a Stop button", () => {
  it.each([
    () => {
      throw new Error("cannot stop");
    },
    async () => {
      throw new Error("cannot stop");
    },
  ])("whose function fails answers so, and the process lives", async (onStop) => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const page = await opened({ onStop });
    const { status, text } = await asked(at(page, "/stop"), { method: "POST" });
    expect([status, text]).toEqual([500, "cannot stop\n"]);
    expect(warned).toHaveBeenCalledWith("the live page: cannot stop", "ThalwegWarning");
    warned.mockRestore();
    expect((await asked(new URL(page.url))).status).toBe(200);
  });
});

describe("a page of two fits at once", () => {
  it("is refused, and the first fit goes on to be shown", async () => {
    const page = await opened();
    const first = small().fit(data(), { steps: 1_000_000, progress: false, log: page });
    for await (const { step } of first) if (step > 0) break;
    await expect(small().fit(data(), { steps: 5, progress: false, log: page })).rejects.toThrow(
      "a live page that no other fit has, got one that shows another fit",
    );
    expect((await asked(new URL(page.url))).status).toBe(200);
    first.stop();
    await first;
  });
});

describe("who is let in", () => {
  it("those with the token, who get a page that may load nothing else and tells nobody where it is", async () => {
    const page = await opened({ title: "<b>mine" });
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
    const { status, headers, text } = await asked(new URL(page.url));
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(headers["content-security-policy"]).toMatch(
      /default-src 'none'; script-src 'sha256-.*connect-src 'self'.*frame-ancestors 'none'/,
    );
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["cache-control"]).toBe("no-store");
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(text).toContain("<h1>&lt;b&gt;mine</h1>");
    expect(text).not.toContain('id="stop"');
  });

  it("nobody without it, on any path", async () => {
    const page = await opened({ onStop: () => expect.fail("stopped by a stranger") });
    const token = new URL(page.url).searchParams.get("token") ?? "";
    const last = token.endsWith("A") ? "B" : "A";
    for (const wrong of [null, "", "x", `${token}x`, token.slice(0, -1), token.slice(0, -1) + last]) {
      for (const path of ["/", "/events", "/nothing"]) {
        expect((await asked(at(page, path, wrong === null ? "" : wrong))).status).toBe(403);
      }
      expect((await asked(at(page, "/stop", wrong ?? ""), { method: "POST" })).status).toBe(403);
    }
    expect((await asked(new URL("/", page.url))).status).toBe(403);
  });

  it("nobody who calls it by another name, or comes from another's page", async () => {
    const page = await opened({ onStop: () => expect.fail("stopped by a stranger") });
    const { port, host } = new URL(page.url);
    const answered = async (headers: Record<string, string>) => (await asked(new URL(page.url), { headers })).status;
    expect(await answered({ host: "evil.example" })).toBe(403);
    expect(await answered({ host: `evil.example:${port}` })).toBe(403);
    expect(await answered({ host: "127.0.0.1" })).toBe(403);
    expect(await answered({ host: `localhost:${port}` })).toBe(200);
    expect(await answered({ origin: "http://evil.example" })).toBe(403);
    expect(await answered({ origin: "null" })).toBe(403);
    expect(await answered({ origin: `http://${host}` })).toBe(200);
    const headers = { origin: "http://evil.example" };
    expect((await asked(at(page, "/stop"), { method: "POST", headers })).status).toBe(403);
  });

  it("no other page and no other method is there", async () => {
    const page = await opened({ onStop: () => expect.fail("stopped by looking") });
    expect((await asked(at(page, "/other"))).status).toBe(404);
    expect((await asked(at(page, "/stop"))).status).toBe(405);
    expect((await asked(at(page, "/"), { method: "DELETE" })).status).toBe(405);
    const without = await opened();
    expect((await asked(at(without, "/stop"), { method: "POST" })).status).toBe(404);
  });

  it("requests that are no requests end nothing", async () => {
    const page = await opened();
    const { port } = new URL(page.url);
    for (const path of ["//", "http://", "*", "/%", "/events?token=%"]) {
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1", () => {
          socket.end(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
        });
        let text = "";
        socket.on("data", (part) => {
          text += part;
        });
        socket.on("close", () => resolve(text));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 4/);
    }
    expect((await asked(new URL(page.url))).status).toBe(200);
  });

  it("it is on the loopback address alone", async () => {
    const page = await opened();
    const { port } = new URL(page.url);
    const others = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address, family, scopeid }) => (family === "IPv6" && scopeid ? `${address}%${scopeid}` : address));
    for (const host of [...others, "::1", "127.0.0.2"]) {
      const reached = await new Promise<boolean>((resolve) => {
        const socket = connect({ host, port: Number(port) }, () => resolve(true));
        socket.on("connect", () => socket.destroy());
        socket.on("error", () => resolve(false));
      });
      expect([host, reached]).toEqual([host, false]);
    }
  });
});

describe("what tabs are told", () => {
  it("each event as it is written, NaN as null", async () => {
    const page = await opened();
    const tab = listening(page);
    await tab.until("start");
    page.write(event(1, { loss: Number.NaN, validationLoss: 2 }));
    expect(await tab.until("step")).toMatchObject({ step: 1, loss: null, validationLoss: 2 });
    tab.stop();
  });

  it("what was before, where they come late, to each of several", async () => {
    const page = await opened();
    for (let step = 1; step <= 20; step++) page.write(event(step));
    const tabs = [listening(page), listening(page), listening(page)];
    for (const tab of tabs) {
      const { history } = (await tab.until("start")) as unknown as { history: readonly FitEvent[] };
      expect(history.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    }
    page.write(event(21));
    for (const tab of tabs) expect(await tab.until("step")).toMatchObject({ step: 21 });
    await page.close();
    for (const tab of tabs) {
      await tab.end;
      expect(tab.messages.at(-1)).toEqual({ name: "end", data: { reason: "ended early after 21 steps" } });
    }
  });

  it("a tab that does not read holds up nobody and fills no memory; once it reads it is told what it missed", async () => {
    const page = await opened();
    const { port } = new URL(page.url);
    const slow = connect(Number(port), "127.0.0.1");
    const { pathname, search } = at(page, "/events");
    slow.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    slow.pause();
    const tab = listening(page);
    await tab.until("start");
    const before = process.memoryUsage().rss;
    const padded = event(0, { validationLoss: undefined as never });
    let worst = 0;
    const count = 60_000;
    for (let step = 1; step <= count; step++) {
      const start = performance.now();
      page.write({ ...padded, step });
      worst = Math.max(worst, performance.now() - start);
      if (step % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    while (tab.messages.filter(({ name }) => name === "step").length < count)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(worst).toBeLessThan(500);
    // All events are 12 MB for each tab; a megabyte waits for one, beside what the system holds.
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    const text = await new Promise<string>((resolve) => {
      let all = "";
      slow.setEncoding("utf8").on("data", (part) => {
        all += part;
        if (all.split("event: start").length > 2 && all.includes(`"step":${count},`)) resolve(all);
      });
      slow.resume();
    });
    expect(text.split("event: step").length).toBeLessThan(count);
    slow.destroy();
    tab.stop();
  });

  it("the history of a long fit is thinned, and keeps validation losses and the last event", () => {
    const history = new History();
    for (let step = 1; step <= 100_000; step++)
      history.add(event(step, step % 5000 === 0 ? { validationLoss: step } : {}));
    expect(history.events.length).toBeLessThanOrEqual(8_000);
    expect(history.events.length).toBeGreaterThan(1_000);
    expect(history.events.filter(({ validationLoss }) => validationLoss !== undefined).length).toBe(20);
    expect(history.last?.step).toBe(100_000);
  });
});

describe("with a fit", () => {
  it("closes with it, and says how it went", async () => {
    const page = await opened();
    const tab = listening(page);
    await tab.until("start");
    await small().fit(data(), { steps: 30, log: page });
    await tab.end;
    expect(tab.messages.at(-1)).toEqual({ name: "end", data: { reason: "finished after 30 steps" } });
    await expect(asked(new URL(page.url))).rejects.toThrow(/ECONNREFUSED/);
    await expect(small().fit(data(), { steps: 3, log: page })).rejects.toThrow(/another for each fit/);
  });

  it("its Stop ends the fit after the step, with a model that can be saved", async () => {
    const model = small();
    const page = await opened({ onStop: () => run.stop() });
    const run = model.fit(data(), { steps: 1_000_000, log: page });
    const tab = listening(page);
    await tab.until("step");
    expect((await asked(at(page, "/stop"), { method: "POST" })).status).toBe(204);
    const { reason, step } = await run;
    expect(reason).toBe("stopped");
    expect((await model.info()).step).toBe(step);
    await tab.end;
    expect(tab.messages.at(-1)?.data).toEqual({ reason: `stopped after ${step.toLocaleString("en-GB")} steps` });
  });

  it("a stop that fails is told, and nothing ends", async () => {
    const page = await opened({
      onStop: () => {
        throw new Error("not yet");
      },
    });
    const { status, text } = await asked(at(page, "/stop"), { method: "POST" });
    expect([status, text]).toEqual([500, "not yet\n"]);
    expect((await asked(new URL(page.url))).status).toBe(200);
  });

  it("previews are drawn while somebody looks, and change nothing of the training", async () => {
    const [model, alone] = [small(5), small(5)];
    const page = await opened({ previews: { model, data: data(), every: { steps: 100 }, samples: 40 } });
    const tab = listening(page);
    await tab.until("start");
    await model.fit(data(), { steps: 400, log: page });
    await tab.end;
    const previews = tab.messages.filter(({ name }) => name === "preview").map(({ data }) => data as LivePreview);
    expect(previews.length).toBeGreaterThan(0);
    expect(previews[0]?.views?.[0]).toMatchObject({ kind: "points", x: { shape: [1, 40] } });
    await alone.fit(data(), { steps: 400 });
    const [first, second] = [await model.sample({ batchSize: 5 }), await alone.sample({ batchSize: 5 })];
    expect(await first.toArray()).toEqual(await second.toArray());

    const unseen = small();
    const quiet = await opened({ previews: { model: unseen, every: { steps: 1 } } });
    await unseen.fit(data(), { steps: 50, log: quiet });
    expect(unseen.traceCount).toBe(0);
  });

  it("a preview that cannot be is told once, and the training goes on", async () => {
    const model = small();
    const page = await opened({ previews: { model, axes: [0, 9], every: { steps: 10 } } });
    const tab = listening(page);
    await tab.until("start");
    expect((await model.fit(data(), { steps: 300, log: page })).reason).toBe("finished");
    await tab.end;
    const notes = tab.messages.filter(({ name }) => name === "preview").map(({ data }) => data as { note?: string });
    expect(notes.length).toBe(1);
    expect(notes[0]?.note).toMatch(/^There are no previews\. axes: expected a coordinate/);
  });
});

describe("programs", () => {
  it.each([
    ["port", { port: 70_000 }],
    ["port", { port: 1.5 }],
    ["title", { title: 3 }],
    ["onStop", { onStop: true }],
    ["ports", { ports: 1 }],
    ["previews", { previews: null }],
    ["bogus", { previews: { model: small(), every: { steps: 1 }, bogus: 1 } }],
    ["step", { previews: { model: small(), every: { steps: 1, step: 1 } } }],
    ["previews.every.steps", { previews: { model: small(), every: { steps: 0 } } }],
    ["previews.seed", { previews: { model: small(), every: { steps: 1 }, seed: "a" } }],
    ["previews.samples", { previews: { model: small(), every: { steps: 1 }, samples: 1.5 } }],
    ["previews.axes", { previews: { model: small(), every: { steps: 1 }, axes: [0] } }],
    ["previews.sampling", { previews: { model: small(), every: { steps: 1 }, sampling: 3 } }],
  ])("%s is checked", async (path, settings) => {
    const wrong = livePage(settings as never);
    await expect(wrong).rejects.toBeInstanceOf(ConfigError);
    await expect(wrong).rejects.toMatchObject({ path });
  });

  it("a port that is taken is an error that says so, and one that is free is used", async () => {
    const first = await opened();
    const port = Number(new URL(first.url).port);
    await expect(livePage({ port })).rejects.toThrow(/port: expected a port that is free.*EADDRINUSE/);
    await first.close();
    const again = await opened({ port });
    expect(new URL(again.url).port).toBe(String(port));
  });

  it("a page that is open keeps no program alive, and neither does a tab", async () => {
    const index = fileURLToPath(new URL("../../ts/dist/index.js", import.meta.url));
    const source = `
      import { get } from "node:http";
      import { livePage } from ${JSON.stringify(index)};
      const page = await livePage();
      const told = await new Promise((resolve) => {
        get(page.url.replace("/?", "/events?"), (response) => response.once("data", resolve)).on("socket", (socket) => socket.unref());
        setTimeout(resolve, 5000).unref();
        setTimeout(() => undefined, 300);
      });
      console.log(String(told).includes("event: start"));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source]);
    let printed = "";
    child.stdout.on("data", (part) => {
      printed += part;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, printed]).toEqual([0, "true\n"]);
  });
});
