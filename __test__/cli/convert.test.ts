// thalweg config convert: every config of the reference system makes the model that it made there, and what is no literal is never run.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { convert } from "../../ts/src/cli/convert/convert.js";
import { readPython } from "../../ts/src/cli/convert/python.js";
import { Dict, Unknown, type Value } from "../../ts/src/cli/convert/values.js";
import { makeModel } from "../../ts/src/model/registry.js";
import { temporary, thalweg } from "./support.js";

const golden = join(import.meta.dirname, "..", "golden", "index.json");

interface Case {
  readonly name: string;
  readonly what: string;
  readonly config: object;
  readonly state?: Readonly<Record<string, { readonly shape: readonly number[] }>>;
}

const { sections } = JSON.parse(readFileSync(golden, "utf8")) as { sections: Record<string, { cases: Case[] }> };

const models = ["diffusion", "losses", "flows", "sampling", "likelihood", "train"].flatMap((section) =>
  (sections[section]?.cases ?? [])
    .filter(({ config }) => config && ("model" in config || "velocity_model" in config))
    .map((one) => [`${section}/${one.name}`, one] as const),
);

/** A value as Python writes it, in the way that GenerativeRL's own configs do. */
function python(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `dict(${Object.entries(value)
      .map(([key, one]) => `${key}=${python(one)}`)
      .join(", ")},)`;
  }
  if (typeof value === "boolean") return value ? "True" : "False";
  return value === null ? "None" : JSON.stringify(value);
}

/** The config of a conversion, without what is the command line's. */
function modelOf({ config }: Awaited<ReturnType<typeof convert>>) {
  const { class: name, train: _, ...model } = config;
  return makeModel(String(name), model);
}

describe("the configs of the reference", () => {
  it("are there", () => expect(models.length).toBeGreaterThan(50));

  it.each(models)("%s has the same parameters, from Python and from JSON", async (_, { config, state }) => {
    const source = `from easydict import EasyDict\nconfig = EasyDict(${python(config)})\n`;
    const [fromPython, fromJson] = [await convert("a.py", source), await convert("a.json", JSON.stringify(config))];
    expect(fromPython.config).toEqual(fromJson.config);
    const parameters = modelOf(fromPython).parameters();
    if (state === undefined) return;
    const ours = new Map(parameters.map(({ name, shape }) => [name, shape]));
    const theirs = Object.entries(state).map(
      ([name, { shape }]) => [name.replace(/^model\.model\./, "model."), shape] as const,
    );
    const found = theirs.filter(([name]) => [...ours.keys()].some((own) => name.endsWith(own)));
    expect(found.length).toBeGreaterThan(0);
    for (const [name, shape] of found) {
      const own = [...ours.keys()].filter((key) => name.endsWith(key)).sort((a, b) => b.length - a.length)[0];
      expect([name, ours.get(String(own))]).toEqual([name, shape]);
    }
  });
});

const SWISS_ROLL = `# A config as people write it.
import torch
from easydict import EasyDict
from grl.generative_models import DiffusionModel

x_size = 2
t_embedding_dim: int = 16 * 2
device = torch.device("cuda:0") if torch.cuda.is_available() else torch.device("cpu")
t_encoder = dict(
    type="GaussianFourierProjectionTimeEncoder",
    args={"embed_dim": t_embedding_dim, "scale": 30.0},  # a comment
)
solver_type = "DPMSolver"
common = dict(device=device)
config = EasyDict(
    dict(
        **common,
        diffusion_model=dict(
            x_size=x_size,
            alpha=1.0,
            solver=dict(type=solver_type, args=dict(order=2, device=device, steps=17))
            if solver_type == "DPMSolver"
            else dict(type="ODESolver", args=dict(library="torchdyn")),
            path=dict(type="linear_vp_sde", beta_0=0.1, beta_1=20.0),
            reverse_path=dict(type="linear_vp_sde", beta_0=0.1, beta_1=20.0),
            model=dict(
                type="noise_function",
                args=dict(
                    t_encoder=t_encoder,
                    backbone=dict(
                        type="TemporalSpatialResidualNet",
                        args=dict(
                            hidden_sizes=[512, 256, x_size ** 7],
                            output_dim=x_size,
                            t_dim=t_embedding_dim,
                            made_up=3,
                        ),
                    ),
                ),
            ),
        ),
        parameter=dict(
            training_loss_type="flow_matching",
            lr=5e-3,
            iterations=1_000,
            batch_size=2048,
            clip_grad_norm=1.0,
            eval_freq=500,
        ),
    )
)

if __name__ == "__main__":
    model = DiffusionModel(config.diffusion_model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.parameter.lr)
`;

