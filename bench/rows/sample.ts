// Sampling by 1000 steps of Euler's method: 500 samples, and one.
// With one sample products are limited by reading the weights from cache, and all else is overhead.
import { bestPeer, type Contestant, type Entry } from "../lib/entry.ts";
import { sampleFloor } from "../lib/floor.ts";
import type { Sample } from "../lib/protocol.ts";
import { NET, PLANE } from "./networks.ts";

function contestants(count: number, steps: number): Contestant[] {
  const request: Sample = { work: "sample", network: NET, shape: PLANE, count, steps };
  return [
    { name: "ours", side: "ours", request },
    { name: "PyTorch", side: "torch", request },
    { name: "torch.compile", side: "torch", request: { ...request, compile: true } },
    { name: "JAX jit", side: "jax", request },
  ];
}

const many: Entry = {
  name: "sample-500",
  title: "sampling 500 × 1000 Euler",
  unit: "s",
  groups: ({ quick }) => [contestants(500, quick ? 20 : 1000)],
  floor({ contestant: { request } }, gauge) {
    if (request.work !== "sample") return undefined;
    return sampleFloor(request.network, request.shape, request.count, request.steps, gauge);
  },
  bars: [bestPeer(1.15)],
  rounds: 3,
};

const single: Entry = {
  name: "sample-1",
  title: "sampling 1 × 1000 Euler",
  unit: "ms",
  groups: ({ quick }) => [contestants(1, quick ? 20 : 1000)],
  bars: [bestPeer(1, ["JAX jit"]), bestPeer(10, ["PyTorch"])],
};

export const sample = [many, single];
