// The networks that the rows measure, and who takes part in a step of training.
// One place, so that every row means the same by "the net".
import type { Contestant } from "../lib/entry.ts";
import type { Network, Train } from "../lib/protocol.ts";

/** GenerativeRL's net of 1.43 million parameters for data in the plane. */
export const NET: Network = { kind: "residual", hidden: [512, 256, 128] };
/** The same, written in TypeScript. */
export const TWIN: Network = { kind: "twin", hidden: [512, 256, 128] };
export const PLANE = [2];

export const DIT: Network = { kind: "dit", patch: 4, width: 192, depth: 6, heads: 3 };
export const GREY = [1, 32, 32];

export const CONV: Network = { kind: "conv", width: 32 };
export const COLOUR = [3, 32, 32];

/** A step of flow matching. */
export const step = (network: Network, shape: readonly number[], batch: number): Train => ({
  work: "train",
  network,
  shape,
  batch,
  loss: "flow_matching",
});

/** Ours and every peer at the same work. */
export function everyone(request: Train): Contestant[] {
  return [
    { name: "ours", side: "ours", request },
    { name: "PyTorch", side: "torch", request },
    { name: "torch.compile", side: "torch", request: { ...request, compile: true } },
    { name: "JAX jit", side: "jax", request },
  ];
}
