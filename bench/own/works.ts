// What our worker measures, all through the public API: training, sampling, densities, products, sums.
// A work is made and warmed up once; its turns then only measure.
import { join } from "node:path";
import { adamw, compile, DiffusionModel, randn, type Tensor, tensor } from "thalweg";
import type { Bandwidth, Forget, Likelihood, Product, Reply, Request, Sample, Save, Train } from "../lib/protocol.ts";
import { makeModel } from "../networks/models.ts";

/** A work that is ready: one turn of about `target` seconds, and facts that go with it. */
export interface Work {
  /** Does it so many times: steps of training, or the whole of anything else. */
  run(count: number): Promise<void>;
  turn(target: number): Promise<number>;
  facts(): Partial<Reply>;
}

/** Seconds per repetition of `run(count)`, over about `target` seconds; 0: a single repetition, to warm up. */
async function timed(run: (count: number) => Promise<void>, target: number): Promise<number> {
  const seconds = async (count: number) => {
    const start = performance.now();
    await run(count);
    return (performance.now() - start) / 1000;
  };
  let count = 1;
  for (;;) {
    const all = await seconds(count);
    // The first is a poor guess where a run has a beginning that takes longer than its steps.
    if (all >= 0.7 * target || target === 0) return all / count;
    count = Math.ceil((count * target) / all);
  }
}

function repeated(once: () => Promise<void>, facts: () => Partial<Reply> = () => ({})): Work {
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) await once();
  };
  return { run, turn: (target) => timed(run, target), facts };
}

const rowsFor = (shape: readonly number[], batch: number) => Math.max(shape.length === 1 ? 8192 : 512, batch);

/** AdamW, clipping and moving average, through `fit`; what a fit does besides its steps is part of their time. */
function train({ network, shape, batch, loss }: Train): Work {
  const model = makeModel(network, shape);
  const data = randn([rowsFor(shape, batch), ...shape], { seed: 0 });
  const optimizer = adamw({ lr: 1e-3, weightDecay: 0.01, clipNorm: 1 });
  const fit = async (steps: number) => {
    await model.fit(data, { steps, batchSize: batch, loss, optimizer, ema: 0.999, progress: false });
  };
  const trained = () => model.parameters().filter(({ trainable }) => trainable);
  const size = ({ shape }: { readonly shape: readonly number[] }) => shape.reduce((product, each) => product * each, 1);
  const facts = () => ({ parameters: trained().reduce((sum, each) => sum + size(each), 0) });
  return { run: fit, turn: (target) => timed(fit, target), facts };
}

function sample({ network, shape, count, steps }: Sample): Work {
  const model = makeModel(network, shape);
  const sampled = async (steps: number) => {
    const solver = { type: "ODESolver", args: { method: "euler", steps } } as const;
    (await model.sample({ batchSize: count, solver })).dispose();
  };
  const work = repeated(() => sampled(steps));
  return { ...work, turn: (target) => (target === 0 ? sampled(2).then(() => 0) : work.turn(target)) };
}

const numbers = async (values: Tensor) => Array.from(await values.data(), Number);

/** A model that is trained for a while, saved with its last weights, and points at which its density is asked for. */
function save({ network, shape, folder, steps, count }: Save): Work {
  let points: number[][] = [];
  const once = async () => {
    const model = makeModel(network, shape);
    const data = randn([8192, ...shape], { seed: 0 });
    // Without normalisation and average: what is saved is what the peer's network computes.
    await model.fit(data, { steps, normalize: false, ema: null, optimizer: adamw({ lr: 1e-3, clipNorm: 1 }) });
    await model.save(folder);
    const flat = await numbers(randn([count, ...shape], { seed: 1 }));
    points = Array.from({ length: count }, (_, row) => flat.slice(row * shape[0], (row + 1) * shape[0]));
  };
  return repeated(once, () => ({ points }));
}

async function likelihood({ weights, points, rtol, atol }: Likelihood): Promise<Work> {
  const model = await DiffusionModel.load(join(weights, ".."));
  const at = tensor(points);
  const solver = { type: "ODESolver", args: { method: "dopri5", rtol, atol } } as const;
  let facts: Partial<Reply> = {};
  return repeated(
    async () => {
      const { logProb, nfe } = await model.logProb(at as never, { solver, tSpan: [1e-5, 1] });
      facts = { evaluations: nfe, meanLogProb: await logProb.mean().item() };
    },
    () => facts,
  );
}

/** Waits until a tensor has been computed, without copying it. */
const done = async (value: Tensor) => {
  await value.reshape([-1]).narrow(0, 0, 1).data();
  value.dispose();
};

function product({ size, chain }: Product): Work {
  const [a, b] = [0, 1].map((seed) => randn([size, size], { seed }).mul(1 / Math.sqrt(size)));
  const multiply = compile((x: Tensor, y: Tensor) =>
    Array.from({ length: chain }).reduce<Tensor>((p) => p.matmul(y), x),
  );
  return repeated(
    () => done(multiply(a, b)),
    () => ({ flops: 2 * size ** 3 * chain }),
  );
}

function bandwidth({ bytes }: Bandwidth): Work {
  const count = Math.floor(bytes / 12);
  const [a, b] = [0, 1].map((seed) => randn([count], { seed }));
  const sum = compile((x: Tensor, y: Tensor) => x.add(y));
  return repeated(
    () => done(sum(a, b)),
    () => ({ bytes: 12 * count }),
  );
}

/** The work that a request asks for. */
export async function workOf(request: Exclude<Request, Forget>): Promise<Work> {
  switch (request.work) {
    case "train":
      return train(request);
    case "sample":
      return sample(request);
    case "save":
      return save(request);
    case "likelihood":
      return likelihood(request);
    case "product":
      return product(request);
    case "bandwidth":
      return bandwidth(request);
  }
}
