// The demo in its short form: it ends well, writes what it names, and blocks the event loop nowhere.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);

it("the demo writes a checkpoint, samples and a picture of both data sets, and no native call takes 10 ms of the main thread", async () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-demo-"));
  try {
    const native = join(root, "ts", "native");
    const addon = readdirSync(native).find((name) => name.startsWith("thalweg-test.") && name.endsWith(".node"));
    const preload = join(folder, "preload.cjs");
    const cpu = join(folder, "cpu.json");
    writeFileSync(
      preload,
      `process.on("exit", () => {
        const { __exportCpu, __nativeCalls } = require(${JSON.stringify(join(native, String(addon)))});
        const record = { calls: __nativeCalls(), cpu: __exportCpu() };
        require("node:fs").writeFileSync(${JSON.stringify(cpu)}, JSON.stringify(record));
      });`,
    );
    const out = join(folder, "out");
    const args = ["--require", preload, "--import", "tsx", join(root, "examples", "demo.ts"), out];
    const env = { ...process.env, THALWEG_SHORT: "1", THALWEG_ADDON: "test" };
    const { stdout } = await run(process.execPath, args, { cwd: root, env, timeout: 120_000 });
    for (const name of ["swiss-roll", "airports"]) {
      for (const file of [join(out, name), join(out, `${name}.csv`), join(out, `${name}.png`)]) {
        expect(stdout).toContain(file);
      }
      expect(readdirSync(join(out, name))).toEqual(expect.arrayContaining(["config.json", "model.safetensors"]));
      expect(
        readFileSync(join(out, `${name}.csv`), "utf8")
          .trim()
          .split("\n").length,
      ).toBe(201);
      expect(
        readFileSync(join(out, `${name}.png`))
          .subarray(1, 4)
          .toString(),
      ).toBe("PNG");
    }
    const record: { calls: number; cpu: Record<string, number> } = JSON.parse(readFileSync(cpu, "utf8"));
    expect(record.calls).toBeGreaterThan(50);
    for (const [name, ms] of Object.entries(record.cpu)) expect([name, ms < 10]).toEqual([name, true]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
