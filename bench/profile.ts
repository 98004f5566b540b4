// Where the time of our side of the benchmark goes: each kernel of a row's work beside its limit.
// Started by npm run profile; with --write for the rows below, to docs/generated/profile.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { profile } from "thalweg";
import { root } from "../scripts/lib/paths.mjs";
import type { Entry } from "./lib/entry.ts";
import type { Request } from "./lib/protocol.ts";
import { type Work, workOf } from "./own/works.ts";
import { rows } from "./rows/index.ts";

/** The rows that are written. */
const WRITTEN = ["train-128", "train-512", "train-4096", "sample-500", "sample-1", "dit", "conv", "likelihood"];
/** Steps with a smaller share of the time are only in the sums. */
const LEAST = 0.004;
/** Seconds that are profiled. */
const SECONDS = 2;

const USAGE = `Usage: npm run profile [-- ${WRITTEN.join(" | ")} | --write]`;

type Asked = Extract<Request, { work: "train" | "sample" | "likelihood" }>;

/** What ours does in a row. */
async function requestOf(entry: Entry): Promise<Asked> {
  const ask = async (request: Request) => {
    if (request.work === "forget") throw new Error("nothing is remembered here");
    const work = await workOf(request);
    await work.turn(0);
    return { seconds: [], first: 0, peak: 0, ...work.facts() };
  };
  const groups = await entry.groups({ threads: 1, quick: false, ask });
  const found = groups.flat().find(({ side, name }) => side === "ours" && name === "ours");
  const request = found?.request;
  if (request?.work !== "train" && request?.work !== "sample" && request?.work !== "likelihood") {
    throw new Error(`${entry.name} has no work that can be profiled. ${USAGE}`);
  }
  return request;
}

/** What is counted: a step of training or sampling, or the whole work. */
function unitOf(request: Asked): { readonly what: string; readonly perTurn: number } {
  if (request.work === "train") return { what: `One training step, ${request.batch} samples`, perTurn: 1 };
  if (request.work === "sample") {
    return { what: `One Euler step, ${request.count} samples`, perTurn: request.steps };
  }
  return { what: `The log densities of ${request.points.length} points`, perTurn: 1 };
}

interface Line {
  readonly step: string;
  readonly runs: number;
  readonly spent: number;
  readonly limit?: number;
}

const sumOf = (step: string, lines: readonly Line[]): Line => {
  const sum = (of: (line: Line) => number) => lines.reduce((total, line) => total + of(line), 0);
  const limit = sum((line) => line.limit ?? 0);
  return { step, runs: sum((line) => line.runs), spent: sum((line) => line.spent), ...(limit > 0 && { limit }) };
};

function table(lines: readonly Line[]): string {
  const total = lines.reduce((sum, { spent }) => sum + spent, 0);
  const kinds = [
    ["**all products**", /^(product|conv)/],
    ["**all passes**", /^pass/],
    ["**all else**", /^(?!product|conv|pass)/],
  ] as const;
  const sums = kinds.map(([name, kind]) =>
    sumOf(
      name,
      lines.filter(({ step }) => kind.test(step)),
    ),
  );
  const row = ({ step, runs, spent, limit }: Line) => {
    const share = `${((100 * spent) / total).toFixed(1)} %`;
    const beside =
      limit === undefined || spent === 0 ? ["", ""] : [limit.toFixed(3), `${((100 * limit) / spent).toFixed(0)} %`];
    return `| ${[step, runs.toFixed(0), spent.toFixed(3), share, ...beside].join(" | ")} |`;
  };
  return [
    "| step | runs | ms of thread time | share | its limit, ms | of the limit |",
    "|---|--:|--:|--:|--:|--:|",
    ...lines.filter(({ spent }) => spent >= LEAST * total).map(row),
    ...sums.filter(({ runs }) => runs > 0).map(row),
  ].join("\n");
}

/** The fastest of some turns, in milliseconds of a unit; of one turn where that takes long. */
async function fastest(work: Work, perTurn: number): Promise<number> {
  const [start, times]: [number, number[]] = [performance.now(), []];
  do times.push(await work.turn(SECONDS / 10));
  while (times.length < 5 && performance.now() - start < SECONDS * 1000);
  return (Math.min(...times) / perTurn) * 1000;
}

async function text(entry: Entry): Promise<string> {
  const request = await requestOf(entry);
  const { what, perTurn } = unitOf(request);
  const work = await workOf(request);
  await work.turn(0);
  const best = await fastest(work, perTurn);
  const count = Math.ceil((SECONDS * 1000) / (best * perTurn));
  const found = await profile(() => work.run(count));
  const units = count * perTurn;
  const lines = found.steps.map(({ step, count, seconds, limit }): Line => {
    const line = { step, runs: count / units, spent: (1000 * seconds) / units };
    return limit === undefined ? line : { ...line, limit: (1000 * limit) / units };
  });
  const [product, cache, memory] = [found.productRate, found.cacheRate, found.memoryRate].map((rate) =>
    (rate / 1e9).toFixed(1),
  );
  return [
    `${what}: ${best.toFixed(3)} ms. Step by step, the time of ${found.threads} threads added up:`,
    table(lines),
    `Limits, of each of ${found.threads} threads at work at once: ${product} GFLOP/s in products, copying ${cache} GB/s in a cache and ${memory} GB/s in memory.`,
  ].join("\n\n");
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const write = args[0] === "--write";
  const names = write ? WRITTEN : args.length > 0 ? args : ["train-512"];
  const entries = names.map((name) => {
    const entry = rows.find((each) => each.name === name);
    if (entry === undefined || (write && args.length > 1)) throw new Error(`${USAGE}; got ${args.join(" ")}.`);
    return entry;
  });
  const parts = [
    "# Where the time goes",
    `Written by \`npm run profile -- --write\`. A step that takes less than ${100 * LEAST} % of the time is only in the sums.`,
  ];
  for (const entry of entries) {
    const part = await text(entry);
    console.log(`${part}\n`);
    parts.push(`## ${entry.name}`, part);
  }
  if (write) writeFileSync(join(root, "docs", "generated", "profile.md"), `${parts.join("\n\n")}\n`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