describe("a Python file", () => {
  it("is a config of ours, with a note on all that has no counterpart, where it was written", async () => {
    const { config, lines } = await convert("swiss_roll.py", SWISS_ROLL);
    expect(config).toEqual({
      class: "DiffusionModel",
      xSize: 2,
      model: {
        type: "noise_function",
        args: {
          tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 30 } },
          backbone: {
            type: "TemporalSpatialResidualNet",
            args: { hiddenSizes: [512, 256, 128], outputDim: 2, tDim: 32 },
          },
        },
      },
      path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
      solver: {
        type: "DPMSolver",
        args: {
          algorithm: "dpmsolver",
          method: "singlestep",
          expansion: "dpmsolver",
          order: 2,
          steps: 17,
          grid: { type: "uniform" },
          stages: "grid",
          lowerOrderFinal: true,
        },
      },
      train: {
        loss: "flow_matching",
        optimizer: { type: "adamw", lr: 0.005, clipNorm: 1 },
        steps: 1000,
        batchSize: 2048,
        normalize: false,
        ema: null,
      },
    });
    expect(lines).toEqual([
      expect.stringMatching(
        /^swiss_roll\.py:8:10: solver\.args\.device: left out, since it is not a literal: torch\.device/,
      ),
      expect.stringMatching(/^swiss_roll\.py:20:13: alpha: left out: /),
      expect.stringMatching(/^swiss_roll\.py:25:13: reverse_path: left out: /),
      "swiss_roll.py:36:29: model.args.backbone.args.made_up: left out: no counterpart",
      "swiss_roll.py:48:13: parameter.eval_freq: left out: it is said on the command line",
    ]);
    expect(modelOf({ config, lines, notes: [] }).parameters().length).toBeGreaterThan(20);
  });

  it("is read and never run", async () => {
    const folder = temporary();
    const proof = join(folder, "ran");
    const text = `import os\nx = os.system("touch ${proof}")\n${SWISS_ROLL}\nconfig.diffusion_model.x_size = os.getpid()\n`;
    await expect(convert("a.py", text)).rejects.toThrow(/^a\.py:1:1: xSize: expected/);
    expect(existsSync(proof)).toBe(false);
  });

  it("with several models needs to be told which", async () => {
    const one = `dict(x_size=2, path=dict(sigma=0.1), model=dict(type="velocity_function", args=dict(backbone=dict(type="ConcatenateMLP", args=dict(hidden_sizes=[3, 8], output_size=2, activation="relu")))))`;
    const text = `base = ${one}\nguided = ${one}\n`;
    await expect(convert("a.py", text)).rejects.toThrow(
      "expected one config of a model, or --at to say which, got base, guided",
    );
    const { config } = await convert("a.py", text, { at: "guided", class: "OptimalTransportConditionalFlowModel" });
    expect(config).toMatchObject({
      class: "OptimalTransportConditionalFlowModel",
      path: { type: "independent", sigma: 0.1 },
    });
  });

  it("that is none is refused with line and column", async () => {
    await expect(convert("a.py", "x = dict(\n  a=1,\n")).rejects.toThrow(
      /^a\.py:3:1: expected Python or JSON, got "the end of the file"$/,
    );
    await expect(convert("a.py", "x = 1\n")).rejects.toThrow("expected a config of a model");
  });
});

