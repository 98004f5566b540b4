// Processes that measure: started, asked one request at a time, ended.
// A side is ours or a peer's; one process per side and number of threads, since libraries fix that number at their start.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { python } from "../../scripts/lib/bench-peers.mjs";
import { root } from "../../scripts/lib/paths.mjs";
import type { Ready, Reply, Request, Timed } from "./protocol.ts";

/** Whose process it is. */
export type Side = "ours" | "torch" | "jax";

/** What went wrong in a worker. */
export interface Refusal {
  readonly error: string;
}

function command(side: Side): [program: string, args: string[]] {
  if (side !== "ours") return [python(), [join("bench", "peers", `${side}_peer.py`)]];
  return [process.execPath, ["--expose-gc", "--import", "tsx", join("bench", "own", "worker.ts")]];
}

/** The same command on as many processors as threads, where the system can do that. */
function bound([program, args]: [string, string[]], threads: number): [string, string[]] {
  const all = threads >= availableParallelism();
  if (all || process.platform !== "linux" || spawnSync("taskset", ["--version"]).status !== 0) return [program, args];
  return ["taskset", ["--cpu-list", `0-${threads - 1}`, program, ...args]];
}

/** The environment of a worker. */
function environment(threads: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    THALWEG_DEVICE: "cpu",
    THALWEG_NUM_THREADS: String(threads),
    TSX_TSCONFIG_PATH: join(root, "tsconfig.base.json"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

/** A process that could not be started. */
export class WorkerError extends Error {}

/** One process. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #waiting: ((line: string | undefined) => void) | undefined;
  ready: Ready | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    this.#lines.on("line", (line) => this.#answer(line));
    child.on("close", () => this.#answer(undefined));
    child.on("error", () => this.#answer(undefined));
    child.stdin?.on("error", () => this.#answer(undefined));
  }

  #answer(line: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(line);
  }

  #line(): Promise<string | undefined> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Starts a process and waits until it has imported its library. */
  static async start(side: Side, threads: number): Promise<Worker> {
    const [program, args] = bound(command(side), threads);
    const stdio: ["pipe", "pipe", "pipe"] = ["pipe", "pipe", "pipe"];
    const child = spawn(program, args, { cwd: root, env: environment(threads), stdio });
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaints = (complaints + text).slice(-2000);
    });
    const worker = new Worker(child);
    const line = await worker.#line();
    if (line === undefined) throw new WorkerError(`The process of ${side} ended at its start:\n${complaints}`);
    worker.ready = JSON.parse(line);
    return worker;
  }

  /** One turn. */
  async ask(request: Request & Timed): Promise<Reply | Refusal> {
    const line = this.#line();
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const text = await line;
    if (text === undefined) return { error: `the process ended (${this.#child.signalCode ?? this.#child.exitCode})` };
    return JSON.parse(text);
  }

  /** Ends the process and waits for that. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin?.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await closed;
    clearTimeout(late);
  }

  /** Whether it can be asked. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

/** The workers of a run. */
export class Workers {
  readonly #known = new Map<string, Promise<Worker>>();

  /** The one of this side and number of threads; started where there is none, or it has died. */
  async of(side: Side, threads: number): Promise<Worker> {
    const key = `${side} ${threads}`;
    const known = await this.#known.get(key);
    if (known?.alive) return known;
    const started = Worker.start(side, threads);
    this.#known.set(key, started);
    return started;
  }

  /** Has every worker free what it has made. */
  async forget(): Promise<void> {
    for (const worker of await Promise.all(this.#known.values()))
      if (worker.alive) await worker.ask({ work: "forget" });
  }

  /** What the libraries say of their versions. */
  async versions(): Promise<Record<string, string>> {
    const said = await Promise.all(this.#known.values());
    const all = said.flatMap(({ ready }) => Object.entries(ready?.versions ?? {}));
    return Object.fromEntries(all.filter(([name]) => name !== "threads").map(([name, value]) => [name, String(value)]));
  }

  /** Ends all. */
  async end(): Promise<void> {
    await Promise.all([...this.#known.values()].map(async (worker) => (await worker).end()));
    this.#known.clear();
  }
}

/** A program that prints one line of JSON, run to its end; ours, with the compiled package as a user has it. */
export function once(file: string, threads: number): Partial<Reply> | Refusal {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: root,
    env: environment(threads),
    encoding: "utf8",
  });
  return status === 0 ? JSON.parse(stdout) : { error: stderr.trim().split("\n").at(-1) ?? "failed" };
}
