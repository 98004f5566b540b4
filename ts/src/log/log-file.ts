// Logs that are files: events are written behind the caller's back, in order, each whole or not at all.
// What fails is thrown by the next write, and by the end.
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError, DataError } from "../errors.js";
import type { FitEvent } from "../train/events.js";
import type { FitLog, LogStart } from "../train/logs.js";

/** Bytes that are read at a time when the end of the last line is looked for. */
const PIECE = 1 << 16;

const NEW_LINE = "\n".charCodeAt(0);

/** Where the last whole line of a file ends. */
async function endOfLines(file: FileHandle): Promise<number> {
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
  return {
    async open(start) {
      const asked = format(start);
      if (file !== undefined) {
        const [expected, got] = ["a log that no other fit is writing to", asked.path];
        throw new ConfigError(`log: expected ${expected}, got ${got}`, { expected, got, path: "log" });
      }
      file = new LogFile(asked);
      // Closing throws what failed.
      await file.written().catch(() => this.close());
    },
    write(event) {
      file ??= new LogFile(format({ resume: false }));
      file.append(event);
    },
    async close() {
      const closing = file;
      file = undefined;
      await closing?.close();
    },
  };
}
