// Processes and threads that use the addon: they end when their own work is done, whatever the worker is doing.
// Each case is a process of its own, because the end of a process is what is tested.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { addonTarget } from "../ts/src/addon.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const prelude = `
  const { createRequire } = await import("node:module");
  const native = createRequire(${JSON.stringify(`${root}/`)})("./ts/native/thalweg-test.${addonTarget()}.node");
  const config = { xSize: 2, path: { type: "linear" }, model: { type: "velocity_function", args: {
    tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 8, scale: 30 } },
    backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [16, 8], outputDim: 2, tDim: 8 } } } } };
  const train = () => {
    const model = new native.NativeModel("DiffusionModel", JSON.stringify(config), "{}");
    const data = native.tensorRandom("normal", 0, "f32", [64, 2]);
    return model.fit(JSON.stringify({ steps: 1e9, batchSize: 64 }), '[["x", 1]]', [data]);
  };
`;

/** Runs a script; its exit code, and what it printed. */
function ran(script: string, ...flags: string[]) {
  const args = [...flags, "--input-type=module", "--eval", prelude + script];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, signal, stdout, stderr };
}

const fine = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: "" });

describe("a process", () => {
  it("stays alive until a pending read is there", () => {
    const script = `
      let x = native.tensorFull(1, "f32", [300, 300]);
      for (let i = 0; i < 30; i++) [x] = native.eager("matmul", "{}", [x, x]);
      x.read().then((bytes) => console.log(bytes.length));`;
    expect(ran(script)).toEqual(fine("360000\n"));
  });

  it("ends while jobs are left that nobody waits for", () => {
    const script = `train(); native.eager("exp", "{}", [native.tensorFull(1, "f32", [10])]); console.log("end");`;
    expect(ran(script)).toEqual(fine("end\n"));
  });

  it("may be ended while it waits", () => {
    const script = `const run = train(); run.wait(); run.next().then(() => { console.log("exit"); process.exit(7); });`;
    expect(ran(script)).toEqual({ ...fine("exit\n"), status: 7 });
  });

  it("frees tensors that nobody can reach any more, as the garbage collector finds them", () => {
    const script = `
      for (let i = 0; i < 1000; i++) native.tensorFull(i, "f32", [1000]);
      const kept = native.tensorFull(0, "f32", [1000]);
      for (let i = 0; i < 100 && native.memory().liveTensors > 1; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        global.gc();
      }
      console.log(JSON.stringify(native.memory()), kept.disposed);`;
    expect(ran(script, "--expose-gc")).toEqual(fine('{"liveTensors":1,"liveBytes":4000} false\n'));
  });

  it("is told the size of tensors, so that it collects in time without being asked", () => {
    const script = `
      const bytes = new Uint8Array(1 << 20);
      let most = 0;
      for (let i = 0; i < 2000; i++) {
        native.tensorFrom(bytes, "f32", [1 << 18]);
        most = Math.max(most, native.memory().liveTensors);
        if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      console.log(most < 1500);`;
    expect(ran(script)).toEqual(fine("true\n"));
  });

  it("does not mind threads that load the addon, share its worker, and end in the middle", () => {
    const script = `
      const { Worker } = await import("node:worker_threads");
      const code = \`
        const { parentPort } = require("node:worker_threads");
        const native = require(${JSON.stringify(`${root}ts/native/thalweg-test.${addonTarget()}.node`)});
        const x = native.tensorFull(2, "f32", [4]);
        let y = native.tensorFull(1, "f32", [400, 400]);
        for (let i = 0; i < 50; i++) [y] = native.eager("matmul", "{}", [y, y]);
        y.read();
        x.read().then(() => parentPort.postMessage("read"));\`;
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(code, { eval: true, execArgv: [] });
        await new Promise((resolve) => worker.once(i === 0 ? "message" : "online", resolve));
        await worker.terminate();
      }
      const bytes = await native.tensorFull(5, "f32", [1]).read();
      console.log(new Float32Array(bytes.buffer)[0]);`;
    expect(ran(script)).toEqual(fine("5\n"));
  });
});
