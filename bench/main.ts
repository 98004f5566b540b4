// Runs rows of the benchmark, prints what came out, and writes docs/generated/performance.{md,png} unless it is quick.
// Started by npm run bench. A bar that is not met is a result, not a failure.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { root } from "../scripts/lib/paths.mjs";
import { parse, UsageError } from "./lib/arguments.ts";
import { contest, type Settings } from "./lib/contest.ts";
import type { Context, Entry } from "./lib/entry.ts";
import { crossCheck } from "./lib/gauge.ts";
import { build, machine, versions } from "./lib/machine.ts";
import { picture } from "./lib/picture.ts";
import { type Outcome, outcomeOf } from "./lib/record.ts";
import { hasPoints, lines, report, summary } from "./lib/report.ts";
import { merged } from "./lib/store.ts";
import { WorkerError, Workers } from "./lib/worker.ts";
import { rows } from "./rows/index.ts";

/** How often a contest is made until the machine is quiet. */
const TRIES = 3;

const threads = Number(process.env.THALWEG_NUM_THREADS ?? availableParallelism());

async function outcome(workers: Workers, entry: Entry, settings: Settings): Promise<Outcome> {
  const context: Context = {
    threads,
    quick: settings.quick,
    async ask(request) {
      const reply = await (await workers.of("ours", threads)).ask({ ...request, target: 0 });
      if ("error" in reply) throw new Error(`${entry.name}: ${reply.error}`);
      return reply;
    },
  };
  return outcomeOf(entry, await contest(workers, entry, await entry.groups(context), settings));
}

/** Writes what is known so far: a run that is ended early loses its last row alone. */
async function write(
  outcomes: readonly Outcome[],
  said: ReturnType<typeof versions>,
  products: Awaited<ReturnType<typeof crossCheck>>,
): Promise<void> {
  const order = rows.map(({ name }) => name);
  const where = machine(threads);
  const all = merged(JSON.stringify([where, said, build()]), outcomes, order);
  const missing = order.filter((name) => !all.some((each) => each.name === name));
  const folder = join(root, "docs", "generated");
  if (all.some(hasPoints)) writeFileSync(join(folder, "performance.png"), await picture(all));
  writeFileSync(
    join(folder, "performance.md"),
    report({ machine: where, versions: said, products, missing, outcomes: all }),
  );
}

async function run(chosen: readonly Entry[], quick: boolean): Promise<void> {
  const workers = new Workers();
  try {
    const products = await crossCheck(workers, threads, quick ? 0.05 : 0.3);
    const [fastest] = [...products].sort((a, b) => b.all - a.all);
    const said = versions(await workers.versions());
    for (const { side, one, all } of products) {
      const [first, second] = [one, all].map((rate) => (rate / 1e9).toFixed(0));
      console.log(`product of ${side}: ${first} GFLOP/s on one thread, ${second} on ${threads}`);
    }
    if (quick) console.log("quick: few and short turns of less work, to see that everything runs; nothing is written");
    const say = (text: string) => console.log(`  ${text}`);
    const settings = { threads, quick, gauge: fastest.side, tries: quick ? 1 : TRIES, say };
    const outcomes: Outcome[] = [];
    for (const entry of chosen) {
      console.log(`\n── ${entry.name}: ${entry.title}`);
      const found = await outcome(workers, entry, settings);
      outcomes.push(found);
      console.log(lines(found));
      if (!quick) await write(outcomes, said, products);
    }
    console.log(`\n${summary(outcomes)}`);
    if (!quick) console.log("\nWrote docs/generated/performance.md and .png");
  } finally {
    await workers.end();
  }
}

async function main(): Promise<void> {
  const asked = parse(
    process.argv.slice(2),
    rows.map(({ name }) => name),
  );
  if (asked.list) for (const { name, title } of rows) console.log(`${name.padEnd(14)}${title}`);
  else
    await run(
      rows.filter(({ name }) => asked.names.includes(name)),
      asked.quick,
    );
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError || error instanceof WorkerError ? error.message : error);
  process.exitCode = 1;
});
