// What the four convolution layers share: a weight, a bias, and how both start.
// Names, shapes and initial distributions are PyTorch's, so that checkpoints are interchangeable.
import { optionsOf } from "../../config/options.js";
import { forEach, refused, requireWhole } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";
import { fanIn, type Init } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";

/** Settings of every convolution; one number counts for every spatial dimension. */
export interface ConvolutionOptions {
  /** Size of the window. */
  readonly kernelSize: number | readonly number[];
  /** Distance of neighbouring windows; default 1. */
  readonly stride?: number | readonly number[];
  /** Distance of neighbouring elements in a window; default 1. */
  readonly dilation?: number | readonly number[];
  /** Blocks of channels that are convolved apart; default 1. */
  readonly groups?: number;
  /** Whether something is added to each channel; default true. */
  readonly bias?: boolean;
  /** How the weight starts; default U(±1/√n) with the n elements that a window of one group has. */
  readonly weightInit?: Init;
  /** How the bias starts; default as the weight. */
  readonly biasInit?: Init;
}

/** The names of {@link ConvolutionOptions}. */
export const ofConvolutions = {
  kernelSize: true,
  stride: true,
  dilation: true,
  groups: true,
  bias: true,
  weightInit: true,
  biasInit: true,
} as const;

/**
 * What convolution layers and their transposes share: a weight, a bias, a window.
 *
 * @example
 * ```ts
 * const layers: nn.Convolution[] = [new nn.Conv1d(2, 4, { kernelSize: 3 }), new nn.ConvTranspose1d(4, 2, { kernelSize: 3 })];
 * layers.map(({ weight }) => weight.shape); // [[4, 2, 3], [4, 2, 3]]
 * ```
 */
export abstract class Convolution extends Layer {
  /** The kernels. */
  readonly weight: Parameter;
  /** `[outputs]`; undefined without bias. */
  readonly bias: Parameter | undefined;
  /** Size of the window in each spatial dimension. */
  readonly kernelSize: readonly number[];

  /**
   * @param spatial - number of spatial dimensions
   * @param channels - of input and output
   * @param channelsOfWeight - first and second size of the weight: `[outputs, inputs / groups]` or `[inputs, outputs / groups]`
   * @param options - window, groups and bias
   * @param known - the names of the layer's options
   */
  constructor(
    spatial: number,
    channels: { readonly inputs: number; readonly outputs: number },
    channelsOfWeight: (groups: number) => readonly [number, number],
    options: ConvolutionOptions,
    known: readonly string[],
  ) {
    super();
    const { name } = this.constructor;
    optionsOf(name, options, known);
    const { inputs, outputs } = channels;
    const { groups = 1 } = options;
    if (options.kernelSize === undefined) throw refused(name, "kernelSize", "a size of the window", "nothing");
    this.kernelSize = forEach(options.kernelSize, spatial, name, "kernelSize");
    requireWhole(name, "inputs and outputs", [inputs, outputs], 1);
    requireWhole(name, "kernelSize", this.kernelSize, 1);
    requireWhole(name, "groups", [groups], 1);
    if (inputs % groups !== 0 || outputs % groups !== 0) {
      throw refused(name, "groups", `a divisor of ${inputs} inputs and ${outputs} outputs`, groups);
    }
    const shape = [...channelsOfWeight(groups), ...this.kernelSize];
    const init = fanIn(shape.slice(1).reduce((product, size) => product * size, 1));
    this.weight = new Parameter(shape, { init: options.weightInit ?? init });
    this.bias =
      options.bias === false ? undefined : new Parameter([outputs], { init: options.biasInit ?? init, decay: false });
  }

  /** The bias added to each channel. */
  protected shifted(y: Tensor): Tensor {
    return this.bias === undefined ? y : y.add(this.bias.reshape([-1, ...this.kernelSize.map(() => 1)]));
  }
}
