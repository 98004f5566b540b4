// The benchmark of cuda-bundle: steps of training and sampling on a GPU, ours beside PyTorch's: eager, compiled, and a CUDA graph captured by hand.
// Turns alternate in one run; the least of each counts. Writes cuda.json and performance-cuda.md into the folder that is its first argument.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Kernels, Network, Reply } from "./lib/protocol.ts";

const here = dirname(fileURLToPath(import.meta.url));
/** Seconds of a turn: so many that what a fit does before its first step does not count. */
const target = 2;
/** How many times longer the best peer should take. */
const bar = 1.2;
const precisions = ["f32", "tf32", "bf16"] as const;
const modes = ["eager", "compile", "graph"] as const;
type Precision = (typeof precisions)[number];

const NET: Network = { kind: "residual", hidden: [512, 256, 128] };
const train = (network: Network, shape: number[], batch: number) => ({
  work: "train",
  network,
  shape,
  batch,
  loss: "flow_matching",
});
const sample = (count: number) => ({ work: "sample", network: NET, shape: [2], count, steps: 1000 });
const works = [
  { name: "train-512", title: "training step of the seed's net, B = 512", request: train(NET, [2], 512) },
  { name: "train-4096", title: "training step of the seed's net, B = 4096", request: train(NET, [2], 4096) },
  { name: "train-65536", title: "training step of the seed's net, B = 65 536", request: train(NET, [2], 65536) },
  {
    name: "dit",
    title: "training step of a small DiT, 64 images of 32 × 32",
    request: train({ kind: "dit", patch: 4, width: 192, depth: 6, heads: 3 }, [1, 32, 32], 64),
  },
  {
    name: "conv",
    title: "training step of a small U-shaped net, 64 images of 32 × 32",
    request: train({ kind: "conv", width: 32 }, [3, 32, 32], 64),
  },
  {
    name: "unet",
    title: "training step of a small U-Net with attention, 64 images of 32 × 32",
    request: train({ kind: "unet", width: 64, mult: [1, 2, 2], heads: 4 }, [3, 32, 32], 64),
  },
  { name: "sample-500", title: "sampling 500 rows, 1000 steps of Euler", request: sample(500) },
  { name: "sample-1", title: "sampling 1 row, 1000 steps of Euler", request: sample(1) },
];

/** A process that answers one line of JSON for each that it reads. */
class Worker {
  readonly #child: ChildProcess;
  readonly #waiting: ((line: string | undefined) => void)[] = [];

  constructor(program: string, args: string[], env: Record<string, string>) {
    this.#child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => this.#waiting.shift()?.(line));
    this.#child.on("close", () => {
      for (const waiting of this.#waiting.splice(0)) waiting(undefined);
    });
  }

  line(): Promise<string | undefined> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async ask(request: object): Promise<Partial<Reply> & { error?: string }> {
    const line = this.line();
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const text = await line;
    return text === undefined ? { error: "the process ended" } : JSON.parse(text);
  }

  end() {
    this.#child.stdin?.end();
  }
}

const explained = join(tmpdir(), `thalweg-bench-${process.pid}.txt`);

/** Launches, bytes and operations of the largest program that was compiled since the file was last looked at. */
function largest(): { launches: number; bytes: number; operations: number } | undefined {
  try {
    const text = readFileSync(explained, "utf8");
    rmSync(explained);
    const found = [...text.matchAll(/(\d+) launches, (\d+) bytes moved, (\d+) operations/g)].map((m) =>
      m.slice(1).map(Number),
    );
    const [launches, bytes, operations] = found.sort((a, b) => b[1] - a[1])[0] ?? [];
    return launches === undefined ? undefined : { launches, bytes, operations };
  } catch {
    return undefined;
  }
}

interface Row {
  name: string;
  title: string;
  precision: Precision;
  /** Milliseconds by contestant. */
  times: Record<string, number | string>;
  plan?: { launches: number; bytes: number; operations: number };
  /** Kinds of kernels of a step of training, the longest first. */
  kernels?: readonly Kernels[];
}

const [folder = ".", given = "", chosen = modes.join(","), asked = precisions.join(","), rounds = "2"] =
  process.argv.slice(2);
