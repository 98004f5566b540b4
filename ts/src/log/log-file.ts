// Logs that are files: events are written behind the caller's back, in order, each whole or not at all.
// What fails is thrown by the next write, and by the end.
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError, DataError } from "../errors.js";
import type { FitEvent } from "../train/events.js";
import type { FitLog, LogStart } from "../train/logs.js";

/** Places that logs of this process write to. */
const taken = new Set<string>();

/** Bytes that are read at a time when the end of the last line is looked for. */
const PIECE = 1 << 16;

const NEW_LINE = "\n".charCodeAt(0);

/** Whether a line is that of an event, or the beginning of one: a line that its writer had no time to end. */
function isEvent(line: string, isWhole: boolean): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "step" in value && "loss" in value;
  } catch {
    return !isWhole && /^\{("|$)/.test(line);
  }
}

/** Refuses a file that is no log, since the end of one is cut off. */
async function checkEvents(file: FileHandle): Promise<void> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, 0);
  if (bytesRead === 0) return;
  const [first = "", ...others] = buffer.subarray(0, bytesRead).toString("utf8").split("\n");
  if (isEvent(first, others.length > 0)) return;
  throw new Error("its first line is no event of a fit, so that it is none to go on with; give the log another name");
}

/** Where the last whole line of a file of events ends. */
async function endOfLines(file: FileHandle): Promise<number> {
  await checkEvents(file);
  let { size: end } = await file.stat();
  const bytes = Buffer.alloc(PIECE);
  while (end > 0) {
    const start = Math.max(0, end - PIECE);
    const { bytesRead } = await file.read(bytes, 0, end - start, start);
    const found = bytes.subarray(0, bytesRead).lastIndexOf(NEW_LINE);
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}

/** How a file begins: what becomes of a file of that name that is there already. */
export const beginnings = {
  /** It is emptied. */
  anew: { flags: "w", keep: async () => 0 },
  /** Its whole lines stay; one that was torn, because its writer was killed, goes. */
  afterLines: { flags: "a+", keep: endOfLines },
  /** There must be none. */
  unused: { flags: "wx", keep: async () => 0 },
} as const satisfies Record<string, { readonly flags: string; keep(file: FileHandle): Promise<number> }>;

/** An event, and when it was written down. */
export interface Noted {
  readonly event: FitEvent;
  readonly time: Date;
}

/** What a file is, and how it holds events. */
export interface LogFormat {
  readonly path: string;
  /** What no other log of this process may write to meanwhile: the file, or its folder. */
  readonly place: string;
  readonly beginning: keyof typeof beginnings;
  /** Events as the file holds them, behind those of the calls before. */
  encoded(events: readonly Noted[]): Promise<Uint8Array>;
}

/** A file that grows. */
class LogFile {
  readonly #format: LogFormat;
  #file: FileHandle | undefined;
  /** Bytes of it that are whole. */
  #size = 0;
  #waiting: Noted[] = [];
  #writing: Promise<void>;
  #isWriting = true;
  #failure: DataError | undefined;

  constructor(format: LogFormat) {
    this.#format = format;
    this.#writing = this.#work(() => this.#open());
  }

  async #open(): Promise<void> {
    const { path, beginning } = this.#format;
    const { flags, keep } = beginnings[beginning];
    await mkdir(dirname(path), { recursive: true });
    this.#file = await open(path, flags);
    this.#size = await keep(this.#file);
    const { size } = await this.#file.stat();
    if (size > this.#size) await this.#file.truncate(this.#size);
  }

  async #work(task: () => Promise<void>): Promise<void> {
    this.#isWriting = true;
    try {
      await task();
      while (this.#waiting.length > 0) await this.#write(await this.#format.encoded(this.#waiting.splice(0)));
    } catch (cause) {
      const { path } = this.#format;
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#failure = new DataError(`${path} could not be written: ${reason}`, { path, cause });
    }
    this.#isWriting = false;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#file?.appendFile(bytes);
      this.#size += bytes.length;
    } catch (error) {
      // What is half written goes, if the system still lets it; the first error is the one to tell.
      await this.#file?.truncate(this.#size).catch(() => undefined);
      throw error;
    }
  }

  /** Resolves once the file is open and what was appended so far is in it; rejects where that failed. */
  async written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  append(event: FitEvent): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting.push({ event, time: new Date() });
    if (!this.#isWriting) this.#writing = this.#work(async () => undefined);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    await this.written();
  }
}

/**
 * A log that is a file. It opens with a fit, or with the first event that is written without one, and can be used again once it is closed.
 *
 * @param format - the file for a fit that begins, in a folder that is made where there is none
 */
export function fileLog(format: (start: LogStart) => LogFormat): FitLog {
  let file: LogFile | undefined;
  let own: string | undefined;
  const opened = (asked: LogFormat): LogFile => {
    const place = resolve(asked.place);
    if (taken.has(place)) {
      const [expected, got] = ["a log that no other fit is writing to", asked.place];
      throw new ConfigError(`log: expected ${expected}, got ${got}`, { expected, got, path: "log" });
    }
    taken.add(place);
    own = place;
    return new LogFile(asked);
  };
  return {
    async open(start) {
      file = opened(format(start));
      // Closing throws what failed.
      await file.written().catch(() => this.close());
    },
    write(event) {
      file ??= opened(format({ resume: false }));
      file.append(event);
    },
    async close() {
      const [closing, place] = [file, own];
      file = undefined;
      own = undefined;
      try {
        await closing?.close();
      } finally {
        if (place !== undefined) taken.delete(place);
      }
    },
  };
}
