// From nothing to the first training step done, in a process of its own for each turn; and how long compiling takes.
// A user waits for this each time that a script is started.
import { absolute, type Bar, type Entry } from "../lib/entry.ts";
import { NET, PLANE, step } from "./networks.ts";

const compiling: Bar = {
  what: "first step less a later one, s",
  kind: "atMost",
  value: 0.2,
  of({ measured }) {
    const ours = measured.find(({ contestant }) => contestant.name === "ours");
    const seconds = ours?.reply.compileSeconds;
    return typeof seconds === "number" ? seconds : undefined;
  },
};

const request = step(NET, PLANE, 512);

export const start: Entry[] = [
  {
    name: "start",
    title: "import to first step done, B = 512",
    unit: "s",
    groups: () => [
      [
        { name: "ours", side: "ours", request, fresh: "start" },
        { name: "PyTorch", side: "torch", request, fresh: "start" },
        { name: "JAX jit", side: "jax", request, fresh: "start" },
      ],
    ],
    bars: [absolute("ours", 0.5, "seconds, ours"), compiling],
    rounds: 3,
  },
];
