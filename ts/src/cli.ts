#!/usr/bin/env node
// The command `thalweg`. It loads no addon, so that it runs where none can be loaded.
import { Command } from "commander";
import { doctor } from "./doctor/doctor.js";
import { printed } from "./doctor/print.js";

const program = new Command("thalweg").description("Train and sample diffusion and flow models of your own data.");

program
  .command("doctor")
  .description("say what thalweg finds on this machine, and time a product of matrices on each device")
  .option("--json", "print it as JSON")
  .action(async ({ json }: { json?: true }) => {
    const found = await doctor();
    process.stdout.write(json ? `${JSON.stringify(found, undefined, 2)}\n` : printed(found));
    process.exitCode = found.cpu === null ? 1 : 0;
  });

await program.parseAsync();
