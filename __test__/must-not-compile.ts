// Wrong uses of thalweg: each line that ends in an error marker must be refused by the compiler, and no other.
// scripts/must-not-compile.mjs checks it; the file is part of no build.
import {
  adamw,
  ConfigError,
  compile,
  customPath,
  DiffusionModel,
  type ErrorCode,
  einsum,
  functionalCall,
  grad,
  IndependentConditionalFlowModel,
  Module,
  nn,
  registerModule,
  SchrodingerBridgeConditionalFlowModel,
  sgd,
  type Tensor,
  tensor,
  tidy,
  version,
  warmupCosine,
  zeros,
} from "thalweg";

const text: string = version();
export const number: number = version(); // error
export const codes: ErrorCode[] = ["ConfigError", "TypoError"]; // error
export const error = new ConfigError(7); // error
export const detailed = new ConfigError(text, { expectd: "a typo" }); // error
export const right = new ConfigError(text, { expected: "a number" });
right.code = "ShapeError"; // error

// Tensors.
const x = zeros([2, 3]);
x.add("1"); // error
x.sum("0"); // error
x.cast("f16"); // error
x.shape.push(1); // error
zeros(2, 3); // error
x.at("1:2", "...", null, -1, tensor([1n]));
x.at("1-2"); // error
x.at(true); // error
x.pad([1, 1], [0, 0], { mode: "edge" }); // error
x.interpolate({ scaleFactor: 2, mode: "cubic" }); // error
x.sort().value; // error
einsum(x, "ij"); // error
tensor([["a"]]); // error
tidy(async () => x); // error
compile((a: Tensor) => a.size); // error
compile((a: Tensor) => a)(x, x); // error
grad((a: Tensor) => [a])(x); // error
export const fine: Tensor = grad((a: Tensor) => a.sum())(x).add(1);

// Modules.
class Net extends Module {
  readonly layers: nn.Layer[] = [];
  constructor({ width }: { width: number }) {
    super();
    this.layers.push(new nn.Linear(width, width), new nn.ReLU());
  }
  override forward(_t: Tensor, state: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), state);
  }
}
class Positional extends Module {
  constructor(a: number, b: number) {
    super();
    Object.freeze([a, b]);
  }
  override forward(state: Tensor): Tensor {
    return state;
  }
}
const net = registerModule("Net", Net);
net({ widht: 2 }); // error
net({ width: "2" }); // error
registerModule("Positional", Positional); // error
registerModule("Nothing", class {}); // error
new nn.Linear(2); // error
new nn.Conv2d(2, 3); // error
new nn.Conv2d(2, 3, { padding: 1 }); // error
new nn.Conv2d(2, 3, { kernelSize: 3, padding: "valid" }); // error
new nn.MultiheadAttention(8, 2, { batchFirst: true }); // error
functionalCall(new nn.Linear(2, 2), { weight: 3 }, x); // error
functionalCall(new nn.Linear(2, 2), {}, 3); // error
new nn.Sequential(new Net({ width: 2 }), "relu"); // error

// Models.
const path = { type: "linear_vp_sde", beta0: 0.1, beta1: 20 } as const;
const mlp = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 8], outputSize: 2, activation: "silu" } } as const;
const args = { backbone: mlp };
const model = new DiffusionModel({ xSize: 2, path, model: { type: "noise_function", args } });
export const own = new DiffusionModel({
  xSize: 2,
  path,
  model: { type: "noise_function", args: { backbone: net({ width: 2 }) } },
});
new DiffusionModel({ path, model: { type: "noise_function", args } }); // error
new DiffusionModel({ xSize: "2", path, model: { type: "noise_function", args } }); // error
new DiffusionModel({ xSize: 2, path, model: { type: "noise", args } }); // error
new DiffusionModel({ xSize: 2, path: { type: "vp" }, model: { type: "noise_function", args } }); // error
new DiffusionModel({ xSize: 2, path: { type: "gvp", beta0: 1 }, model: { type: "noise_function", args } }); // error
const nobody = { type: "Nobody", args: {} } as const;
new DiffusionModel({ xSize: 2, path, model: { type: "noise_function", args: { backbone: nobody } } }); // error
new DiffusionModel({ xSize: 2, path, model: { type: "noise_function", args }, sedd: 1 }); // error
model.fit(x, { stepz: 10 }); // error
model.fit(x, { steps: "10" }); // error
model.fit({ image: x }, { steps: 10 }); // error
model.fit(x, { steps: 10, loss: "flow" }); // error
model.fit(x, { steps: 10, every: { steps: 1 } }); // error
model.sample({ condition: x }); // error
model.sample({ batchSize: "3" }); // error
model.flowMatchingLoss(x, { reduction: "sum" }); // error
model.fit({ x0: x, x1: x }, { steps: 10 }); // error
model.flowMatchingLoss(x, { x0: x }); // error
model.fit(x, { steps: 10, loss: { type: "flow_matching", weight: { type: "min_snr", gama: 5 } } }); // error
model.sample({ guidance: { rescale: 0.5 } }); // error
model.sample({ guidance: { scale: 1, interval: [0, 0.5, 1] } }); // error
model.sample({ guide: { model: x, scale: 1 } }); // error
model.sample({ energy: { function: (_t: Tensor, y: Tensor) => y.size } }); // error
model.logProb(x, { divergence: "hutch" }); // error
model.sample({ divergence: "exact" }); // error
customPath({ logScale: (t) => t.neg() }); // error
customPath({ scale: (t) => [t], std: (t) => t }); // error
const flow = new IndependentConditionalFlowModel({ xSize: 2, model: { type: "velocity_function", args } });
flow.fit({ x0: x, x1: x }, { steps: 10 });
flow.fit({ x0: x }, { steps: 10 }); // error
flow.scoreMatchingLoss(x); // error
new SchrodingerBridgeConditionalFlowModel({ xSize: 2, path: {}, model: { type: "velocity_function", args } }); // error
adamw({ momentum: 0.9 }); // error
sgd({ momentum: 0.9 });
adamw({ lr: warmupCosine({ peak: 1 }) }); // error
