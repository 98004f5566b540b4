// thalweg doctor: what there is on this machine.
// Addons are asked in processes of their own, so that it runs where none can be loaded.
import type { Command } from "commander";
import { action, command } from "./command.js";

/** `thalweg doctor`. */
export function doctor(): Command {
  return command(
    "doctor",
    "say what thalweg finds on this machine, and time a product of matrices on each device",
    "thalweg doctor --json",
  ).action(
    action(async () => {
      const [{ doctor: examined }, { printed }] = await Promise.all([
        import("../doctor/doctor.js"),
        import("../doctor/print.js"),
      ]);
      const found = await examined();
      return { json: found, text: printed(found), code: found.cpu === null ? 1 : 0 };
    }),
  );
}
