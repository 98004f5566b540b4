// What an application in TypeScript writes: the types of the package must resolve and infer, in every way of resolving modules.
// Compiled only; import.mjs runs the like.
import { type ConfigError, DiffusionModel, datasets, load, plot, type Table, type Tensor, tensor } from "thalweg";

const data: Tensor = datasets.swissRoll({ count: 100, seed: 0 });
const model = new DiffusionModel({
  xSize: 2,
  path: { type: "linear_vp_sde" },
  model: {
    type: "noise_function",
    args: {
      backbone: { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 8], outputSize: 2, activation: "silu" } },
    },
  },
});
for await (const { step, loss } of model.fit(data, { steps: 10 })) console.log(step.toFixed(), loss.toFixed(3));
const samples: Tensor = await model.sample({ batchSize: 10, seed: 1 });
const numbers: number = await tensor([1, 2]).sum().item();
await plot.scatter(samples, { against: data }).save("samples.png");
await load("model");

export type Rows = Table["rowCount"];
export type Code = ConfigError["code"];
export const one: number = numbers;

// @ts-expect-error: the type of a path is one of a list
new DiffusionModel({ xSize: 2, path: { type: "nowhere" } });

// @ts-expect-error: not everything is exported
export { native } from "thalweg";
