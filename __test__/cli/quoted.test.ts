// Commands that people are told to type: a shell takes each argument as it was meant.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { quoted } from "../../ts/src/cli/quoted.js";
import { typed } from "../../ts/src/cli/typed.js";
import { planar, temporary, thalweg, writeAnimals, writeJson } from "./support.js";

describe("quoted", () => {
  it.skipIf(process.platform === "win32").each(["a b", "it's", "$HOME", "~", "*", "a\\b", 'a"b', "", "é", "a;b", "\n"])(
    "%j is one argument of a shell",
    (text) => {
      expect(execFileSync("sh", ["-c", `printf %s ${quoted(text, "linux")}`], { encoding: "utf8" })).toBe(text);
    },
  );

  it("leaves alone what needs no quotes", () => {
    expect(quoted("runs/a-1_b.csv", "linux")).toBe("runs/a-1_b.csv");
    expect(quoted("C:\\runs\\a", "win32")).toBe("C:\\runs\\a");
    expect(quoted("C:\\my runs", "win32")).toBe('"C:\\my runs"');
  });
});

describe("a command to type", () => {
  it("is called as this one was", () => {
    expect(typed(["sample", "my run"], "")).toBe("thalweg sample 'my run'");
    expect(typed(["train"], "npm/11.6.0 node/v22.12.0 linux x64")).toBe("npx thalweg train");
    expect(typed(["train"], "pnpm/10.0.0 npm/? node/v22")).toBe("pnpm exec thalweg train");
    expect(typed(["train"], "other/1.0")).toBe("thalweg train");
  });
});

describe.skipIf(process.platform === "win32")("what to type next", () => {
  it("is quoted by init and train", async () => {
    const folder = temporary();
    mkdirSync(join(folder, "my data"));
    writeAnimals(folder, "my data/a b.csv");
    const { stdout } = await thalweg(folder, "init", "my project", "--data", "my data/a b.csv");
    expect(stdout).toContain("cd 'my project'\n");
    expect(stdout).toContain("--data '../my data/a b.csv' --out");
    expect(existsSync(join(folder, "my project", "config.json"))).toBe(true);
    writeJson(folder, "config.json", planar());
    const trained = await thalweg(folder, "train", "config.json", "--data", "datasets.moons", "--out", "my run");
    expect(trained.stdout).toContain("thalweg sample 'my run' --count");
  });
});
