// A small diffusion transformer (DiT with adaLN; Peebles and Xie 2023), written in TypeScript with the layers of thalweg.
// For data of images [C, S, S]; its twins are in bench/peers.
import { init, Module, nn, Parameter, type Tensor } from "thalweg";

/** x scaled and shifted by the time, after normalisation without weights of its own. */
const normalised = (x: Tensor, shift: Tensor, scale: Tensor) => x.layerNorm().mul(scale.add(1)).add(shift);

/** Attention and a perceptron, each shifted, scaled and gated by the time. */
class DiTBlock extends Module {
  readonly modulation: nn.Linear;
  readonly qkv: nn.Linear;
  readonly out: nn.Linear;
  readonly up: nn.Linear;
  readonly down: nn.Linear;
  readonly activation = new nn.GELUTanh();
  readonly heads: number;

  constructor(width: number, heads: number) {
    super();
    this.heads = heads;
    this.modulation = new nn.Linear(width, 6 * width);
    this.qkv = new nn.Linear(width, 3 * width);
    this.out = new nn.Linear(width, width);
    this.up = new nn.Linear(width, 4 * width);
    this.down = new nn.Linear(4 * width, width);
  }

  #attention(x: Tensor): Tensor {
    const [batch, tokens, width] = x.shape;
    const size = width / this.heads;
    const parts = this.qkv.forward(x).reshape([batch, tokens, 3, this.heads, size]).permute([2, 0, 3, 1, 4]);
    const [q, k, v] = [0, 1, 2].map((i) => parts.select(0, i));
    return this.out.forward(q.attention(k, v).permute([0, 2, 1, 3]).reshape([batch, tokens, width]));
  }

  override forward(c: Tensor, x: Tensor): Tensor {
    const parts = this.modulation.forward(c).unsqueeze(1);
    const [shift1, scale1, gate1, shift2, scale2, gate2] = parts.split(parts.shape[2] / 6, -1);
    const attended = x.add(this.#attention(normalised(x, shift1, scale1)).mul(gate1));
    const hidden = this.activation.forward(this.up.forward(normalised(attended, shift2, scale2)));
    return attended.add(this.down.forward(hidden).mul(gate2));
  }
}

/** Settings of {@link DiT}. */
export interface DiTConfig {
  readonly channels: number;
  readonly side: number;
  readonly patch: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the encoded time. */
  readonly time: number;
}

/** A transformer over the patches of an image. */
export class DiT extends Module {
  readonly embed: nn.Linear;
  readonly place: Parameter;
  readonly time: nn.Sequential;
  readonly blocks: DiTBlock[];
  readonly last_modulation: nn.Linear;
  readonly last: nn.Linear;
  readonly config: DiTConfig;

  constructor(config: DiTConfig) {
    super();
    const { channels, side, patch, width, depth, heads, time } = config;
    const features = channels * patch * patch;
    this.config = config;
    this.embed = new nn.Linear(features, width);
    this.place = new Parameter([(side / patch) ** 2, width], { init: init.normal(0.02) });
    this.time = new nn.Sequential(new nn.Linear(time, width), new nn.SiLU(), new nn.Linear(width, width));
    this.blocks = Array.from({ length: depth }, () => new DiTBlock(width, heads));
    this.last_modulation = new nn.Linear(width, 2 * width);
    this.last = new nn.Linear(width, features);
  }

  override forward(t: Tensor, x: Tensor): Tensor {
    const { channels, side, patch, width } = this.config;
    const [batch, n] = [x.shape[0], side / patch];
    const patches = x.reshape([batch, channels, n, patch, n, patch]).permute([0, 2, 4, 1, 3, 5]);
    const tokens = this.embed.forward(patches.reshape([batch, n * n, -1])).add(this.place);
    const c = this.time.forward(t).silu();
    const h = this.blocks.reduce((value, block) => block.forward(c, value), tokens);
    const [shift, scale] = this.last_modulation.forward(c).unsqueeze(1).split(width, -1);
    const out = this.last.forward(normalised(h, shift, scale)).reshape([batch, n, n, channels, patch, patch]);
    return out.permute([0, 3, 1, 4, 2, 5]).reshape(x.shape);
  }
}
