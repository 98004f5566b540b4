// A CommonJS application in TypeScript: since Node and TypeScript let it require modules of ECMAScript, it has the same types.
// Compiled only; require.cjs runs the like.
import thalweg = require("thalweg");

const data: thalweg.Tensor = thalweg.datasets.swissRoll({ count: 100, seed: 0 });
export const shape: readonly number[] = data.shape;
