// Layers for networks written in TypeScript, one per file.
// Exported as the namespace nn.
export { activation } from "./activation.js";
export { Dropout } from "./dropout.js";
export { ELU } from "./elu.js";
export { Embedding } from "./embedding.js";
export { GELU } from "./gelu.js";
export { GELUTanh } from "./gelu-tanh.js";
export { Identity } from "./identity.js";
export { Layer } from "./layer.js";
export { LayerNorm, type LayerNormOptions } from "./layer-norm.js";
export { Linear, type LinearOptions } from "./linear.js";
export { Mish } from "./mish.js";
export { MultiLayerPerceptron, type MultiLayerPerceptronConfig } from "./multi-layer-perceptron.js";
export { ReLU } from "./relu.js";
export { SELU } from "./selu.js";
export { Sequential } from "./sequential.js";
export { Sigmoid } from "./sigmoid.js";
export { SiLU } from "./silu.js";
export { Softplus } from "./softplus.js";
export { Square } from "./square.js";
export { Swish } from "./swish.js";
export { Tanh } from "./tanh.js";
