// Exact log densities in the plane by dopri5, with the exact divergence, of the same weights on both sides.
// The results must agree: else the two do not do the same work, and the bar says so.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/paths.mjs";
import { type Bar, bestPeer, type Entry } from "../lib/entry.ts";
import type { Likelihood } from "../lib/protocol.ts";
import { NET, PLANE } from "./networks.ts";

const agreement: Bar = {
  what: "difference of the mean log densities, nats",
  kind: "atMost",
  value: 1e-3,
  of({ measured }) {
    const [ours, theirs] = measured.map(({ reply }) => reply.meanLogProb);
    return typeof ours === "number" && typeof theirs === "number" ? Math.abs(ours - theirs) : undefined;
  },
};

export const likelihood: Entry[] = [
  {
    name: "likelihood",
    title: "exact likelihood, D = 2, 1000 points, dopri5 rtol 1e-5",
    unit: "s",
    async groups({ quick, ask }) {
      const folder = join(root, "out", "bench", "likelihood");
      mkdirSync(folder, { recursive: true });
      const model = { network: NET, shape: PLANE };
      const saved = await ask({ work: "save", ...model, folder, steps: quick ? 5 : 300, count: quick ? 50 : 1000 });
      const weights = join(folder, "model.safetensors");
      const tolerances = { rtol: 1e-5, atol: 1e-5 };
      const request: Likelihood = { work: "likelihood", ...model, points: saved.points ?? [], weights, ...tolerances };
      return [
        [
          { name: "ours", side: "ours", request },
          { name: "torchdiffeq", side: "torch", request },
        ],
      ];
    },
    bars: [bestPeer(3), agreement],
    target: 0.1,
    rounds: 3,
  },
];
