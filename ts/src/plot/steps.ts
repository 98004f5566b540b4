// A histogram as a layer: its outline in steps, light below, so that several can lie over each other.
// The steps end at the ends of the bins.

import { columnsOf } from "./data-sets.js";
import type { Bins } from "./histogram.js";
import { edges, type Layer, type Point } from "./layer.js";

/** A histogram by the share of each bin. */
export function stepLayer(name: string, { range, count }: Bins, shares: readonly number[]): Layer {
  const color = { scale: "color", value: name };
  const interpolate = { value: "step-after" } as const;
  const place = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" }, interpolate };
  const area = { ...place, y2: { scale: "y", value: 0 }, fill: color, fillOpacity: { value: 0.25 } };
  const line = { ...place, stroke: color, strokeWidth: { value: 1.3 } };
  const corners = edges(range, count).map((x, i): Point => [x, shares[Math.min(i, count - 1)] ?? 0]);
  return {
    name,
    columns: columnsOf(["x", "y"], corners),
    reach: [[range[0], 0], ...corners],
    mark: (data) => ({
      type: "group",
      marks: [
        { type: "area", from: { data }, encode: { update: area } },
        { type: "line", from: { data }, encode: { update: line } },
      ],
    }),
  };
}
