// A network written in TypeScript and the same network built in are one function: equal to 1e-6 with equal weights, and at the start.
// Their gradients are equal, too: both train to the same weights.
import { DiffusionModel, randn, registerModule, sgd, type Tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { ResidualNet } from "../../bench/networks/residual-net.ts";
import { numbers } from "./support.ts";
import { DiTTwin } from "./twins/dit.ts";

const residual = registerModule("TwinOfResidualNet", ResidualNet);
const dit = registerModule("TwinOfDiT", DiTTwin);
const tEncoder = { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16 } } as const;
const small = { inputSize: 8, patchSize: 2, inChannels: 3, hiddenSize: 32, depth: 2, numHeads: 4 } as const;

const pairs = {
  TemporalSpatialResidualNet: {
    xSize: 2,
    builtIn: {
      tEncoder,
      backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [32, 16, 8], outputDim: 2, tDim: 16 } },
    },
    written: { tEncoder, backbone: residual({ hidden: [32, 16, 8], size: 2, time: 16 }) },
  },
  DiT: {
    xSize: [3, 8, 8],
    builtIn: { backbone: { type: "DiT", args: small } },
    written: { backbone: dit(small) },
  },
} as const;

const model = (xSize: number | readonly number[], args: object) =>
  new DiffusionModel({ xSize, path: { type: "gvp" }, model: { type: "noise_function", args: args as never } });

/** max |a − b| / max(1, max |b|). */
async function difference(a: Tensor, b: Tensor): Promise<number> {
  const [x, y] = [await numbers(a), await numbers(b)];
  expect(x.length).toBe(y.length);
  const largest = Math.max(1, ...y.map(Math.abs));
  return Math.max(...x.map((value, i) => Math.abs(value - (y[i] ?? Number.NaN)))) / largest;
}

describe.each(Object.entries(pairs))("%s", (_, { xSize, builtIn, written }) => {
  const shape = typeof xSize === "number" ? [64, xSize] : [64, ...xSize];
  const x = randn(shape, { seed: 4 });

  it("starts from the same weights and trains to the same", async () => {
    const [a, b] = [model(xSize, builtIn), model(xSize, written)];
    const names = (m: typeof a) => m.parameters().map(({ name, shape: s }) => `${name} ${s}`);
    expect(names(b)).toEqual(names(a));
    for (const steps of [0, 20]) {
      // Plain descent: Adam makes steps of rounding errors where a gradient is 0, as that of the keys' bias is.
      const fit = { steps, batchSize: 16, optimizer: sgd({ lr: 1e-5 }), progress: false };
      if (steps > 0) await Promise.all([a.fit(x, fit), b.fit(x, fit)]);
      const [theirs, ours] = [a.stateDict(), b.stateDict()];
      for (const name of Object.keys(theirs))
        expect(await difference(ours[name], theirs[name]), name).toBeLessThan(2e-5);
    }
  });

  it("gives the same to 1e-6 with any weights", async () => {
    const [a, b] = [model(xSize, builtIn), model(xSize, written)];
    const state = Object.fromEntries(
      Object.entries(a.stateDict()).map(([name, value], i) => [name, randn(value.shape, { seed: i }).mul(0.2)]),
    );
    await Promise.all([a.loadStateDict(state), b.loadStateDict(state)]);
    for (const t of [0.1, 0.5, 0.9]) {
      expect(await difference(b.noiseFunction(t, x), a.noiseFunction(t, x))).toBeLessThan(1e-6);
    }
  });
});
