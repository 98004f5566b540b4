// Types of modules: a maker's arguments are the constructor's, and Modules types plain configs.
import { type ConfigMaker, type config, Module, type ModuleConfig, nn, registerModule, type Tensor } from "thalweg";
import { expectTypeOf, it } from "vitest";

interface Sizes {
  hiddenSizes: number[];
  bias?: boolean;
}

class Known extends Module {
  readonly sizes: Sizes;
  constructor(sizes: Sizes) {
    super();
    this.sizes = sizes;
  }
  override forward(_t: Tensor, x: Tensor, _condition?: Tensor): Tensor {
    return x;
  }
}

declare module "thalweg" {
  interface Modules {
    Known: typeof Known;
  }
}

it("a maker takes what the constructor takes, in either order of registration", () => {
  expectTypeOf(registerModule<"Known", Sizes>).returns.toEqualTypeOf<ConfigMaker<"Known", Sizes>>();
  const first = () => registerModule("Known", Known);
  const second = () => registerModule(Known, "Known");
  expectTypeOf(first).returns.toEqualTypeOf<ConfigMaker<"Known", Sizes>>();
  expectTypeOf(second).returns.toEqualTypeOf<ConfigMaker<"Known", Sizes>>();
  expectTypeOf<ConfigMaker<"Known", Sizes>>().returns.toEqualTypeOf<ModuleConfig<"Known", Sizes>>();
});

it("a made config is a backbone, and so is a plain one of a declared module", () => {
  expectTypeOf<ModuleConfig<"Whatever", Sizes>>().toExtend<config.BackboneConfig>();
  expectTypeOf<{ type: "Known"; args: { hiddenSizes: number[] } }>().toExtend<config.BackboneConfig>();
  expectTypeOf<{ type: "Known"; args: { hiddenSizes: string[] } }>().not.toExtend<config.BackboneConfig>();
  expectTypeOf<{ type: "Unknown"; args: { hiddenSizes: number[] } }>().not.toExtend<config.BackboneConfig>();
});

it("layers go from tensor to tensor, and fit into lists of layers", () => {
  expectTypeOf<nn.Linear["forward"]>().toEqualTypeOf<(x: Tensor) => Tensor>();
  expectTypeOf([new nn.Linear(1, 1), new nn.ReLU()]).items.toExtend<nn.Layer>();
  expectTypeOf<nn.MultiLayerPerceptron>().toExtend<Module>();
});
