// Networks written in TypeScript: a small DiT, a small convolutional net, and the twin of the built-in net.
// They are traced once; after that nothing may tell them from built-in ones.
import { bestPeer, type Entry, quotient } from "../lib/entry.ts";
import { COLOUR, CONV, DIT, everyone, GREY, NET, PLANE, step, TWIN } from "./networks.ts";
import { floorOfStep } from "./train.ts";

const dit: Entry = {
  name: "dit",
  title: "DiT step from TypeScript layers: 1 × 32 × 32, patch 4, width 192, depth 6, 3 heads, B = 32",
  unit: "ms",
  groups: () => [everyone(step(DIT, GREY, 32))],
  floor: floorOfStep,
  bars: [bestPeer(1.2)],
  target: 1.5,
};

const conv: Entry = {
  name: "conv",
  title: "convolutional step from TypeScript layers: 3 × 32 × 32, widths 32 and 64, B = 32",
  unit: "ms",
  groups: () => [everyone(step(CONV, COLOUR, 32))],
  floor: floorOfStep,
  bars: [bestPeer(1.2)],
  target: 1,
};

const twins = [128, 512].map((batch): Entry => {
  return {
    name: `twin-${batch}`,
    title: `a network in TypeScript, twin of the built-in one, B = ${batch}`,
    unit: "ms",
    groups: () => [
      [
        { name: "TypeScript", side: "ours", request: step(TWIN, PLANE, batch) },
        { name: "built in", side: "ours", request: step(NET, PLANE, batch) },
      ],
    ],
    bars: [quotient("TypeScript", "built in", 1.05)],
  };
});

export const ownNetworks = [dit, conv, ...twins];
