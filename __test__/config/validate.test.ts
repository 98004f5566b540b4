// Validation at the door: the first wrong field is named by its path, with what was expected and what was there.
import { ConfigError } from "thalweg";
import { describe, expect, it } from "vitest";
import { validate } from "../../ts/src/config/validate.ts";

const model = () => ({
  device: "auto",
  xSize: 2 as unknown,
  seed: 0,
  solver: { type: "ODESolver", args: { method: "dopri5", rtol: 1e-5, atol: 1e-5 } } as unknown,
  path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 } as Record<string, unknown> | undefined,
  model: {
    type: "noise_function",
    args: {
      tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 30 } },
      backbone: {
        type: "TemporalSpatialResidualNet",
        args: { hiddenSizes: [512, 256, 128], outputDim: 2, tDim: 32 } as Record<string, unknown>,
      },
    },
  },
});

type Model = ReturnType<typeof model>;

function changed(change: (config: Model) => void): Model {
  const config = model();
  change(config);
  return config;
}

it("API.md's config passes, and so do nested sizes", () => {
  expect(() => validate("DiffusionConfig", model())).not.toThrow();
  const nested = { image: [3, 8, 8], pose: { head: 2, hand: 3 } };
  expect(() => validate("DiffusionConfig", { ...model(), xSize: nested })).not.toThrow();
});

describe("a wrong field is named", () => {
  it.each<[string, (config: Model) => void, string]>([
    [
      "unknown key",
      (c) => Object.assign(c.path ?? {}, { beta_1: 3 }),
      'path.beta_1: unknown key; did you mean "beta1"?',
    ],
    ["unknown key without a like", (c) => Object.assign(c, { alpha: 1 }), "alpha: unknown key; known are "],
    [
      "unknown key deep inside",
      (c) => Object.assign(c.model.args.backbone.args, { hiddenSize: [1] }),
      'model.args.backbone.args.hiddenSize: unknown key; did you mean "hiddenSizes"?',
    ],
    [
      "a bare name",
      (c) => Object.assign(c, { path: "linear_vp_sde" }),
      'got "linear_vp_sde"; did you mean { type: "linear_vp_sde" }?',
    ],
    ["missing", (c) => Reflect.deleteProperty(c, "path"), 'path: expected an object with a "type", got nothing'],
    [
      "unknown kind",
      (c) => Object.assign(c.path ?? {}, { type: "linear_vp_ode" }),
      'got "linear_vp_ode"; did you mean "linear_vp_sde"?',
    ],
    ["wrong type", (c) => Object.assign(c.path ?? {}, { beta1: "20" }), 'path.beta1: expected a number, got "20"'],
    ["not finite", (c) => Object.assign(c.path ?? {}, { beta1: Number.NaN }), "path.beta1: expected a number, got NaN"],
    [
      "out of range",
      (c) => Object.assign(c, { solver: { type: "ODESolver", args: { rtol: 0 } } }),
      "solver.args.rtol: expected a number > 0, got 0",
    ],
    [
      "fraction",
      (c) => Object.assign(c, { xSize: 2.5 }),
      "xSize: expected an integer ≥ 0 or an array or an object, got 2.5",
    ],
    ["element", (c) => Object.assign(c, { xSize: [3, -1] }), "xSize[1]: expected an integer ≥ 0, got -1"],
    [
      "nested size",
      (c) => Object.assign(c, { xSize: { a: { b: "2" } } }),
      "xSize.a.b: expected an integer ≥ 0 or an array or an object",
    ],
    [
      "empty list",
      (c) => Object.assign(c.model.args.backbone.args, { hiddenSizes: [] }),
      "hiddenSizes: expected an array of 1 or more, got []",
    ],
    ["parameterization", (c) => Object.assign(c.model, { type: "noise" }), "model.type: expected "],
  ])("%s", (_, change, message) => {
    expect(() => validate("DiffusionConfig", changed(change))).toThrow(ConfigError);
    expect(() => validate("DiffusionConfig", changed(change))).toThrow(message);
  });

  it("with its path, expectation and value as fields of the error", () => {
    try {
      validate(
        "DiffusionConfig",
        changed((c) => Object.assign(c.path ?? {}, { beta1: "20" })),
      );
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ path: "path.beta1", expected: "a number", got: '"20"' });
    }
  });

  it.each([null, 3, "config", []])("no config at all: %j", (value) => {
    expect(() => validate("DiffusionConfig", value)).toThrow(/^the config: expected an object/);
  });
});

describe("registered modules", () => {
  const mine = (args: unknown) => changed((c) => Object.assign(c.model.args, { backbone: { type: "Mine", args } }));

  it("are known by their names", () => {
    expect(() => validate("DiffusionConfig", mine({ sizes: [1], name: "a" }), ["Mine"])).not.toThrow();
    expect(() => validate("DiffusionConfig", mine({}))).toThrow(/model\.args\.backbone\.type: expected .*got "Mine"/);
    expect(() => validate("DiffusionConfig", mine({}))).toThrow(/a module of your own has to be registered first/);
    expect(() => validate("DiffusionConfig", mine({}), ["Mines"])).toThrow(/did you mean "Mines"\?/);
  });

  it("take only what can be written down", () => {
    const path = /model\.args\.backbone\.args\.f: expected JSON, got a function/;
    expect(() => validate("DiffusionConfig", mine({ f: () => 1 }), ["Mine"])).toThrow(path);
    expect(() => validate("DiffusionConfig", mine({ f: Number.NaN }), ["Mine"])).toThrow(/expected JSON, got NaN/);
  });
});

describe("options of fit and sample, optimisers", () => {
  it.each<[Parameters<typeof validate>[0], unknown, string]>([
    ["FitOptions", { steps: -1 }, "steps: expected an integer ≥ 1, got -1"],
    ["FitOptions", { batchsize: 3 }, 'batchsize: unknown key; did you mean "batchSize"?'],
    ["FitOptions", { loss: "flow" }, "loss: expected "],
    [
      "FitOptions",
      { loss: { type: "flow_matching", weigthing: "vanilla" } },
      'loss.weigthing: unknown key; did you mean "weighting"?',
    ],
    [
      "FitOptions",
      { optimizer: { type: "adamw", lr: { type: "warmupCosine", peak: 1 } } },
      "optimizer.lr.steps: expected an integer",
    ],
    ["FitOptions", { optimizer: { type: "adamv" } }, 'did you mean "adamw"?'],
    ["SampleOptions", { batchSize: "3" }, "batchSize: expected "],
    ["SampleOptions", { tSpan: [0, "1"] }, "tSpan[1]: expected a number"],
    ["Optimizer", { type: "sgd", momentun: 0.9 }, 'momentun: unknown key; did you mean "momentum"?'],
  ])("%s %j", (name, value, message) => {
    expect(() => validate(name, value)).toThrow(message);
  });

  it.each<[Parameters<typeof validate>[0], unknown]>([
    [
      "FitOptions",
      { steps: 10, ema: null, loss: "score_matching", optimizer: { type: "adamw", lr: 1e-3, betas: [0.9, 0.99] } },
    ],
    ["FitOptions", { epochs: 2, loss: { type: "flow_matching", weighting: "likelihood" }, ema: 0.99 }],
    ["SampleOptions", { batchSize: [2, 3], tSpan: [0, 0.5, 1], seed: 3 }],
  ])("%s %j passes", (name, value) => {
    expect(() => validate(name, value)).not.toThrow();
  });
});
