// The residual net of the seed's config, written in TypeScript with the layers of thalweg.
// The twin of the built-in one: the same parameter names and shapes, so that it must be as fast.
import { Module, nn, Tensor } from "thalweg";

/** act(W₂(act(W₁x) + W_t act(e))) + proj(x). */
class ResidualBlock extends Module {
  readonly time_mlp: nn.Sequential;
  readonly dense1: nn.Sequential;
  readonly dense2: nn.Sequential;
  readonly modify_x: nn.Linear | undefined;

  constructor(inputs: number, outputs: number, time: number) {
    super();
    this.time_mlp = new nn.Sequential(new nn.SiLU(), new nn.Linear(time, outputs));
    this.dense1 = new nn.Sequential(new nn.Linear(inputs, outputs), new nn.SiLU());
    this.dense2 = new nn.Sequential(new nn.Linear(outputs, outputs), new nn.SiLU());
    this.modify_x = inputs === outputs ? undefined : new nn.Linear(inputs, outputs);
  }

  override forward(e: Tensor, x: Tensor): Tensor {
    const hidden = this.dense1.forward(x).add(this.time_mlp.forward(e));
    return this.dense2.forward(hidden).add(this.modify_x?.forward(x) ?? x);
  }
}

/** Settings of {@link ResidualNet}. */
export interface ResidualNetConfig {
  readonly hidden: readonly number[];
  readonly size: number;
  readonly time: number;
}

/** Blocks down to a narrow middle and up again, with skips. */
export class ResidualNet extends Module {
  readonly sort_t: nn.Sequential;
  readonly first_block: ResidualBlock;
  readonly down_block: ResidualBlock[];
  readonly middle_block: ResidualBlock;
  readonly up_block: ResidualBlock[];
  readonly last_block: nn.Linear;

  constructor({ hidden, size, time }: ResidualNetConfig) {
    super();
    const [first, last] = [hidden[0], hidden[hidden.length - 1]];
    const pairs = hidden.slice(1).map((width, i) => [hidden[i], width] as const);
    this.sort_t = new nn.Sequential(new nn.Linear(time, time), new nn.SiLU(), new nn.Linear(time, time));
    this.first_block = new ResidualBlock(size, first, time);
    this.down_block = pairs.map(([above, below]) => new ResidualBlock(above, below, time));
    this.middle_block = new ResidualBlock(last, last, time);
    this.up_block = pairs.reverse().map(([above, below]) => new ResidualBlock(2 * below, above, time));
    this.last_block = new nn.Linear(2 * first, size);
  }

  override forward(t: Tensor, x: Tensor): Tensor {
    const e = this.sort_t.forward(t);
    const skips = [this.first_block.forward(e, x)];
    for (const block of this.down_block) skips.push(block.forward(e, skips[skips.length - 1]));
    const middle = this.middle_block.forward(e, skips[skips.length - 1]);
    const ways = skips.slice().reverse();
    const u = this.up_block.reduce((value, block, i) => block.forward(e, Tensor.concat([value, ways[i]], 1)), middle);
    return this.last_block.forward(Tensor.concat([u, skips[0]], 1));
  }
}
