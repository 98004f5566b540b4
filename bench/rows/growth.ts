// Cost as work grows: batches, widths, and one thread or all. These are what the picture shows.
// Each size is a contest of its own, and its memory is freed before the next.
import type { Bar, Contestant, Entry, Result } from "../lib/entry.ts";
import { maximum, minimum } from "../lib/statistics.ts";
import { NET, PLANE, step } from "./networks.ts";
import { floorOfStep } from "./train.ts";

const powers = (from: number, to: number) => {
  const count = Math.log2(to / from) + 1;
  return Array.from({ length: count }, (_, i) => from * 2 ** i);
};

/** Seconds per sample of one series, by batch. */
function perSample({ measured }: Result, series: string): { batch: number; seconds: number }[] {
  return measured.flatMap(({ contestant: { point }, values }) =>
    point?.series === series && values.length > 0 ? [{ batch: point.x, seconds: minimum(values) / point.x }] : [],
  );
}

const rise: Bar = {
  what: "time per sample ÷ that at half the batch, the largest",
  kind: "atMost",
  value: 1.05,
  of(result) {
    const points = perSample(result, "ours");
    return points.length < 2 ? undefined : maximum(points.slice(1).map((p, i) => p.seconds / points[i].seconds));
  },
};

const scaling: Bar = {
  what: "scaling from one thread to all ÷ that of the product, the least at B ≥ 512",
  kind: "atLeast",
  value: 0.95,
  of(result) {
    const [one, all] = [perSample(result, "ours, 1 thread"), perSample(result, "ours")];
    const quotients = all.flatMap(({ batch, seconds }, i) => {
      const same = one.find((point) => point.batch === batch);
      // Groups and batches are in the same order.
      return batch >= 512 && same !== undefined ? [same.seconds / seconds / result.gauges[i].scaling] : [];
    });
    return quotients.length === 0 ? undefined : minimum(quotients);
  },
};

const at = (series: string, x: number, rest: Pick<Contestant, "side" | "request" | "threads">): Contestant => ({
  name: `${series}, ${x}`,
  point: { series, x },
  ...rest,
});

const batches: Entry = {
  name: "growth-batch",
  title: "time per sample of a flow-matching step as the batch grows",
  unit: "ms",
  groups: ({ threads, quick }) =>
    powers(64, quick ? 256 : 65_536).map((batch) => {
      const request = step(NET, PLANE, batch);
      const alone = at("ours, 1 thread", batch, { side: "ours", request, threads: 1 });
      return [
        at("ours", batch, { side: "ours", request }),
        ...(threads > 1 ? [alone] : []),
        at("PyTorch", batch, { side: "torch", request }),
        at("JAX jit", batch, { side: "jax", request }),
      ];
    }),
  floor: floorOfStep,
  bars: [rise, scaling],
  rounds: 3,
};

const widths: Entry = {
  name: "growth-width",
  title: "time of a flow-matching step as the net grows, B = 512, widths w, w/2, w/4",
  unit: "ms",
  groups: ({ quick }) =>
    powers(64, quick ? 256 : 2048).map((width) => {
      const request = step({ kind: "residual", hidden: [width, width / 2, width / 4] }, PLANE, 512);
      return [
        at("ours", width, { side: "ours", request }),
        at("PyTorch", width, { side: "torch", request }),
        at("JAX jit", width, { side: "jax", request }),
      ];
    }),
  floor: floorOfStep,
  bars: [],
  rounds: 3,
  note: "For the picture; without a bar.",
};

export const growth = [batches, widths];
