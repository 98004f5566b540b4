// Logs of a fit: they hear of every event and are closed once, however the fit ends; where they fail, nobody fails to notice.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortError,
  ConfigError,
  DataError,
  type FitEvent,
  type FitLog,
  jsonLinesLog,
  sgd,
  TrainingError,
} from "thalweg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { data, small } from "../model/support.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-logs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = { batchSize: 64, progress: false } as const;

/** A log that remembers. */
function remembering() {
  const calls: (string | number)[] = [];
  const log: FitLog = {
    open: async ({ resume }) => void calls.push(`open ${resume}`),
    write: ({ step }) => void calls.push(step),
    close: async () => void calls.push("close"),
  };
  return { calls, log };
}

let warnings: string[];
beforeEach(() => {
  warnings = [];
  vi.spyOn(process, "emitWarning").mockImplementation((warning) => void warnings.push(String(warning)));
});
afterEach(() => vi.restoreAllMocks());

describe("a log", () => {
  it("is opened, hears of each event that an iterator hears of, and is closed before the fit's promise resolves", async () => {
    const { calls, log } = remembering();
    const steps: number[] = [];
    const run = small().fit(data(), { ...settings, steps: 500, log });
    for await (const { step } of run) steps.push(step);
    await run;
    expect(calls).toEqual(["open false", ...steps, "close"]);
    expect(steps.at(-1)).toBe(500);
  });

  it("that fails in a promise is told of, and the training goes on without it", async () => {
    const full = new Error("disk full");
    const { log } = remembering();
    let written = 0;
    const failing: FitLog = {
      write: async () => {
        written += 1;
        throw full;
      },
      close: () => {
        throw new Error("cannot be closed");
      },
    };
    const report = await small().fit(data(), { ...settings, steps: 300, log: [failing, log] });
    expect(report).toMatchObject({ step: 300, logErrors: [full] });
    expect(warnings).toEqual(["a log of a fit failed, and ends here: disk full"]);
    expect(written).toBeGreaterThan(0);
  });

  it("is waited for where it writes in a promise", async () => {
    let written = 0;
    const write = async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      written += 1;
    };
    const atClose: number[] = [];
    await small().fit(data(), { ...settings, steps: 2, log: { write, close: async () => void atClose.push(written) } });
    expect(atClose).toEqual([written]);
    expect(written).toBeGreaterThan(0);
  });

  it.each<[string, Pick<FitLog, "write" | "close">]>([
    ["closes", { write: () => undefined, close: () => new Promise(() => undefined) }],
    ["has written", { write: () => new Promise<void>(() => undefined), close: async () => undefined }],
  ])("that never %s is waited for ten seconds, and told of", async (_, log) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { calls, log: other } = remembering();
      let ended = false;
      const run = small().fit(data(), { ...settings, steps: 2, log: [log, other] });
      void run.finally(() => {
        ended = true;
      });
      const patience = performance.now() + 4_000;
      while (vi.getTimerCount() === 0 && performance.now() < patience) await new Promise(setImmediate);
      await vi.advanceTimersByTimeAsync(9_999);
      // The others are not kept waiting.
      expect(calls.at(-1)).toBe("close");
      expect(ended).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      const report = await run;
      expect(report).toMatchObject({ step: 2, reason: "finished", logErrors: [expect.any(DataError)] });
      expect(warnings).toEqual([
        expect.stringMatching(
          /^a log of a fit failed, .*: log: expected it to be closed within 10 s, got nothing by then/,
        ),
      ]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("that never opens ends the fit after ten seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const closed = vi.fn(async () => undefined);
      let opens: () => void = () => undefined;
      const open = () =>
        new Promise<void>((resolve) => {
          opens = resolve;
        });
      const run = small().fit(data(), {
        ...settings,
        steps: 1_000_000,
        log: { open, write: () => undefined, close: closed },
      });
      const refused = expect(run).rejects.toThrow(/^log: expected it to be opened within 10 s, got nothing by then/);
      const patience = performance.now() + 4_000;
      while (vi.getTimerCount() === 0 && performance.now() < patience) await new Promise(setImmediate);
      await vi.advanceTimersByTimeAsync(10_000);
      await refused;
      expect(closed).not.toHaveBeenCalled();
      opens();
      await new Promise(setImmediate);
      expect(closed).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });

  it("that throws what is no error is told of as well", async () => {
    const log: FitLog = {
      write: () => {
        throw Object.create(null);
      },
      close: async () => undefined,
    };
    const report = await small().fit(data(), { ...settings, steps: 300, log });
    expect(report).toMatchObject({ step: 300, logErrors: [{}] });
  });

  it("that never opens holds up neither stop nor a signal, and is closed if it opens after all", async () => {
    let resolve: () => void = () => undefined;
    const promise = new Promise<void>((opened) => {
      resolve = opened;
    });
    const closed = vi.fn(async () => undefined);
    const log: FitLog = { open: () => promise, write: () => expect.fail("not open"), close: closed };
    const run = small().fit(data(), { ...settings, steps: 1_000_000, log });
    run.stop();
    expect((await run).reason).toBe("stopped");
    expect(closed).not.toHaveBeenCalled();
    const signal = AbortSignal.timeout(50);
    await expect(small().fit(data(), { ...settings, steps: 1_000_000, log, signal })).rejects.toThrow(AbortError);
    resolve();
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(2));
  });

  it("may be one of several, and one that is given twice is written to once", async () => {
    const [first, second] = [remembering(), remembering()];
    await small().fit(data(), { ...settings, steps: 2, log: [first.log, second.log, first.log] });
    expect(second.calls.slice(-2)).toEqual([2, "close"]);
    expect(first.calls).toEqual(second.calls);
  });

  it("needs no open, and is told of a fit that goes on", async () => {
    const { calls, log } = remembering();
    const events: FitEvent[] = [];
    const plain: FitLog = { write: (event) => void events.push(event), close: async () => undefined };
    const model = small();
    await model.fit(data(), { ...settings, steps: 3, log: plain });
    expect(events.at(-1)?.step).toBe(3);
    await model.fit(data(), { ...settings, steps: 5, resume: true, log });
    expect(calls[0]).toBe("open true");
  });

  it.each<[string, object, (new (message: string) => Error) | undefined]>([
    ["is stopped", { steps: 1_000_000, every: { steps: 5, call: () => undefined } }, undefined],
    ["is aborted", { steps: 1_000_000 }, AbortError],
    ["fails", { steps: 500, optimizer: sgd({ lr: 1e12 }) }, TrainingError],
    [
      "ends with the error of the caller's function",
      {
        steps: 1_000,
        every: {
          steps: 5,
          call: () => {
            throw new RangeError("mine");
          },
        },
      },
      RangeError,
    ],
  ])("is closed where the fit %s", async (how, options, error) => {
    const { calls, log } = remembering();
    const controller = new AbortController();
    const run = small().fit(data(), { ...settings, ...options, log, signal: controller.signal });
    if (how === "is stopped") setTimeout(() => run.stop(), 100);
    if (how === "is aborted") setTimeout(() => controller.abort(), 100);
    if (error === undefined) expect((await run).reason).toBe("stopped");
    else await expect(run).rejects.toThrow(error);
    expect(calls.filter((call) => call === "close")).toEqual(["close"]);
    expect(calls.at(-1)).toBe("close");
  });

  it.each([
    ["a path", "log.jsonl"],
    ["an object without close", { write() {} }],
    ["a list with null", [null]],
    ["an open that is no function", { open: 1, write() {}, close: async () => undefined }],
  ])("that is %s is refused", (_, log) => {
    expect(() => small().fit(data(), { ...settings, steps: 1, log: log as never })).toThrow(ConfigError);
    expect(() => small().fit(data(), { ...settings, steps: 1, log: log as never })).toThrow(/^log: expected a log/);
  });
});

