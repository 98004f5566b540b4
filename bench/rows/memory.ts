// Memory at the peak of a training step less that after the import, in a process of its own for each turn.
// Linux only, where a process can be asked.
import { type Entry, quotient } from "../lib/entry.ts";
import { NET, PLANE, step } from "./networks.ts";

const request = step(NET, PLANE, 4096);

export const memory: Entry[] = [
  {
    name: "memory",
    title: "peak memory of the step, B = 4096, less that after the import",
    unit: "MB",
    groups: () => [
      [
        { name: "ours", side: "ours", request, fresh: "peak" },
        { name: "PyTorch", side: "torch", request, fresh: "peak" },
        { name: "JAX jit", side: "jax", request, fresh: "peak" },
      ],
    ],
    bars: [quotient("ours", "PyTorch", 0.5)],
    target: 1,
    rounds: 2,
  },
];
