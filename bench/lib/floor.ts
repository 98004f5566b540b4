// The least time that a step can take: its matrix products at the machine's peak, and one pass of the optimiser over memory.
// Counted from the sizes of layers; nothing elementwise is counted.
import type { Gauge } from "./gauge.ts";
import type { Network } from "./protocol.ts";

/** A product of a layer: rows per sample, sizes, and whether its input has a gradient. */
interface Product {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly inputGradient: boolean;
}

/** Width of the encoded time. */
const TIME = 32;

const layer = (rows: number, inputs: number, outputs: number, inputGradient = true): Product => ({
  rows,
  inputs,
  outputs,
  inputGradient,
});

function residual(hidden: readonly number[], size: number): Product[] {
  const block = (inputs: number, outputs: number, inputGradient = true) => [
    layer(1, TIME, outputs),
    layer(1, inputs, outputs, inputGradient),
    layer(1, outputs, outputs),
    ...(inputs === outputs ? [] : [layer(1, inputs, outputs, inputGradient)]),
  ];
  const pairs = hidden.slice(1).map((width, i) => [hidden[i], width] as const);
  const last = hidden[hidden.length - 1];
  return [
    layer(1, TIME, TIME, false),
    layer(1, TIME, TIME),
    ...block(size, hidden[0], false),
    ...pairs.flatMap(([above, below]) => [...block(above, below), ...block(2 * below, above)]),
    ...block(last, last),
    layer(1, 2 * hidden[0], size),
  ];
}

/** The products of a U-Net with attention on its coarsest level. */
function unet({ width, mult }: Extract<Network, { kind: "unet" }>, channels: number, side: number): Product[] {
  const time = 4 * width;
  const coarsest = mult.length - 1;
  const places = (level: number) => (side / 2 ** level) ** 2;
  const block = (level: number, inputs: number, outputs: number) => [
    layer(places(level), 9 * inputs, outputs),
    layer(1, time, outputs),
    layer(places(level), 9 * outputs, outputs),
    ...(inputs === outputs ? [] : [layer(places(level), inputs, outputs)]),
  ];
  const attention = (level: number, at: number) => {
    const seen = places(level);
    return [layer(seen, at, 3 * at), layer(seen, at, seen), layer(seen, seen, at), layer(seen, at, at)];
  };
  const products = [layer(1, width, time, false), layer(1, time, time), layer(side ** 2, 9 * channels, width, false)];
  const skips = [width];
  let here = width;
  for (const [level, factor] of mult.entries()) {
    products.push(...block(level, here, factor * width));
    here = factor * width;
    skips.push(here);
    if (level === coarsest) products.push(...attention(level, here));
    else {
      products.push(layer(places(level + 1), 9 * here, here));
      skips.push(here);
    }
  }
  products.push(...block(coarsest, here, here), ...attention(coarsest, here), ...block(coarsest, here, here));
  for (let level = coarsest; level >= 0; level--) {
    for (let i = 0; i < 2; i++) {
      const outputs = (mult[level] ?? 1) * width;
      products.push(...block(level, here + (skips.pop() ?? 0), outputs));
      here = outputs;
      if (level === coarsest) products.push(...attention(level, here));
    }
    if (level > 0) products.push(layer(places(level - 1), 9 * here, here));
  }
  return [...products, layer(side ** 2, 9 * here, channels)];
}

/** The products of a network for one sample, forward. */
function productsOf(network: Network, shape: readonly number[]): Product[] {
  const [channels, side = 1] = shape;
  switch (network.kind) {
    case "residual":
    case "twin":
      return residual(network.hidden, channels);
    case "dit": {
      const { width, patch, depth } = network;
      const [tokens, features] = [(side / patch) ** 2, channels * patch ** 2];
      const block = [
        layer(1, width, 6 * width),
        layer(tokens, width, 3 * width),
        // Queries by keys, and weights by values.
        layer(tokens, width, tokens),
        layer(tokens, tokens, width),
        layer(tokens, width, width),
        layer(tokens, width, 4 * width),
        layer(tokens, 4 * width, width),
      ];
      const ends = [layer(tokens, features, width, false), layer(tokens, width, features)];
      const time = [layer(1, TIME, width, false), layer(1, width, width), layer(1, width, 2 * width)];
      return [...ends, ...time, ...Array.from({ length: depth }, () => block).flat()];
    }
    case "unet":
      return unet(network, channels, side);
    case "conv": {
      const { width } = network;
      const [whole, half] = [side ** 2, (side / 2) ** 2];
      return [
        layer(1, TIME, width, false),
        layer(whole, 9 * channels, width, false),
        layer(half, 9 * width, 2 * width),
        layer(half, 18 * width, 2 * width),
        layer(whole, 27 * width, width),
        layer(whole, 9 * width, channels),
      ];
    }
  }
}

/** FLOPs of one sample, forward. */
export function forwardFlops(network: Network, shape: readonly number[]): number {
  return productsOf(network, shape).reduce((sum, { rows, inputs, outputs }) => sum + 2 * rows * inputs * outputs, 0);
}

/** FLOPs of one sample in a step: forward, gradients of weights, and of the inputs that have one. */
export function stepFlops(network: Network, shape: readonly number[]): number {
  const times = ({ inputGradient }: Product) => (inputGradient ? 3 : 2);
  return productsOf(network, shape).reduce((sum, p) => sum + 2 * p.rows * p.inputs * p.outputs * times(p), 0);
}

/** Bytes of f32 parameters, gradients, both moments and the average: what a pass of the optimiser has before it. */
export const optimiserBytes = (parameters: number) => 5 * 4 * parameters;

/** Seconds of a pass: five arrays are read, four of them (all but the gradient) are written. */
const optimiserSeconds = (parameters: number, { bandwidth }: Gauge) => (9 * 4 * parameters) / bandwidth;

/** The floor of a training step in seconds. */
export function stepFloor(network: Network, shape: readonly number[], batch: number, parameters: number, gauge: Gauge) {
  return (batch * stepFlops(network, shape)) / gauge.peak + optimiserSeconds(parameters, gauge);
}

/** The floor of sampling in seconds, where products are what takes time. */
export function sampleFloor(network: Network, shape: readonly number[], count: number, steps: number, gauge: Gauge) {
  return (count * steps * forwardFlops(network, shape)) / gauge.peak;
}
