// thalweg train: what a run leaves, and that one that was stopped goes on to the same bits.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLog } from "../../ts/src/log/read-log.js";
import { load } from "../../ts/src/model/registry.js";
import { planar, start, temporary, thalweg, writeAnimals, writeJson } from "./support.js";

/** The bytes of what training decides. */
const stateOf = (run: string) =>
  ["model.safetensors", "ema.safetensors", "optimizer.safetensors"].map((name) =>
    readFileSync(join(run, name)).toString("base64"),
  );

describe("a broken pipe", () => {
  it("of what is said beside the output does not end the training", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    // The live page's address is said before the training begins.
    const { child, ended } = start(folder, ["train", "config.json", "--out", "a", "--data", "datasets.moons", "--ui"]);
    child.stderr?.destroy();
    const { code, stdout } = await ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining("a: step 20")]);
    expect((await (await load(join(folder, "a"))).info()).step).toBe(20);
  });

  it("of the output ends a command quietly", async () => {
    const { child, ended } = start(temporary(), ["--help"]);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("two trainings of one folder", () => {
  it("are refused, whichever way the second begins, and the first goes on", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    const more = ["--data", "datasets.moons", "--steps", "1000000", "--checkpoint-every", "50"];
    const first = start(folder, ["train", "config.json", "--out", "a", ...more]);
    await first.said("step ");
    const manifest = join(folder, "a", "manifest.json");
    while (!existsSync(manifest)) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const how of [["config.json"], ["config.json", "--force"], ["--resume"]]) {
      const { code, stderr } = await thalweg(folder, "train", "--out", "a", "--data", "datasets.moons", ...how);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`process ${first.child.pid} trains`)]);
    }
    first.child.kill("SIGINT");
    expect((await first.ended).code).toBe(130);
    expect(readdirSync(join(folder, "a"))).not.toContain("run.lock");
    expect((await load(join(folder, "a"))).config.xSize).toBe(2);
  });

  it("are not two where the first was killed", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    const first = start(folder, [
      "train",
      "config.json",
      "--out",
      "a",
      "--data",
      "datasets.moons",
      "--steps",
      "1000000",
    ]);
    await first.said("step ");
    first.child.kill("SIGKILL");
    await first.ended;
    expect(readFileSync(join(folder, "a", "run.lock"), "utf8")).toBe(`${first.child.pid}\n`);
    const { code } = await thalweg(folder, "train", "--out", "a", "--resume", "--steps", "10");
    expect(code).toBe(0);
    expect(readdirSync(join(folder, "a"))).not.toContain("run.lock");
  });

  it("leave no lock and no folder where one is refused or ends at once", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar({ bogus: 1 }));
    const args = ["train", "config.json", "--data", "datasets.moons", "--out"];
    expect((await thalweg(folder, ...args, "runs/a")).code).toBe(2);
    expect(readdirSync(folder)).toEqual(["config.json"]);
    writeJson(folder, "config.json", planar());
    const call = start(folder, [...args, "b", "--steps", "1000000"]);
    await call.said("step ");
    call.child.kill("SIGINT");
    await call.said("once more");
    call.child.kill("SIGINT");
    expect((await call.ended).code).toBe(130);
    expect(readdirSync(join(folder, "b"))).not.toContain("run.lock");
  });

  it("that both find a stale lock are still not two", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    mkdirSync(join(folder, "a"));
    writeFileSync(join(folder, "a", "run.lock"), "999999999\n");
    const args = ["train", "config.json", "--data", "datasets.moons", "--out", "a", "--force", "--steps", "1000000"];
    const calls = [1, 2].map(() => start(folder, args));
    const [ended, other] = await Promise.race(calls.map(async (call, i) => [await call.ended, calls[1 - i]] as const));
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("in which process")]);
    await other?.said("step ");
    other?.child.kill("SIGINT");
    expect((await other?.ended)?.code).toBe(130);
  });
});

