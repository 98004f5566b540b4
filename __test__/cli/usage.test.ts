// The command line as a whole: help, wrong usage, errors, exit codes.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeProgram } from "../../ts/src/cli/commands.js";
import { start, temporary, thalweg } from "./support.js";

describe("help", () => {
  it("is there without any addon, and tells commands, exit codes and examples", async () => {
    // A device that no addon is loaded for: whoever imports the engine fails.
    const { code, stdout, stderr } = await start(temporary(), ["--help"], { THALWEG_DEVICE: "none" }).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/init.*\n[\s\S]*train.*\n[\s\S]*sample.*\n[\s\S]*doctor/);
    expect(stdout).toContain("0 done, 1 failed, 2 wrong usage or config, 130 interrupted");
  });

  it("of every command has an example, and --json", () => {
    const leaves = makeProgram().commands.flatMap((one) => (one.commands.length > 0 ? one.commands : [one]));
    expect(leaves.length).toBeGreaterThan(8);
    for (const command of leaves) {
      let help = "";
      const writeOut = (text: string) => {
        help += text;
      };
      command.configureOutput({ writeOut }).outputHelp();
      expect(help).toMatch(new RegExp(`Examples?:\n( {2}.*thalweg.* ${command.name()}.*\n)+`));
      expect(help).toContain("--json");
    }
  });
});

describe("what is wrong", () => {
  it("is no command at all: then the help is there, and exit code 2", async () => {
    const [none, group] = await Promise.all([thalweg(temporary()), thalweg(temporary(), "config")]);
    expect([none.code, none.stdout, none.stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/^Usage: thalweg [\s\S]*samples\.csv\n$/),
    ]);
    expect([group.code, group.stderr]).toEqual([
      2,
      expect.stringMatching(/^Usage: thalweg config [\s\S]*config\.json\n$/),
    ]);
  });

  it("is a line on stderr, without a stack, and exit code 2 for wrong usage", async () => {
    const folder = temporary();
    const [option, command, missing] = await Promise.all([
      thalweg(folder, "sample", "run", "--countt", "3"),
      thalweg(folder, "smaple"),
      thalweg(folder, "train", "config.json"),
    ]);
    expect(option).toMatchObject({ code: 2, stdout: "" });
    expect(option.stderr).toBe(
      "UsageError: unknown option '--countt'\n(Did you mean --count?)\nthalweg <command> --help tells how a command is used.\n",
    );
    expect(command.stderr).toContain("unknown command 'smaple'\n(Did you mean sample?)");
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain("required option '--out <folder>' not specified");
  });

  it("is one document with --json, of which the fields are those of the error", async () => {
    const folder = temporary();
    writeFileSync(join(folder, "config.json"), '{ "clas": "DiffusionModel" }');
    const [usage, config, failed] = await Promise.all([
      thalweg(folder, "train", "--json", "--steps", "0", "--out", "a"),
      thalweg(folder, "config", "check", "config.json", "--json"),
      thalweg(folder, "sample", "nowhere", "--json"),
    ]);
    expect(usage).toMatchObject({ code: 2, stderr: "" });
    expect(JSON.parse(usage.stdout).error).toEqual({
      name: "UsageError",
      message: "option '--steps <integer>' argument '0' is invalid. Expected an integer ≥ 1.",
    });
    expect(config.code).toBe(2);
    expect(JSON.parse(config.stdout).error).toMatchObject({ name: "ConfigError", path: "clas", got: "clas" });
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout).error).toMatchObject({ name: "CheckpointError", got: "nothing" });
  });

  it("has a stack where THALWEG_DEBUG asks for it", async () => {
    const { stderr } = await start(temporary(), ["sample", "nowhere"], { THALWEG_DEBUG: "1" }).ended;
    expect(stderr).toMatch(/\n {4}at /);
  });
});
