// thalweg completion: bash completes what there is, and no shell's script is behind the commands.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeProgram } from "../../ts/src/cli/commands.js";
import { nodesOf } from "../../ts/src/cli/completion/tree.js";
import { temporary, thalweg } from "./support.js";

let script = "";

beforeAll(async () => {
  script = (await thalweg(".", "completion", "bash")).stdout;
});

/** What bash offers after these words, of which the last is being typed. */
function offered(folder: string, ...words: string[]): string[] {
  writeFileSync(join(folder, "completion.bash"), script);
  const quoted = ["thalweg", ...words].map((word) => `'${word}'`).join(" ");
  const asked = `source completion.bash; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _thalweg; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync("bash", ["-c", asked], { cwd: folder, encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "" && line !== "completion.bash");
}

describe("bash", () => {
  it("completes commands, those below them, options, and the values that there are", () => {
    const folder = temporary();
    expect(offered(folder, "tr")).toEqual(["train"]);
    expect(offered(folder, "config", "c")).toEqual(["check", "convert"]);
    expect(offered(folder, "train", "config.json", "--val")).toEqual(["--validation", "--validation-every"]);
    expect(offered(folder, "sample", "run", "--solver", "d")).toEqual(["dopri5", "dopri8", "dpm", "deis", "ddim"]);
    expect(offered(folder, "config", "convert", "--o")).toEqual(["--out"]);
  });

  it("completes files where values may be any", () => {
    const folder = temporary();
    writeFileSync(join(folder, "data.csv"), "");
    expect(offered(folder, "train", "--data", "da")).toEqual(["data.csv"]);
    expect(offered(folder, "train", "dat")).toEqual(["data.csv"]);
  });

  it("takes the script as it is", () => {
    expect(() => execFileSync("bash", ["-n"], { input: script })).not.toThrow();
  });
});

describe("every shell", () => {
  it.each(["bash", "zsh", "fish"])("%s knows every command, option and choice", async (shell) => {
    const { code, stdout } = await thalweg(".", "completion", shell);
    expect(code).toBe(0);
    for (const { words, flags, inner } of nodesOf(makeProgram())) {
      for (const { name } of inner) expect([words, stdout]).toEqual([words, expect.stringContaining(name)]);
      for (const { name, choices } of flags) {
        expect(stdout).toContain(shell === "fish" ? `-l ${name.slice(2)}` : name);
        for (const choice of choices) expect(stdout).toContain(choice);
      }
    }
  });

  it("that is not known is refused", async () => {
    const { code, stderr } = await thalweg(".", "completion", "tcsh");
    expect([code, stderr]).toEqual([2, "ConfigError: completion: expected one of bash, zsh, fish, got tcsh\n"]);
  });
});