describe("a run's folder", () => {
  it("has a checkpoint, the log, and what the run was told", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    const args = [
      "--data",
      "datasets.moons",
      "--steps",
      "30",
      "--lr",
      "0.002",
      "--validation",
      "0.2",
      "--log",
      "tensorboard",
    ];
    const { code, stdout, stderr } = await thalweg(folder, "train", "config.json", "--out", "runs/a", ...args);
    expect([code, stderr]).toEqual([0, expect.stringContaining("step 30/30")]);
    expect(stdout).toMatch(
      /^runs\/a: step 30, loss [\d.]+ \(mean of the last 3 steps\), validation [\d.]+; 30 steps in [\d.]+ s, finished\n/,
    );
    const names = readdirSync(join(folder, "runs", "a"));
    expect(names).toEqual(expect.arrayContaining(["config.json", "model.safetensors", "log.jsonl", "run.json"]));
    expect(names.filter((name) => name.startsWith("events.out.tfevents."))).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(folder, "runs", "a", "run.json"), "utf8"))).toMatchObject({
      data: "datasets.moons",
      config: join(folder, "config.json"),
      started: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      options: { steps: 30, batchSize: 32, optimizer: { type: "adamw", lr: 0.002 }, validation: { share: 0.2 } },
    });
    const events = await readLog(join(folder, "runs", "a"));
    expect(events.at(-1)).toMatchObject({
      step: 30,
      validationLoss: expect.any(Number),
      learningRate: 0.002,
    });
    expect((await (await load(join(folder, "runs", "a"))).info()).step).toBe(30);
  });

  it("of a table has its encoding, so that samples are tables", async () => {
    const folder = temporary();
    writeAnimals(folder);
    const backbone = {
      type: "MultiLayerPerceptron",
      args: { hiddenSizes: [7, 16], outputSize: 6, activation: "silu" },
    };
    const model = { type: "velocity_function", args: { backbone } };
    const { xSize: _, read: _r, ...config } = planar({ model, encoding: { columns: { mass: { missing: "keep" } } } });
    writeJson(folder, "config.json", config);
    const trained = await thalweg(folder, "train", "config.json", "--data", "animals.csv", "--out", "a", "--json");
    expect([trained.code, trained.stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(trained.stdout)).toMatchObject({
      folder: "a",
      class: "DiffusionModel",
      step: 20,
      reason: "finished",
    });
    const { stdout } = await thalweg(folder, "sample", "a", "--count", "4");
    expect(stdout.split("\n")[0]).toBe("kind,size,mass");
    expect(stdout.trim().split("\n")).toHaveLength(5);
    expect(stdout.trim().split("\n")[1]).toMatch(/^(cat|dog|eel),/);
  });

  it("that is not empty is left alone, unless it is a run and may be replaced", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    const train = (...args: string[]) =>
      thalweg(folder, "train", "config.json", "--data", "datasets.moons", "--quiet", ...args);
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "other", "letter.txt"), "dear");
    const [first, other] = await Promise.all([train("--out", "a"), train("--out", "other", "--force")]);
    expect(first.code).toBe(0);
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain("expected a new or empty folder, got one with other files");
    expect(readdirSync(join(folder, "other"))).toEqual(["letter.txt"]);
    const before = stateOf(join(folder, "a"));
    writeFileSync(join(folder, "a", "notes.txt"), "mine");
    const again = await train("--out", "a");
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toContain("--resume goes on with it, --force replaces it");
    expect(stateOf(join(folder, "a"))).toEqual(before);
    expect((await train("--out", "a", "--force", "--seed", "1")).code).toBe(0);
    expect(stateOf(join(folder, "a"))).not.toEqual(before);
    expect(existsSync(join(folder, "a", "notes.txt"))).toBe(true);
  });

  it("stays as it was where a run that would replace it cannot begin", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    expect((await thalweg(folder, "train", "config.json", "--data", "datasets.moons", "--out", "a")).code).toBe(0);
    const before = stateOf(join(folder, "a"));
    const failed = await thalweg(folder, "train", "config.json", "--data", "gone.npy", "--out", "a", "--force");
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("gone.npy could not be read") });
    expect(stateOf(join(folder, "a"))).toEqual(before);
  });
});

/** Enough steps to be stopped in the middle. */
const long = planar({
  read: { count: 1000 },
  model: {
    type: "velocity_function",
    args: {
      backbone: {
        type: "MultiLayerPerceptron",
        args: { hiddenSizes: [3, 64, 64], outputSize: 2, activation: "silu", dropout: 0.1 },
      },
    },
  },
  train: {
    steps: 5000,
    batchSize: 128,
    optimizer: { type: "adamw", lr: { type: "cosine", peak: 1e-3, steps: 5000 } },
  },
});

