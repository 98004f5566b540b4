// Our side of npm run bench: a process that answers one line of JSON for each that it reads.
// Speaks bench/lib/protocol.ts, as the peers do.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Forget, Kernels, Reply, Request, Timed } from "../lib/protocol.ts";
import { forgetPeak, memory } from "./memory.ts";
import type { Work } from "./works.ts";

const say = (message: object) => writeSync(1, `${JSON.stringify(message)}\n`);

const start = performance.now();
const { version } = await import("thalweg");
const importSeconds = (performance.now() - start) / 1000;
const { workOf } = await import("./works.ts");
const afterImport = memory("VmRSS");
forgetPeak();
say({ ready: true, importSeconds, versions: { thalweg: version(), Node: process.versions.node } });

const known = new Map<string, Work>();

/** Every kind of kernel of so many repetitions, per repetition. */
async function kernelsOf(work: Work, repetitions: number): Promise<Kernels[]> {
  const { profile } = await import("thalweg");
  const { steps } = await profile(() => work.run(repetitions));
  const per = (amount: number) => amount / repetitions;
  return steps.map(({ step, count, seconds, bytes, flops, limit }) => ({
    ...{ step, count: per(count), seconds: per(seconds), bytes: per(bytes), flops: per(flops) },
    ...(limit === undefined ? {} : { limit: per(limit) }),
  }));
}

async function answer({ target = 0.5, kernels = 0, ...request }: Exclude<Request, Forget> & Timed): Promise<Reply> {
  const key = JSON.stringify(request);
  const began = performance.now();
  let work = known.get(key);
  if (work === undefined) {
    work = await workOf(request);
    await work.turn(0);
    known.set(key, work);
  }
  const first = (performance.now() - began) / 1000;
  const seconds = target > 0 ? await work.turn(target) : first;
  const peak = Math.max(0, memory("VmHWM") - afterImport);
  const parts = kernels > 0 ? { kernels: await kernelsOf(work, kernels) } : {};
  return { seconds: [seconds], first, peak, ...work.facts(), ...parts };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request: Request & Timed = JSON.parse(line);
  if (request.work === "forget") {
    known.clear();
    global.gc?.();
    say({ seconds: [] });
    continue;
  }
  try {
    say(await answer(request));
  } catch (error) {
    say({ error: error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error) });
  }
}