describe("a log that fails", () => {
  it("to open ends the fit at once with its error, and the others are closed", async () => {
    writeFileSync(join(folder, "file"), "");
    const { calls, log } = remembering();
    const path = join(folder, "file", "log.jsonl");
    const run = small().fit(data(), { ...settings, steps: 1_000_000, log: [log, jsonLinesLog(path)] });
    await expect(run).rejects.toThrow(DataError);
    await expect(run).rejects.toThrow(`${path} could not be written: E`);
    expect(calls).toEqual(["open false", "close"]);
    expect(warnings).toEqual([]);
  });

  it.runIf(existsSync("/dev/full"))("on a full disk is told of once, and the fit goes on to its end", async () => {
    const { calls, log } = remembering();
    const model = small();
    const report = await model.fit(data(), { ...settings, steps: 2_000, log: [jsonLinesLog("/dev/full"), log] });
    expect(report).toMatchObject({ step: 2_000, reason: "finished" });
    expect(report.logErrors).toEqual([expect.any(DataError)]);
    expect(warnings).toEqual([
      expect.stringMatching(/^a log of a fit failed, .*\/dev\/full could not be written: ENOSPC/),
    ]);
    expect(calls.slice(-2)).toEqual([2_000, "close"]);
  });

  it.each([
    [
      "write",
      {
        write: () => {
          throw new RangeError("mine");
        },
        close: async () => undefined,
      },
    ],
    ["close", { write() {}, close: () => Promise.reject(new RangeError("mine")) }],
  ])("in %s of one's own is in the report", async (_, log) => {
    const report = await small().fit(data(), { ...settings, steps: 20, log });
    expect(report.stepsRun).toBe(20);
    expect(report.logErrors).toEqual([expect.any(RangeError)]);
    expect(warnings.length).toBe(1);
  });

  it("is not in the report where none does", async () => {
    const report = await small().fit(data(), { ...settings, steps: 2, log: remembering().log });
    expect("logErrors" in report).toBe(false);
  });
});
