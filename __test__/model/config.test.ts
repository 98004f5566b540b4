// Making a model: what is wrong with a config is said at once, by zod or by Rust, with the path of the field.
import { ConfigError, DeviceError, DiffusionModel, Module, registerModule, type Tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { mlp, planar, small } from "./support.ts";

const make = (config: object) => () => new DiffusionModel(config as ReturnType<typeof planar>);

describe("a config is refused", () => {
  it.each<[string, object, string]>([
    ["by its schema", { ...planar(), path: { type: "gvp", beta0: 1 } }, "path.beta0"],
    [
      "by a rule over two fields",
      { ...planar(), path: { type: "linear_vp_sde", beta0: 0.1, beta1: 0.05 } },
      "path.beta1",
    ],
    ["where the network does not fit the state", { ...planar(), xSize: 3 }, "model.args"],
    ["where a size is zero", { ...planar(), xSize: 0 }, "xSize"],
  ])("%s", (_, config, path) => {
    expect(make(config)).toThrow(ConfigError);
    try {
      make(config)();
    } catch (error) {
      expect((error as ConfigError).path).toContain(path);
    }
  });

  it("path.beta1: expected a number > beta0 (0.1), got 0.05", () => {
    expect(make({ ...planar(), path: { type: "linear_vp_sde", beta0: 0.1, beta1: 0.05 } })).toThrow(
      /^path\.beta1: expected .*0\.1.*got 0\.05/,
    );
  });

  it.each(["gpu", "cuda:9", "", "cpu:1"])("with device %j", (device) => {
    expect(make({ ...planar(), device })).toThrow(DeviceError);
  });

  it("where its module cannot be made", () => {
    class Picky extends Module {
      readonly width: number;
      constructor({ width }: { width: number }) {
        super();
        if (width < 1) throw new RangeError("too narrow");
        this.width = width;
      }
      override forward(_t: Tensor, x: Tensor): Tensor {
        return x;
      }
    }
    const picky = registerModule("Picky", Picky);
    const config = { ...planar(), model: { type: "velocity_function", args: { backbone: picky({ width: 0 }) } } };
    expect(make(config)).toThrow(
      /^model\.args\.backbone: Picky could not be made from its args: RangeError: too narrow/,
    );
  });
});

describe("a model tells about itself", () => {
  it("its config, parameters and summary", () => {
    const model = small();
    expect(model.config.xSize).toBe(2);
    const parameters = model.parameters();
    expect(parameters.map(({ name }) => name)).toEqual(
      [0, 1, 2].flatMap((i) => [`backbone.model.linear${i}.weight`, `backbone.model.linear${i}.bias`]),
    );
    expect(parameters[0]).toEqual({
      name: "backbone.model.linear0.weight",
      shape: [32, 3],
      trainable: true,
      decay: true,
    });
    expect(parameters[1]?.decay).toBe(false);
    const count = 32 * 3 + 32 + 32 * 32 + 32 + 2 * 32 + 2;
    const summary = model.summary();
    expect(summary).toContain("linear_vp_sde, velocity_function, MultiLayerPerceptron");
    expect(summary).toContain(
      `${count.toLocaleString("en-US")} parameters, ${count.toLocaleString("en-US")} of them trained`,
    );
    expect(summary.split("\n").length).toBe(6 + 6);
  });

  it("frozen parameters in the summary", () => {
    const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 8 } } as const;
    const backbone = { ...mlp, args: { ...mlp.args, hiddenSizes: [10, 8] } };
    const model = new DiffusionModel({
      ...planar({ model: { type: "noise_function", args: { tEncoder, backbone } } }),
      xSize: 2,
    });
    expect(model.summary()).toMatch(/t_encoder\.W +\[4\] +4 +frozen/);
  });
});