const names = given || works.map(({ name }) => name).join(",");
const wanted = works.filter(({ name }) => names.split(",").includes(name));
const rows: Row[] = [];
let versions: Record<string, string> = {};

/** Measures what is asked for. */
async function measure() {
  const peer = new Worker(process.env.PYTHON ?? "python3", [join(here, "peers", "torch_cuda.py")], {
    PYTHONDONTWRITEBYTECODE: "1",
  });
  versions = { ...JSON.parse((await peer.line()) ?? "{}").versions, Node: process.versions.node };
  for (const precision of asked.split(",") as Precision[]) {
    const env = { THALWEG_DEVICE: "cuda", THALWEG_PRECISION: precision, THALWEG_EXPLAIN: explained };
    const ours = new Worker(process.execPath, ["--expose-gc", join(here, "worker.mjs")], env);
    await ours.line();
    for (const { name, title, request } of wanted) {
      const times: Record<string, number | string> = {};
      let plan: Row["plan"];
      const note = (who: string, { seconds, error }: Partial<Reply> & { error?: string }) => {
        if (seconds === undefined) times[who] = error ?? "no answer";
        else if (typeof times[who] !== "string")
          times[who] = Math.min((times[who] as number) ?? Infinity, seconds[0] * 1e3);
      };
      for (let round = 0; round < Number(rounds); round++) {
        note("ours", await ours.ask({ ...request, target }));
        const seen = largest();
        plan ??= seen;
        for (const mode of chosen.split(",").filter((mode) => mode !== "")) {
          if (typeof times[mode] !== "string") note(mode, await peer.ask({ ...request, mode, precision, target }));
        }
      }
      const { kernels } = request.work === "train" ? await ours.ask({ ...request, target: 0, kernels: 3 }) : {};
      // What was compiled for that is not of the next work.
      largest();
      rows.push({ name, title, precision, times, plan, kernels });
      console.log(name, precision, JSON.stringify(times), JSON.stringify(plan ?? {}));
      await ours.ask({ work: "forget" });
      await peer.ask({ work: "forget" });
    }
    ours.end();
  }
  peer.end();
}
// Without works, the report of what an earlier run left is written anew.
if (wanted.length > 0) await measure();

/** What an earlier run left in the folder, with what this one adds: the least of both. */
function withEarlier(): Row[] {
  let earlier: Row[] = [];
  try {
    const left = JSON.parse(readFileSync(join(folder, "cuda.json"), "utf8"));
    earlier = left.rows;
    versions = { ...left.versions, ...versions };
  } catch {
    return rows;
  }
  for (const row of rows) {
    const known = earlier.find(({ name, precision }) => name === row.name && precision === row.precision);
    if (known === undefined) earlier.push(row);
    else Object.assign(known, { plan: row.plan ?? known.plan, kernels: row.kernels ?? known.kernels });
    for (const [who, time] of Object.entries(row.times)) {
      const before = known?.times[who];
      if (known !== undefined) {
        known.times[who] = typeof time === "number" && typeof before === "number" ? Math.min(time, before) : time;
      }
    }
  }
  return earlier;
}
const all = withEarlier();

/** Least of the peer's ways, and how many times longer than ours it takes. */
function best({ times }: Row): { ratio: number; who: string } | undefined {
  const peers = Object.entries(times).filter(([who, time]) => who !== "ours" && typeof time === "number");
  const [who, least] = (peers as [string, number][]).sort((a, b) => a[1] - b[1])[0] ?? [];
  if (who === undefined || least === undefined || typeof times.ours !== "number") return undefined;
  return { who, ratio: least / times.ours };
}

/** Three digits, or all before the point. */
const digits = (value: number) => (value < 1000 ? value.toPrecision(3) : Math.round(value).toLocaleString("en"));

const shown = (time: number | string | undefined) => {
  if (typeof time === "number") return digits(time);
  return time === undefined ? "–" : "failed";
};

/** An amount per second of a step. */
function rate({ name, times: { ours } }: Row, amount: number | undefined, unit: number): string {
  if (!amount || typeof ours !== "number" || name.startsWith("sample")) return "–";
  return digits(amount / unit / (ours / 1e3));
}

