// Outcomes of this build on this machine, in out/bench, so that a row can be repeated alone and the report still has all.
// Those of another build, machine or versions are dropped, never mixed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../scripts/lib/paths.mjs";
import type { Outcome } from "./record.ts";

const file = join(root, "out", "bench", "results.json");

/** The known outcomes with these put in their places, kept for the next run. */
export function merged(key: string, outcomes: readonly Outcome[], order: readonly string[]): Outcome[] {
  const kept: { key: string; outcomes: Outcome[] } = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : { key, outcomes: [] };
  const known = new Map((kept.key === key ? kept.outcomes : []).map((outcome) => [outcome.name, outcome]));
  for (const outcome of outcomes) known.set(outcome.name, outcome);
  const all = order.flatMap((name) => known.get(name) ?? []);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ key, outcomes: all }, undefined, 1)}\n`);
  return all;
}
