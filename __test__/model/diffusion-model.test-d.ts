// Types of models: the config's sizes decide what states are, and options are checked key by key.
import {
  adamw,
  type config,
  DiffusionModel,
  type FitEvent,
  type FitReport,
  type PlainSize,
  type Run,
  type Tensor,
  type TrainStepReport,
  trainStep,
  warmupCosine,
} from "thalweg";
import { expectTypeOf, it } from "vitest";

const network = {
  path: { type: "gvp" },
  model: {
    type: "velocity_function",
    args: {
      backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 8], outputSize: 2, activation: "silu" } },
    },
  },
} as const;

const plain = () => new DiffusionModel({ xSize: 2, ...network });
const image = () => new DiffusionModel({ xSize: [3, 8, 8], conditionSize: 4, ...network });
const nested = () => new DiffusionModel({ xSize: { image: [3, 8, 8], pose: { hand: 3 } }, ...network });

type Plain = ReturnType<typeof plain>;
type Image = ReturnType<typeof image>;
type Nested = ReturnType<typeof nested>;

it("a number or a shape is one tensor; named parts are an object of tensors", () => {
  expectTypeOf<Plain["sample"]>().returns.resolves.toEqualTypeOf<Tensor>();
  expectTypeOf<Image["sample"]>().returns.resolves.toEqualTypeOf<Tensor>();
  expectTypeOf<Nested["sample"]>().returns.resolves.toEqualTypeOf<{
    readonly image: Tensor;
    readonly pose: { readonly hand: Tensor };
  }>();
  expectTypeOf<Nested["fit"]>()
    .parameter(0)
    .toEqualTypeOf<{ readonly image: Tensor; readonly pose: { readonly hand: Tensor } }>();
});

it("a model that was loaded has plain states unless its config is given", () => {
  const load = () => DiffusionModel.load("folder");
  expectTypeOf(load).returns.resolves.toEqualTypeOf<DiffusionModel<PlainSize, PlainSize>>();
  expectTypeOf<DiffusionModel["sample"]>().returns.resolves.toEqualTypeOf<Tensor>();
});

it("a condition is there where its size is", () => {
  expectTypeOf<NonNullable<Parameters<Image["sample"]>[0]>["condition"]>().toEqualTypeOf<Tensor | undefined>();
  expectTypeOf<NonNullable<Parameters<Plain["sample"]>[0]>["condition"]>().toEqualTypeOf<undefined>();
});

it("fit gives a run: awaitable and iterable", () => {
  expectTypeOf<Plain["fit"]>().returns.toEqualTypeOf<Run>();
  expectTypeOf<Awaited<Run>>().toEqualTypeOf<FitReport>();
  expectTypeOf<Run>().toExtend<AsyncIterable<FitEvent>>();
});

it("optimisers and schedules are data of the config's types", () => {
  expectTypeOf(adamw).returns.toEqualTypeOf<config.Optimizer>();
  expectTypeOf(adamw).toBeCallableWith({
    lr: warmupCosine({ peak: 1e-3, steps: 10 }),
    clipNorm: 1,
    betas: [0.9, 0.99],
  });
});

it("a training step takes what its loss takes", () => {
  const step = (model: Plain) =>
    trainStep(model, (batch: { x: Tensor; weight: Tensor }) => batch.x.mul(batch.weight).sum());
  expectTypeOf<ReturnType<typeof step>>().toEqualTypeOf<
    (batch: { x: Tensor; weight: Tensor }) => Promise<TrainStepReport>
  >();
});
