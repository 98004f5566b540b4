// Layers for networks written in TypeScript, one per file.
// Exported as the namespace nn.
/**
 * Layers, with PyTorch's parameter names and shapes. Sizes come first, all else is an object of options in which a name that is not known is an error.
 *
 * There is no `BatchNorm1d` or `BatchNorm2d`: a `forward` is traced once and changes no state, which running statistics would be; and statistics of a batch make
 * each sample of a generative model depend on those beside it. `GroupNorm` (of images and series) and `LayerNorm` (of vectors and tokens) take their place.
 *
 * @module
 */
export { activation } from "./activation.js";
export { AdaptiveAvgPool1d, AdaptiveAvgPool2d } from "./adaptive-avg-pool.js";
export { AvgPool1d, AvgPool2d } from "./avg-pool.js";
export { Conv1d, Conv2d, type ConvLayerOptions } from "./conv.js";
export { ConvTranspose1d, ConvTranspose2d, type ConvTransposeLayerOptions } from "./conv-transpose.js";
export { Convolution, type ConvolutionOptions } from "./convolution.js";
export { Dropout } from "./dropout.js";
export { ELU } from "./elu.js";
export { Embedding } from "./embedding.js";
export { Flatten, Unflatten } from "./flatten.js";
export { GELU } from "./gelu.js";
export { GELUTanh } from "./gelu-tanh.js";
export { GroupNorm, type GroupNormOptions } from "./group-norm.js";
export { Identity } from "./identity.js";
export { Layer } from "./layer.js";
export { LayerNorm, type LayerNormOptions } from "./layer-norm.js";
export { LeakyReLU } from "./leaky-relu.js";
export { Linear, type LinearOptions } from "./linear.js";
export { MaxPool1d, MaxPool2d } from "./max-pool.js";
export { Mish } from "./mish.js";
export { MultiLayerPerceptron, type MultiLayerPerceptronConfig } from "./multi-layer-perceptron.js";
export { MultiheadAttention, type MultiheadAttentionOptions } from "./multihead-attention.js";
export { PixelShuffle, PixelUnshuffle } from "./pixel-shuffle.js";
export { ReLU } from "./relu.js";
export { RMSNorm, type RMSNormOptions } from "./rms-norm.js";
export { SELU } from "./selu.js";
export { Sequential } from "./sequential.js";
export { Sigmoid } from "./sigmoid.js";
export { SiLU } from "./silu.js";
export { Softmax } from "./softmax.js";
export { Softplus } from "./softplus.js";
export { Square } from "./square.js";
export { Swish } from "./swish.js";
export { Tanh } from "./tanh.js";
export { Upsample } from "./upsample.js";
