// Averages of the parameters that are made after training, against the same averages kept along the way.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError, ConfigError, DiffusionModel, randn, sgd, type Tensor, TrainingError } from "thalweg";
import { describe, expect, it } from "vitest";
import { data, numbers, planar, small } from "./support.ts";

const flat = async (state: Record<string, Tensor>) => (await Promise.all(Object.values(state).map(numbers))).flat();

/** The exponent γ whose average has weights of this standard deviation: γ³ + 7γ² + (16 − σ⁻²)γ + 12 − σ⁻² = 0, by bisection. */
function exponent(sigmaRel: number): number {
  let [low, high] = [0, 1 / sigmaRel];
  for (let i = 0; i < 200; i++) {
    const g = (low + high) / 2;
    if (Math.sqrt(g + 1) / ((g + 2) * Math.sqrt(g + 3)) > sigmaRel) low = g;
    else high = g;
  }
  return low;
}

/** Averages of these lengths over a fit's steps, each kept along the way. */
async function direct(model: ReturnType<typeof small>, rows: Tensor, lengths: readonly number[], steps: number) {
  const gammas = lengths.map(exponent);
  let averages: number[][] = [];
  await model.fit(rows, {
    steps,
    batchSize: 64,
    progress: false,
    optimizer: sgd({ lr: 0.05 }),
    posthocEma: { every: steps / 20 },
    every: {
      steps: 1,
      call: async ({ step }) => {
        const now = await flat(model.stateDict());
        if (step === 1) averages = gammas.map(() => now);
        averages = averages.map((average, i) => {
          const left = (1 - 1 / step) ** ((gammas[i] ?? 0) + 1);
          return average.map((value, k) => left * value + (1 - left) * (now[k] ?? 0));
        });
      },
    },
  });
  return averages;
}

const distance = (a: readonly number[], b: readonly number[]) =>
  Math.hypot(...a.map((v, i) => v - (b[i] ?? Number.NaN)));

describe("averages after training", () => {
  it("are those kept along the way: of a length that was tracked to rounding, of others nearly", async () => {
    const model = new DiffusionModel({ ...planar(), xSize: 2, dtype: "f64" });
    const lengths = [0.1, 0.07, 0.15];
    const [tracked, between, longer] = await direct(model, randn([256, 2], { seed: 7, dtype: "f64" }), lengths, 400);
    expect((await model.info()).posthocSteps).toEqual(Array.from({ length: 20 }, (_, i) => 20 * (i + 1)));
    const raw = await flat(model.stateDict());
    const [tenth, inner, outer] = await Promise.all(lengths.map(async (s) => flat(model.posthocEma(s))));
    expect(distance(tenth!, tracked!)).toBeLessThan(1e-12);
    for (const [made, kept] of [
      [inner!, between!],
      [outer!, longer!],
    ] as const) {
      expect(distance(made, kept)).toBeLessThan(0.05 * distance(raw, kept));
    }
  });

  it("take the place of the moving average, in sampling and in checkpoints", async () => {
    const folder = mkdtempSync(join(tmpdir(), "thalweg-posthoc-"));
    try {
      const model = small();
      await model.fit(data(), {
        steps: 60,
        batchSize: 64,
        progress: false,
        posthocEma: { every: 20, sigmaRel: [0.05, 0.1] },
      });
      const before = await numbers(await model.sample({ batchSize: 8, seed: 1 }));
      await model.usePosthocEma(0.2);
      const average = await flat(model.posthocEma(0.2));
      expect(await flat(model.stateDict({ weights: "ema" }))).toEqual(average);
      const after = await numbers(await model.sample({ batchSize: 8, seed: 1 }));
      expect(after).not.toEqual(before);
      await model.save(join(folder, "model"));
      const again = await DiffusionModel.load(join(folder, "model"));
      expect(await numbers((await again.sample({ batchSize: 8, seed: 1 })) as Tensor)).toEqual(after);
      // The snapshots came along: another length is still to be had.
      expect(await flat(again.posthocEma(0.07))).toEqual(await flat(model.posthocEma(0.07)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("are refused where there is nothing to make them of, and during a fit", async () => {
    const model = small();
    await expect(model.usePosthocEma(0.1)).rejects.toThrow(CheckpointError);
    await expect(flat(model.posthocEma(0.1))).rejects.toThrow(CheckpointError);
    await model.fit(data(), { steps: 4, batchSize: 64, progress: false, posthocEma: { every: 2 } });
    for (const bad of [0, -0.1, 0.3, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(model.usePosthocEma(bad)).rejects.toThrow(ConfigError);
      expect(() => model.posthocEma(bad)).toThrow(ConfigError);
    }
    expect(() => model.fit(data(), { steps: 4, posthocEma: { every: 0 } })).toThrow(ConfigError);
    expect(() => model.fit(data(), { steps: 4, posthocEma: { every: 1, sigmaRel: [] } })).toThrow(ConfigError);
    const run = model.fit(data(), { steps: 1_000_000, batchSize: 64, progress: false });
    await expect(model.usePosthocEma(0.1)).rejects.toThrow(TrainingError);
    run.stop();
    await run;
  });
});