describe("what no config has is refused with file and line, and not made", () => {
  const doubled = (first: string, next: string) => `x = ${first}\n${`x = ${next}\n`.repeat(40)}`;
  it.each([
    ["y = 1\nx = [0] * 10**8\n", 2],
    ["x = [[0] * 10000] * 10000\n", 1],
    ["x = [0] * 1e400\n", 1],
    [doubled("[0]", "x + x"), 18],
    [doubled("[0]", "[x, x]"), 17],
    [doubled("dict(a=0)", "dict(a=x, b=x)"), 17],
    [doubled("'a'", "x + x"), 18],
  ])("%j", async (text, line) => {
    await expect(readPython("a.py", text)).rejects.toThrow(`a.py:${line}:5: expected at most 100000 values`);
  });

  it.each([
    ["[".repeat(200_000) + "]".repeat(200_000), 2],
    [`{"xSize": ${"[".repeat(5000)}${"]".repeat(5000)}}`, 2],
  ])("nested too deep", async (text, code) => {
    const folder = temporary();
    writeFileSync(join(folder, "deep.json"), text);
    for (const args of [
      ["config", "check", "deep.json"],
      ["config", "convert", "deep.json"],
    ]) {
      const ended = await thalweg(folder, ...args);
      expect([ended.code, ended.stderr]).toEqual([
        code,
        expect.stringMatching(/ConfigError: deep\.json.*nested at most/),
      ]);
    }
  });
});

describe("literals of Python", () => {
  const plain = (value: Value | undefined): unknown => {
    if (value instanceof Unknown) return { unknown: value.text };
    if (value instanceof Dict)
      return Object.fromEntries([...value.entries].map(([key, one]) => [key, plain(one.value)]));
    return Array.isArray(value) ? value.map(plain) : value;
  };

  const cases: readonly (readonly [string, unknown])[] = [
    ["-2.5e-3", -0.0025],
    ["0x1f + 1_000", 1031],
    ["7 // 2 * 2 ** 3 - -7 % 4", 23],
    ["(1,)", [1]],
    ["(1)", 1],
    ["[1] * 2 + [3]", [1, 1, 3]],
    [`'a\\n' "b" r'\\n' """c\n"""`, "a\nb\\nc\n"],
    [`"\\x41\\u00e9\\101"`, "AéA"],
    ["None if 1 < 2 else 3", null],
    ["not True", false],
    ["{**{'a': 1}, 'b': [True, None]}", { a: 1, b: [true, null] }],
    ["dict({'a': 1}, b=dict())", { a: 1, b: {} }],
    ["edict.EasyDict(a=1).a", 1],
    ["dict(a=[4, 5])['a'][-1]", 5],
    ["torch.device('cuda:1')", "cuda:1"],
    ["f(1)", { unknown: "f(1)" }],
    ["[i for i in x]", { unknown: "[i for i in x]" }],
    ["f'{a}'", { unknown: "f'{a}'" }],
    ["lambda: 1", { unknown: "lambda: 1" }],
    ["1 if f() else 2", { unknown: "1 if f() else 2" }],
    ["b'a'", { unknown: "b'a'" }],
  ];

  it.each(cases)("%s", async (text, expected) => {
    const { names } = await readPython("a.py", `x = ${text}\n`);
    expect(plain(names.get("x"))).toEqual(expected);
  });

  it("in statements whose course nobody knows are unknown", async () => {
    const text = `a = b = 1
c, d = 2, 3
if f():
    a = 4
else:
    a = 5
for i in range(3):
    b = i
d += 1
e = dict()
e.f = 6
e["g"] = 7
def make(x):
    y = dict(z=c, x=x)
    return y
`;
    const { names } = await readPython("a.py", text);
    const values = ["a", "b", "c", "d", "e", "make"].map((name) => plain(names.get(name)));
    expect(values).toEqual([
      { unknown: expect.stringMatching(/^a = [45]$/) },
      { unknown: "b = i" },
      2,
      { unknown: "d += 1" },
      { f: 6, g: 7 },
      { z: 2, x: { unknown: "x" } },
    ]);
  });
});

describe("the command", () => {
  it("writes a config that the others take, says the notes on stderr, and replaces nothing", async () => {
    const folder = temporary();
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(folder, "swiss_roll.py"), SWISS_ROLL);
    const args = ["config", "convert", "swiss_roll.py", "--out", "config.json"];
    const { code, stdout, stderr } = await thalweg(folder, ...args);
    expect([code, stdout, stderr.split("\n").length]).toEqual([0, "config.json\n", 6]);
    const [again, checked] = await Promise.all([
      thalweg(folder, ...args),
      thalweg(folder, "config", "check", "config.json"),
    ]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("or --force, got one that is there") });
    expect(checked).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("a DiffusionModel of xSize 2, 1,429,714 parameters"),
    });
  });
});
