// A small convolutional net with one skip, written in TypeScript: down to half the side and up again.
// For data of images [C, S, S]; its twins are in bench/peers.
import { init, Module, nn, Parameter, Tensor } from "thalweg";

/** A 3×3 convolution that keeps the side, or halves it. */
class Conv extends nn.Layer {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly stride: number;

  constructor(inputs: number, outputs: number, stride = 1) {
    super();
    const start = init.fanIn(9 * inputs);
    this.stride = stride;
    this.weight = new Parameter([outputs, inputs, 3, 3], { init: start });
    this.bias = new Parameter([outputs], { init: start, decay: false });
  }

  override forward(x: Tensor): Tensor {
    const bias = this.bias.reshape([-1, 1, 1]);
    return x.conv(this.weight, { stride: this.stride, padding: 1 }).add(bias);
  }
}

/** Every pixel as four. */
function doubled(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const spread = x.reshape([batch, channels, height, 1, width, 1]).broadcastTo([batch, channels, height, 2, width, 2]);
  return spread.reshape([batch, channels, 2 * height, 2 * width]);
}

/** Settings of {@link ConvNet}. */
export interface ConvNetConfig {
  readonly channels: number;
  readonly width: number;
  /** Width of the encoded time. */
  readonly time: number;
}

/** The time is added per channel after the first convolution. */
export class ConvNet extends Module {
  readonly time: nn.Linear;
  readonly first: Conv;
  readonly down: Conv;
  readonly middle: Conv;
  readonly up: Conv;
  readonly last: Conv;

  constructor({ channels, width, time }: ConvNetConfig) {
    super();
    this.time = new nn.Linear(time, width);
    this.first = new Conv(channels, width);
    this.down = new Conv(width, 2 * width, 2);
    this.middle = new Conv(2 * width, 2 * width);
    this.up = new Conv(3 * width, width);
    this.last = new Conv(width, channels);
  }

  override forward(t: Tensor, x: Tensor): Tensor {
    const time = this.time.forward(t).unsqueeze(2).unsqueeze(3);
    const skip = this.first.forward(x).add(time).silu();
    const h = this.middle.forward(this.down.forward(skip).silu()).silu();
    return this.last.forward(this.up.forward(Tensor.concat([doubled(h), skip], 1)).silu());
  }
}
