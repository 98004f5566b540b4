// The built-in DiT, written once more in TypeScript: the same parameter names, shapes and initial values.
// For images [C, S, S] without condition; the test that compares the two is beside this folder.
import { arange, init, Module, nn, Parameter, Tensor } from "thalweg";

/** Settings of {@link DiTTwin}; the names of the built-in network's. */
export interface DiTTwinConfig {
  readonly inputSize: number;
  readonly patchSize: number;
  readonly inChannels: number;
  readonly hiddenSize: number;
  readonly depth: number;
  readonly numHeads: number;
}

const FREQUENCIES = 256;
const zero = init.constant(0);

const linear = (inputs: number, outputs: number, weight = init.xavier(inputs, outputs)) =>
  new nn.Linear(inputs, outputs, { weightInit: weight, biasInit: zero });

const modulated = (x: Tensor, shift: Tensor, scale: Tensor) =>
  x.layerNorm({ epsilon: 1e-6 }).mul(scale.add(1)).add(shift);

/** A condition as some vectors [B, 1, width], which start as zeros. */
class Modulation extends nn.Sequential {
  constructor(width: number, count: number) {
    super(new nn.SiLU(), linear(width, count * width, zero));
  }
}

class Attention extends Module {
  readonly qkv: nn.Linear;
  readonly proj: nn.Linear;
  readonly heads: number;

  constructor(width: number, heads: number) {
    super();
    this.heads = heads;
    this.qkv = linear(width, 3 * width);
    this.proj = linear(width, width);
  }

  override forward(x: Tensor): Tensor {
    const [batch, tokens, width] = x.shape;
    const parts = this.qkv
      .forward(x)
      .reshape([batch, tokens, 3, this.heads, width / this.heads])
      .permute([2, 0, 3, 1, 4]);
    const [q, k, v] = [0, 1, 2].map((i) => parts.select(0, i));
    return this.proj.forward(q.attention(k, v).permute([0, 2, 1, 3]).reshape([batch, tokens, width]));
  }
}

class FeedForward extends Module {
  readonly fc1: nn.Linear;
  readonly fc2: nn.Linear;

  constructor(width: number) {
    super();
    this.fc1 = linear(width, 4 * width);
    this.fc2 = linear(4 * width, width);
  }

  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x).geluTanh());
  }
}

class Block extends Module {
  readonly attn: Attention;
  readonly mlp: FeedForward;
  readonly adaLN_modulation: Modulation;

  constructor(width: number, heads: number) {
    super();
    this.attn = new Attention(width, heads);
    this.mlp = new FeedForward(width);
    this.adaLN_modulation = new Modulation(width, 6);
  }

  override forward(x: Tensor, c: Tensor): Tensor {
    const parts = this.adaLN_modulation.forward(c).unsqueeze(1);
    const [shift1, scale1, gate1, shift2, scale2, gate2] = parts.split(x.shape[2], 2);
    const h = x.add(gate1.mul(this.attn.forward(modulated(x, shift1, scale1))));
    return h.add(gate2.mul(this.mlp.forward(modulated(h, shift2, scale2))));
  }
}

class FinalLayer extends Module {
  readonly linear: nn.Linear;
  readonly adaLN_modulation: Modulation;

  constructor(width: number, outputs: number) {
    super();
    this.linear = linear(width, outputs, zero);
    this.adaLN_modulation = new Modulation(width, 2);
  }

  override forward(x: Tensor, c: Tensor): Tensor {
    const [shift, scale] = this.adaLN_modulation.forward(c).unsqueeze(1).split(x.shape[2], 2);
    return this.linear.forward(modulated(x, shift, scale));
  }
}

/** t [B], x [B, C, S, S] → like x. */
export class DiTTwin extends Module {
  readonly pos_embed: Parameter;
  readonly x_embedder: { readonly proj: { readonly weight: Parameter; readonly bias: Parameter } };
  readonly t_embedder: { readonly mlp: nn.Sequential };
  readonly blocks: Block[];
  readonly final_layer: FinalLayer;
  readonly config: DiTTwinConfig;

  constructor(config: DiTTwinConfig) {
    super();
    const { inputSize, patchSize: p, inChannels: channels, hiddenSize: width, depth, numHeads } = config;
    const side = inputSize / p;
    const features = [1, 0].map((axis) => ({ axis, width: width / 2 }));
    const weight = init.xavier(channels * p * p, width);
    this.config = config;
    this.pos_embed = new Parameter([1, side * side, width], {
      init: init.sinCos([side, side], features),
      trainable: false,
      decay: false,
    });
    this.x_embedder = {
      proj: {
        weight: new Parameter([width, channels, p, p], { init: weight }),
        bias: new Parameter([width], { init: zero, decay: false }),
      },
    };
    const normal = init.normal(0.02);
    this.t_embedder = {
      mlp: new nn.Sequential(linear(FREQUENCIES, width, normal), new nn.SiLU(), linear(width, width, normal)),
    };
    this.blocks = Array.from({ length: depth }, () => new Block(width, numHeads));
    this.final_layer = new FinalLayer(width, p * p * channels);
  }

  #time(t: Tensor): Tensor {
    const half = FREQUENCIES / 2;
    const frequencies = arange(half)
      .mul(-Math.log(10_000) / half)
      .exp();
    const angles = t.unsqueeze(1).mul(frequencies);
    return this.t_embedder.mlp.forward(Tensor.concat([angles.cos(), angles.sin()], 1));
  }

  override forward(t: Tensor, x: Tensor): Tensor {
    const { inputSize, patchSize: p, inChannels: channels, hiddenSize: width } = this.config;
    const [batch, side] = [x.shape[0], inputSize / p];
    const { weight, bias } = this.x_embedder.proj;
    const cut = x.reshape([batch, channels, side, p, side, p]).permute([0, 2, 4, 1, 3, 5]);
    const rows = cut.reshape([batch, side * side, channels * p * p]);
    const tokens = rows
      .matmul(weight.reshape([width, -1]).transpose())
      .add(bias)
      .add(this.pos_embed);
    const c = this.#time(t);
    const h = this.blocks.reduce((value, block) => block.forward(value, c), tokens);
    const out = this.final_layer.forward(h, c).reshape([batch, side, side, p, p, channels]);
    return out.permute([0, 5, 1, 3, 2, 4]).reshape(x.shape);
  }
}
