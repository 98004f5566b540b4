// Steps of training at three batch sizes, and the two losses against each other.
// Ours with AdamW, clipping and moving average; theirs without the average.
import { bestPeer, type Entry, type Measured, ofFloor, quotient } from "../lib/entry.ts";
import { stepFloor } from "../lib/floor.ts";
import type { Gauge } from "../lib/gauge.ts";
import { everyone, NET, PLANE, step } from "./networks.ts";

/** The floor of a step that a contestant does; peers have the same products. */
export function floorOfStep({ contestant, reply }: Measured, gauge: Gauge): number | undefined {
  const { request, threads } = contestant;
  // The peak is that of all threads.
  if (threads !== undefined || request.work !== "train" || reply.parameters === undefined) return undefined;
  return stepFloor(request.network, request.shape, request.batch, reply.parameters, gauge);
}

const bars = [
  { batch: 128, peer: 1.5, floor: 0.75 },
  { batch: 512, peer: 1.12, floor: 0.8 },
  { batch: 4096, peer: 1.15, floor: 0.85 },
];

const flow = bars.map(({ batch, peer, floor }): Entry => {
  return {
    name: `train-${batch}`,
    title: `flow-matching step, B = ${batch}`,
    unit: "ms",
    groups: () => [everyone(step(NET, PLANE, batch))],
    floor: floorOfStep,
    bars: [bestPeer(peer), ofFloor(floor)],
    target: batch > 1000 ? 1.5 : 0.5,
  };
});

const score: Entry = {
  name: "score-4096",
  title: "score-matching step, B = 4096",
  unit: "ms",
  groups: () => {
    const request = step(NET, PLANE, 4096);
    return [
      [
        { name: "score matching", side: "ours", request: { ...request, loss: "score_matching" } },
        { name: "flow matching", side: "ours", request },
      ],
    ];
  },
  bars: [quotient("score matching", "flow matching", 1.02)],
  target: 1.5,
  note: "The same time, up to 2 % of noise.",
};

export const train = [...flow, score];