/** How much of a step its kernels would take at the limits of the card. */
function share({ kernels, times: { ours } }: Row): string {
  if (kernels === undefined || typeof ours !== "number") return "–";
  return (kernels.reduce((sum, { limit = 0 }) => sum + limit, 0) / (ours / 1e3)).toFixed(2);
}

/** The kinds of kernels that take longest, of every step of training. */
function kernelTables(): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const head = ["kernels", "times", "µs", "share of all", "GB/s", "TFLOP/s", "share of the limit"];
  const of = ({ title, precision, kernels = [] }: Row) => {
    const all = kernels.reduce((sum, { seconds }) => sum + seconds, 0);
    const body = kernels.slice(0, 8).map(({ step, count, seconds, bytes, flops, limit = 0 }) => {
      const name = step.length > 100 ? `${step.slice(0, 99)}…` : step;
      const rates = [bytes / 1e9, flops / 1e12].map((amount) => (amount > 0 ? digits(amount / seconds) : "–"));
      const shares = [seconds / all, limit / seconds].map((part) => part.toFixed(2));
      return line([name, digits(count), digits(seconds * 1e6), shares[0], ...rates, shares[1]]);
    });
    return [`## ${title}, ${precision}`, "", line(head), line(head.map(() => "---")), ...body, ""];
  };
  return all
    .filter(({ kernels }) => kernels !== undefined)
    .flatMap(of)
    .join("\n");
}

function table(): string {
  const peers = modes.map((mode) => `PyTorch ${mode}, ms`);
  const head = ["work", "ours, ms", ...peers, "best peer ÷ ours", "launches", "GB/s", "TFLOP/s", "share of the limit"];
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const body = (row: Row) => {
    const found = best(row);
    const ratio =
      found === undefined ? "–" : `${found.ratio.toFixed(2)}${found.ratio >= bar ? "" : " (below the bar)"}`;
    const { times, plan } = row;
    const cells = [row.title, shown(times.ours), ...modes.map((mode) => shown(times[mode])), ratio];
    return line([
      ...cells,
      String(plan?.launches ?? "–"),
      rate(row, plan?.bytes, 1e9),
      rate(row, plan?.operations, 1e12),
      share(row),
    ]);
  };
  const of = (precision: Precision) => {
    const own = all.filter((row) => row.precision === precision);
    return own.length === 0
      ? []
      : [`## ${precision}`, "", line(head), line(head.map(() => "---")), ...own.map(body), ""];
  };
  return precisions.flatMap(of).join("\n");
}

const machine = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
const text = `<!-- Written by bench/cuda.ts. -->

# Training and sampling on a GPU

Milliseconds of a training step, or of the whole sampling; the least of the turns of each, taken alternately; where runs were joined, of all of them.
${machine.join(", ")}.

Ours is through the public API, with AdamW, clipping and moving average; PyTorch's without the average: eager, through
\`torch.compile(mode="max-autotune")\` (– where it was not measured), and a CUDA graph captured by hand. bf16 is that of \`torch.autocast\` there, of products and of what passes between them hand on here. The bar is
${bar} times the best of them. Launches, bytes and operations are those of our program's plan for one step; GB/s counts what each launch reads and
writes, from cache or memory. The share of the limit is the time that all kernels would take at the rates of a large product and a large copy, measured
in the same run, over that of the step; performance-cuda-kernels.md has it kernel by kernel.

${table()}`;
writeFileSync(join(folder, "performance-cuda.md"), text);
const kernelText = `<!-- Written by bench/cuda.ts. -->

# The kernels of a training step on a GPU

Of each step of training in performance-cuda.md: the kinds of kernels that take longest, one after the other, without a graph and without lanes. Limits are
the rates of a large product in the same precision and of a large copy, measured in the same run.

${kernelTables()}`;
writeFileSync(join(folder, "performance-cuda-kernels.md"), kernelText);
writeFileSync(join(folder, "cuda.json"), `${JSON.stringify({ versions, rows: all }, undefined, 1)}\n`);
