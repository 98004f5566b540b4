// A small convolutional net with one skip, written in TypeScript: down to half the side and up again.
// For data of images [C, S, S]; its twins are in bench/peers.
import { Module, nn, Tensor } from "thalweg";

/** A 3×3 convolution that keeps the side, or halves it. */
const conv = (inputs: number, outputs: number, stride = 1) =>
  new nn.Conv2d(inputs, outputs, { kernelSize: 3, stride, padding: 1 });

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
  readonly first: nn.Conv2d;
  readonly down: nn.Conv2d;
  readonly middle: nn.Conv2d;
  readonly up: nn.Conv2d;
  readonly last: nn.Conv2d;

  constructor({ channels, width, time }: ConvNetConfig) {
    super();
    this.time = new nn.Linear(time, width);
    this.first = conv(channels, width);
    this.down = conv(width, 2 * width, 2);
    this.middle = conv(2 * width, 2 * width);
    this.up = conv(3 * width, width);
    this.last = conv(width, channels);
  }

  override forward(t: Tensor, x: Tensor): Tensor {
    const time = this.time.forward(t).unsqueeze(2).unsqueeze(3);
    const skip = this.first.forward(x).add(time).silu();
    const h = this.middle.forward(this.down.forward(skip).silu()).silu();
    return this.last.forward(this.up.forward(Tensor.concat([h.interpolate({ scaleFactor: 2 }), skip], 1)).silu());
  }
}
