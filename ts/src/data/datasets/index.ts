// Toy data sets in the plane, each a function of its settings alone.
// A new one is one file and one line here.
export { checkerboard } from "./checkerboard.js";
export { eightGaussians } from "./eight-gaussians.js";
export { moons } from "./moons.js";
export { pinwheel } from "./pinwheel.js";
export { sCurve } from "./s-curve.js";
export type { DatasetSettings } from "./settings.js";
export { shuffle } from "./shuffle.js";
export { spirals } from "./spirals.js";
export { swissRoll } from "./swiss-roll.js";