describe("a run that is interrupted", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s saves, exits with 130, and goes on to the bits of one that was not",
    async (signal) => {
      const folder = temporary();
      writeJson(folder, "config.json", long);
      const args = ["train", "config.json", "--data", "datasets.moons", "--validation", "0.1"];
      const stopped = start(folder, [...args, "--out", "stopped", "--json"]);
      await stopped.said("step ");
      stopped.child.kill(signal);
      const { code, stdout, stderr } = await stopped.ended;
      expect([code, stderr]).toEqual([130, expect.stringContaining("stopping after this step and saving")]);
      const { step, reason } = JSON.parse(stdout);
      expect(reason).toBe("stopped");
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThan(5000);
      expect((await (await load(join(folder, "stopped"))).info()).step).toBe(step);
      const [resumed, whole] = [
        await thalweg(folder, "train", "--out", "stopped", "--resume", "--json", "--quiet"),
        await thalweg(folder, ...args, "--out", "whole", "--json", "--quiet"),
      ];
      expect(JSON.parse(resumed.stdout)).toMatchObject({ step: 5000, stepsRun: 5000 - step, reason: "finished" });
      expect(whole.code).toBe(0);
      expect(stateOf(join(folder, "stopped"))).toEqual(stateOf(join(folder, "whole")));
      const steps = (await readLog(join(folder, "stopped"))).map((event) => event.step);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect(steps.at(-1)).toBe(5000);
    },
    120_000,
  );

  it("twice ends at once, and what it saved before is whole", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", { ...long, train: { ...long.train, steps: 1_000_000 } });
    const args = ["train", "config.json", "--data", "datasets.moons", "--out", "a", "--checkpoint-every", "20"];
    const run = start(folder, args);
    await run.said("step ");
    while (!existsSync(join(folder, "a", "manifest.json"))) await new Promise((resolve) => setTimeout(resolve, 20));
    run.child.kill("SIGINT");
    run.child.kill("SIGTERM");
    expect((await run.ended).code).toBe(130);
    const { step } = await (await load(join(folder, "a"))).info();
    expect(step).toBeGreaterThanOrEqual(20);
  }, 60_000);

  it("by a kill goes on from its last checkpoint, to the same bits", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", { ...long, train: { ...long.train, steps: 1500 } });
    const args = ["train", "config.json", "--data", "datasets.moons"];
    const run = start(folder, [...args, "--out", "killed", "--checkpoint-every", "50"]);
    while (!existsSync(join(folder, "killed", "manifest.json")))
      await new Promise((resolve) => setTimeout(resolve, 10));
    run.child.kill("SIGKILL");
    await run.ended;
    const [resumed, whole] = [
      await thalweg(folder, "train", "--out", "killed", "--resume", "--json", "--quiet"),
      await thalweg(folder, ...args, "--out", "whole", "--quiet"),
    ];
    const { step, stepsRun } = JSON.parse(resumed.stdout);
    expect([step, stepsRun < 1500, whole.code]).toEqual([1500, true, 0]);
    expect(stateOf(join(folder, "killed"))).toEqual(stateOf(join(folder, "whole")));
  }, 120_000);
});

describe("--ui", () => {
  it("serves a page while the run goes on, whose button stops it", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", { ...long, train: { ...long.train, steps: 1_000_000 } });
    const args = ["train", "config.json", "--data", "datasets.moons", "--out", "a", "--quiet", "--json"];
    const run = start(folder, [...args, "--ui"]);
    await run.said("live page: ");
    await run.said("\n");
    const url = new URL(/live page: (\S+)/.exec(run.stderr())?.[1] ?? "");
    const page = await fetch(url);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
    const stop = new URL(url);
    stop.pathname = stop.pathname.replace(/\/?$/, "/stop");
    expect((await fetch(stop, { method: "POST", headers: { origin: url.origin } })).status).toBe(204);
    const { code, stdout } = await run.ended;
    expect([code, JSON.parse(stdout).reason]).toEqual([0, "stopped"]);
    expect((await (await load(join(folder, "a"))).info()).step).toBe(JSON.parse(stdout).step);
  }, 60_000);
});

describe("--resume", () => {
  it("takes more steps, of the same data and options, and refuses a config of another model", async () => {
    const folder = temporary();
    writeJson(folder, "config.json", planar());
    const other = planar({ path: { type: "linear_vp_sde", beta1: 10 } });
    writeJson(folder, "other.json", other);
    expect((await thalweg(folder, "train", "config.json", "--data", "datasets.moons", "--out", "a")).code).toBe(0);
    const refused = await thalweg(folder, "train", "other.json", "--out", "a", "--resume");
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("path.beta1: expected 20, as in a, got 10. A run goes on with its own model");
    const more = await thalweg(folder, "train", "config.json", "--out", "a", "--resume", "--steps", "50", "--json");
    expect(JSON.parse(more.stdout)).toMatchObject({ step: 50, stepsRun: 30 });
    const done = await thalweg(folder, "train", "--out", "a", "--resume", "--steps", "50");
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(done.stdout).toContain(
      "a: nothing was left to do, since all 50 steps are done; --steps takes more in all\n",
    );
  });

  it("needs a run", async () => {
    const folder = temporary();
    const { code, stderr } = await thalweg(folder, "train", "--out", "nothing", "--resume");
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected the folder of a run, got nothing")]);
    expect(existsSync(join(folder, "nothing"))).toBe(false);
  });
});

