// What machine this is and which versions run, for the report.
// Without names of hosts, paths or dates: the same machine gives the same text.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import { pythonVersion } from "../../scripts/lib/bench-peers.mjs";
import { textOf } from "../../scripts/lib/files.mjs";
import { nativeDir } from "../../scripts/lib/paths.mjs";

/** The widest vectors that the processor has, as far as the system tells. */
function vectors(): string {
  if (platform() !== "linux") return process.arch;
  const flags = readFileSync("/proc/cpuinfo", "utf8");
  const known: [flag: RegExp, name: string][] = [
    [/\bavx512f\b/, "AVX-512"],
    [/\bavx2\b/, "AVX2"],
    [/\basimd\b/, "NEON"],
  ];
  return known.find(([flag]) => flag.test(flags))?.[1] ?? process.arch;
}

/** One sentence of the machine. */
export function machine(threads: number): string {
  const [first] = cpus();
  const processors = `${availableParallelism()} processors ${first?.model.trim() ?? ""} (${process.arch}, ${vectors()})`;
  return `${processors}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}; ${threads} threads`;
}

/** Versions, with that of Python. */
export function versions(said: Readonly<Record<string, string>>): Record<string, string> {
  return { ...said, Python: pythonVersion() ?? "unknown" };
}

/** What the engine was built from: results of another build are not mixed with those of this one. */
export const build = () => textOf(join(nativeDir, "stamp")) ?? "";
