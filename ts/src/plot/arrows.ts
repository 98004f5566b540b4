// Arrows at points of the plane: their direction is a vector's, its length is seen in theirs and read from their colour.
// The longest is about as long as a cell, so that none lies over another.
import { columnsOf } from "./data-sets.js";
import { type Layer, levelsOf, type Point } from "./layer.js";
import type { Range } from "./range.js";

/** A vector at a point. */
export interface Arrow {
  readonly at: Point;
  readonly vector: Point;
}

/** The length of the shortest arrow as a share of that of the longest: directions can be seen everywhere, and colours tell the rest. */
const SHORTEST = 0.4;

/** How arrows are drawn. */
export interface ArrowSettings {
  /** Pixels of the longest. */
  readonly longest: number;
  /** What the colours mean. */
  readonly label: string;
  /** Lengths of vectors that have the first and the last colour; longer ones are drawn as the last. */
  readonly domain: Range;
  /** Whether the colours are explained beside the panel. */
  readonly legend: boolean;
}

/** Arrows; those that are not finite are left out. */
export function arrowLayer(arrows: readonly Arrow[], { longest, label, domain, legend }: ArrowSettings): Layer {
  const rows = arrows.map(({ at: [x, y], vector: [u, v] }) => [x, y, u, v, Math.hypot(u, v)]);
  const across = "scale('x', datum.x + datum.u) - scale('x', datum.x)";
  const up = "scale('y', datum.y) - scale('y', datum.y + datum.v)";
  const fraction = `${SHORTEST} + ${1 - SHORTEST} * min(1, datum.length / ${domain[1]})`;
  const update = {
    x: { scale: "x", field: "x" },
    y: { scale: "y", field: "y" },
    shape: { value: "arrow" },
    // The size of a symbol is the square of its length.
    size: { signal: `pow(${longest} * (${fraction}), 2)` },
    angle: { signal: `atan2(${across}, ${up}) * 180 / PI` },
    fill: { scale: "level", field: "length" },
  };
  const { scale, legend: explained } = levelsOf(domain, label, "white");
  return {
    name: label,
    columns: columnsOf(["x", "y", "u", "v", "length"], rows),
    reach: arrows.map(({ at }) => at),
    levels: { scale, ...(legend && explained && { legend: explained }) },
    mark: (data) => ({ type: "symbol", from: { data }, encode: { update } }),
  };
}