describe("a config", () => {
  it("is checked as a whole: every mistake is told, in text and as a document", async () => {
    const folder = temporary();
    const { model, ...config } = planar({ path: { type: "linear_vp_sde", beta_1: 3 }, seeed: 1 });
    const backbone = { type: "MultiLayerPerceptron", args: { hiddenSizes: "3", outputSize: 2, activation: "silu" } };
    writeJson(folder, "config.json", {
      ...config,
      model: { ...model, args: { backbone } },
      read: { counts: 3 },
      encoding: { numbers: "cubic" },
      train: { stepz: 3, lrr: 1, batchSize: "many", validation: { share: 2 } },
    });
    const paths = [
      "train.batchSize",
      "train.lrr",
      "train.stepz",
      "train.validation.share",
      "encoding.numbers",
      "counts",
      "path.beta_1",
      "model.args.backbone.args.hiddenSizes",
      "seeed",
    ];
    const [text, json] = await Promise.all([
      thalweg(folder, "config", "check", "config.json"),
      thalweg(folder, "config", "check", "config.json", "--json"),
    ]);
    expect([text.code, json.code]).toEqual([2, 2]);
    expect(text.stderr).toMatch(/^ConfigError: 9 mistakes\n {2}train\./);
    const { errors } = JSON.parse(json.stdout).error as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path).sort()).toEqual([...paths].sort());
    const others: readonly (readonly [object, string])[] = [
      [{ class: "toString", xSize: 2 }, "class: expected one of"],
      [{ class: "__proto__" }, "class: expected one of"],
      [planar({ read: { columns: 5 } }), "read.columns: expected an object"],
      [planar({ read: { columns: { x: "nmber" } } }), "read.columns.x: expected one of"],
      [planar({ encoding: { missing: { fill: {} } } }), "encoding.missing: expected"],
    ];
    for (const [i, [other, message]] of others.entries()) {
      writeJson(folder, `other${i}.json`, other);
      const { code, stderr } = await thalweg(folder, "config", "check", `other${i}.json`);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    if (process.platform !== "win32") {
      const endless = await thalweg(folder, "config", "check", "/dev/zero");
      expect([endless.code, endless.stderr]).toEqual([1, expect.stringContaining("expected a file, got something")]);
    }
    writeFileSync(join(folder, "broken.json"), '{\n  "class": "DiffusionModel",\n  "xSize" 2\n}');
    expect((await thalweg(folder, "config", "check", "broken.json")).stderr).toMatch(/line 3,? column \d+/);
    writeJson(folder, "encoding.json", planar({ encoding: { numbers: "cubic" } }));
    const encoding = await thalweg(folder, "config", "check", "encoding.json");
    expect(encoding.stderr).toBe(
      'ConfigError: encoding.numbers: expected "none", "standard", "minMax", "quantile", got "cubic"\n',
    );
  });

  it("is refused with the path of what is wrong, before anything is written", async () => {
    const folder = temporary();
    const wrong: readonly (readonly [object, string])[] = [
      [planar({ train: { stepz: 3 } }), 'train.stepz: unknown key; did you mean "steps"?'],
      [
        planar({ train: { steps: 3, validation: { share: 2 } } }),
        "train.validation.share: expected a number in (0, 1), got 2",
      ],
      [planar({ class: "DifusionModel" }), 'did you mean "DiffusionModel"?'],
      [planar({ trian: {} }), 'trian: unknown key; did you mean "train"?'],
      [planar({ read: { counts: 3 } }), 'got "counts"; did you mean "count"?'],
      [planar({ xSize: 3 }), "the network does not fit xSize"],
    ];
    for (const [i, [config]] of wrong.entries()) writeJson(folder, `${i}.json`, config);
    const ended = await Promise.all(
      wrong.map((_, i) => thalweg(folder, "train", `${i}.json`, "--data", "datasets.moons", "--out", `${i}`)),
    );
    for (const [i, { code, stderr }] of ended.entries()) {
      expect([i, code, stderr]).toEqual([i, 2, expect.stringContaining(wrong[i][1])]);
      expect(existsSync(join(folder, `${i}`))).toBe(false);
    }
  });
});
