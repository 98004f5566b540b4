// Types of models: the config's sizes decide what states are, and options are checked key by key.
import {
  type AnyModel,
  adamw,
  type config,
  customPath,
  type DensityReport,
  DiffusionModel,
  type FitEvent,
  type FitReport,
  IndependentConditionalFlowModel,
  load,
  type Pairs,
  type PlainSize,
  type Run,
  SchrodingerBridgeConditionalFlowModel,
  type Table,
  type TablePairs,
  type Tensor,
  type TrainStepReport,
  trainStep,
  warmupCosine,
  weightFunction,
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
/** What a model is fitted to, beside tables and streams. */
type Rows<Model extends { fit(...given: never[]): unknown }> = Exclude<
  Parameters<Model["fit"]>[0],
  Table | AsyncIterable<unknown> | (() => unknown)
>;

it("any model is fitted to tables, and to streams of what it is fitted to", () => {
  expectTypeOf<Plain["fit"]>().parameter(0).extract<Table>().toEqualTypeOf<Table>();
  expectTypeOf<AsyncIterable<Tensor>>().toExtend<Parameters<Plain["fit"]>[0]>();
  expectTypeOf<() => AsyncGenerator<{ data: Tensor; condition: Tensor }>>().toExtend<Parameters<Image["fit"]>[0]>();
  expectTypeOf<() => AsyncGenerator<number>>().not.toExtend<Parameters<Plain["fit"]>[0]>();
  expectTypeOf<Plain["sampleTable"]>().returns.resolves.toEqualTypeOf<Table>();
});

it("a number or a shape is one tensor; named parts are an object of tensors", () => {
  expectTypeOf<Plain["sample"]>().returns.resolves.toEqualTypeOf<Tensor>();
  expectTypeOf<Image["sample"]>().returns.resolves.toEqualTypeOf<Tensor>();
  expectTypeOf<Nested["sample"]>().returns.resolves.toEqualTypeOf<{
    readonly image: Tensor;
    readonly pose: { readonly hand: Tensor };
  }>();
  expectTypeOf<Rows<Nested>>().toEqualTypeOf<{ readonly image: Tensor; readonly pose: { readonly hand: Tensor } }>();
});

it("a model that was loaded has plain states unless its config is given", () => {
  const load = () => DiffusionModel.load("folder");
  expectTypeOf(load).returns.resolves.toEqualTypeOf<DiffusionModel<PlainSize, PlainSize>>();
  expectTypeOf<DiffusionModel["sample"]>().returns.resolves.toEqualTypeOf<Tensor>();
});

it("a condition is there where its size is", () => {
  expectTypeOf<NonNullable<Parameters<Image["sample"]>[0]>["condition"]>().toEqualTypeOf<Tensor | Table | undefined>();
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

const flow = () =>
  new IndependentConditionalFlowModel({ xSize: { a: 2, b: [3] }, conditionSize: 4, model: network.model });
const bridge = () =>
  new SchrodingerBridgeConditionalFlowModel({
    xSize: 2,
    path: { sigma: 1 },
    velocityModel: network.model,
    scoreModel: { ...network.model, type: "score_function" },
  });
type Flow = ReturnType<typeof flow>;
type Bridge = ReturnType<typeof bridge>;

it("a flow or a bridge is fitted to data or to pairs, a diffusion model to data", () => {
  type Parts = { readonly a: Tensor; readonly b: Tensor };
  type Nested = { readonly a: 2; readonly b: readonly [3] };
  expectTypeOf<Rows<Flow>>().toEqualTypeOf<Parts | Pairs<Nested> | TablePairs<Nested>>();
  expectTypeOf<Rows<Bridge>>().toEqualTypeOf<Tensor | Pairs<2> | TablePairs<2>>();
  expectTypeOf<Rows<Plain>>().toEqualTypeOf<Tensor>();
  expectTypeOf<NonNullable<Parameters<Flow["sample"]>[0]>["x0"]>().toEqualTypeOf<Parts | Table | undefined>();
  expectTypeOf<NonNullable<Parameters<Flow["flowMatchingLoss"]>[1]>["condition"]>().toEqualTypeOf<Tensor | undefined>();
  expectTypeOf<Bridge>().toHaveProperty("bridgeMatchingLoss");
  expectTypeOf<Flow>().not.toHaveProperty("scoreMatchingLoss");
});

it("densities come with samples of the state's structure", () => {
  expectTypeOf<Plain["logProb"]>().returns.resolves.toEqualTypeOf<DensityReport>();
  expectTypeOf<Awaited<ReturnType<Nested["sampleWithLogProb"]>>["samples"]>().toEqualTypeOf<
    Awaited<ReturnType<Nested["sample"]>>
  >();
});

it("an energy gets the state and the condition in their structures; any model may guide", () => {
  type Energy = NonNullable<NonNullable<NonNullable<Parameters<Flow["sample"]>[0]>["energy"]>["function"]>;
  expectTypeOf<Energy>().parameter(1).toEqualTypeOf<{ readonly a: Tensor; readonly b: Tensor }>();
  expectTypeOf<Energy>().parameter(2).toEqualTypeOf<Tensor | undefined>();
  expectTypeOf<Plain["sample"]>().toBeCallableWith({ guide: { model: {} as Bridge, scale: 2 } });
});

it("any class may come out of a folder; its own load knows which", () => {
  expectTypeOf(load).returns.resolves.toEqualTypeOf<AnyModel>();
  expectTypeOf<AnyModel["sample"]>().returns.resolves.toEqualTypeOf<Tensor>();
  expectTypeOf<Plain>().toExtend<AnyModel>();
  expectTypeOf<Bridge>().toExtend<AnyModel>();
});

it("functions of t are configs", () => {
  expectTypeOf(customPath).returns.toExtend<config.Path>();
  expectTypeOf(weightFunction).returns.toExtend<config.Weight>();
});
