// Turns: A B A B …, with the machine's own product between, until the machine was quiet for a whole contest.
// A contest on a busy machine is repeated a bounded number of times; the last one is then shown and decides nothing.
import { setTimeout as pause } from "node:timers/promises";
import type { Contestant, Entry, Measured, Result } from "./entry.ts";
import { optimiserBytes } from "./floor.ts";
import { type Gauge, Gauging } from "./gauge.ts";
import type { Reply } from "./protocol.ts";
import { once, type Refusal, type Side, Worker, type Workers } from "./worker.ts";

/** How a run is made. */
export interface Settings {
  readonly threads: number;
  readonly quick: boolean;
  /** Whose product gauges the machine. */
  readonly gauge: Side;
  /** How often a contest is made until the machine is quiet. */
  readonly tries: number;
  say(text: string): void;
}

/** Between turns, so that threads of the last one have stopped spinning. */
const REST = 30;
/** How long to wait for a quiet machine before a contest, and between two looks. */
const [PATIENCE, PAUSE] = [60_000, 10_000];

type Turn = { readonly value: number; readonly reply: Measured["reply"] } | Refusal;

/** From nothing to the first step: our own program, or a peer's import and first request. */
async function start(contestant: Contestant, threads: number): Promise<Turn> {
  if (contestant.side === "ours") {
    const reply = once("bench/own/start.mjs", threads);
    return "error" in reply ? reply : { value: reply.seconds?.[0] ?? Number.NaN, reply };
  }
  const worker = await Worker.start(contestant.side, threads);
  const reply = await worker.ask({ ...contestant.request, target: 0 });
  await worker.end();
  if ("error" in reply) return reply;
  return { value: (worker.ready?.importSeconds ?? 0) + reply.first, reply };
}

/** Bytes at the peak of a process of its own. */
async function peak(contestant: Contestant, threads: number, target: number): Promise<Turn> {
  const worker = await Worker.start(contestant.side, threads);
  const reply = await worker.ask({ ...contestant.request, target });
  await worker.end();
  return "error" in reply ? reply : { value: reply.peak, reply };
}

/** One turn of one contestant. */
async function turn(workers: Workers, contestant: Contestant, target: number, settings: Settings): Promise<Turn> {
  const threads = contestant.threads ?? settings.threads;
  await pause(REST);
  if (contestant.fresh === "start") return start(contestant, threads);
  if (contestant.fresh === "peak") return peak(contestant, threads, target);
  const worker = await workers.of(contestant.side, threads);
  const reply: Reply | Refusal = await worker.ask({ ...contestant.request, target });
  return "error" in reply ? reply : { value: reply.seconds[0], reply };
}

/** All turns of a group. */
async function round(workers: Workers, entry: Entry, group: readonly Contestant[], settings: Settings) {
  const target = settings.quick ? 0.05 : (entry.target ?? 0.5);
  const rounds = settings.quick ? 2 : (entry.rounds ?? 5);
  const gauging = new Gauging(workers, settings.gauge, settings.threads, settings.quick ? 0.05 : 0.2);
  const turns = new Map<Contestant, { values: number[]; reply: Measured["reply"]; error?: string }>();
  for (const contestant of group) turns.set(contestant, { values: [], reply: {} });
  // What a peer compiles at its first turn is no part of the interleaving.
  for (const contestant of group) {
    if (contestant.fresh !== undefined) continue;
    const first = await turn(workers, contestant, 0, settings);
    const of = turns.get(contestant);
    if (of === undefined) continue;
    if ("error" in first) of.error = first.error;
    else of.reply = first.reply;
  }
  const parameters = Math.max(0, ...[...turns.values()].map(({ reply }) => reply.parameters ?? 0));
  const bytes = entry.floor === undefined ? 0 : optimiserBytes(parameters);
  for (let i = 0; i < rounds; i++) {
    await gauging.probe(bytes);
    for (const [contestant, of] of turns) {
      if (of.error !== undefined) continue;
      const next = await turn(workers, contestant, target, settings);
      if ("error" in next) of.error = next.error;
      else {
        of.values.push(next.value);
        of.reply = next.reply;
      }
    }
  }
  await gauging.probe(bytes);
  return { gauge: gauging.result(), turns };
}

/** Contestants that do the same work must have networks of the same size. */
function checkSizes(measured: readonly Measured[]): void {
  const sizes = new Map<string, number>();
  for (const { contestant, reply } of measured) {
    const { request } = contestant;
    if (request.work !== "train" || reply.parameters === undefined) continue;
    const kind = request.network.kind === "twin" ? "residual" : request.network.kind;
    const key = JSON.stringify([{ ...request.network, kind }, request.shape]);
    const known = sizes.get(key) ?? reply.parameters;
    if (known !== reply.parameters) {
      throw new Error(`${contestant.name}: a network of ${reply.parameters} parameters, where another has ${known}`);
    }
    sizes.set(key, known);
  }
}

/** Waits, for a minute at most, until a few probes find the machine quiet: a long contest on a busy one is for nothing. */
async function awaitQuiet(workers: Workers, settings: Settings): Promise<void> {
  for (let waited = 0; waited < PATIENCE; waited += PAUSE) {
    const gauging = new Gauging(workers, settings.gauge, settings.threads, 0.1);
    for (let i = 0; i < 3; i++) await gauging.probe(0);
    if (gauging.result().busy === "") return;
    await pause(PAUSE);
  }
}

async function contested(workers: Workers, entry: Entry, group: readonly Contestant[], settings: Settings) {
  for (let attempt = 1; ; attempt++) {
    if (!settings.quick) await awaitQuiet(workers, settings);
    const { gauge, turns } = await round(workers, entry, group, settings);
    const last = attempt >= settings.tries;
    if (gauge.busy === "" || last) return { gauge, turns };
    settings.say(`machine busy: ${gauge.busy}; once more (${attempt + 1} of ${settings.tries})`);
  }
}

/** The whole contest of an entry. */
export async function contest(
  workers: Workers,
  entry: Entry,
  groups: readonly (readonly Contestant[])[],
  settings: Settings,
): Promise<Result> {
  const measured: Measured[] = [];
  const gauges: Gauge[] = [];
  for (const group of groups) {
    const { gauge, turns } = await contested(workers, entry, group, settings);
    if (gauge.busy !== "") settings.say(`machine busy: ${gauge.busy}; this decides nothing`);
    gauges.push(gauge);
    for (const [contestant, { values, reply, error }] of turns) {
      const plain: Measured = { contestant, values: error === undefined ? values : [], reply, ...(error && { error }) };
      const floor = entry.floor?.(plain, gauge);
      measured.push(floor === undefined ? plain : { ...plain, floor });
    }
    await workers.forget();
  }
  checkSizes(measured);
  return { measured, gauges };
}
