// What the system says of this process's memory.
// Linux only; 0 elsewhere, and the row then says nothing.
import { readFileSync, writeFileSync } from "node:fs";

/** A line of /proc/self/status in bytes: VmRSS now, VmHWM at the peak. */
export function memory(field: "VmRSS" | "VmHWM"): number {
  try {
    const line = readFileSync("/proc/self/status", "utf8").match(new RegExp(`^${field}:\\s+(\\d+)`, "m"));
    return 1024 * Number(line?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** From here on VmHWM is the peak of what follows. */
export function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Then the peak is that of the whole process, which is not less.
  }
}
