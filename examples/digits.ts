// Images by their class: a flow of handwritten digits, judged by a classifier that it does not know.
// In full about 7 minutes on 2 cores that do nothing else; exits with 1 unless the classifier knows 97 % of real digits and 90 % of the samples.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  adamw,
  cosine,
  DiffusionModel,
  metrics,
  nn,
  plot,
  randn,
  randPerm,
  Tensor,
  tensor,
  trainStep,
  warmupCosine,
} from "thalweg";
import { outFile, run, SHORT } from "./lib/example.ts";

const CLASSES = 10;
/** Of each class, kept from both networks. */
const HELD_OUT = 100;
const SAMPLES = SHORT ? 20 : 1_000;
const STEPS = SHORT ? { classifier: 3, flow: 3 } : { classifier: 2_000, flow: 3_000 };
/** Of the classes in the picture. */
const ROWS = SHORT ? 2 : 8;
const GUIDANCE = 2;
const LIMITS = { real: 0.97, samples: 0.9 };

type Digits = {
  /** `[N, 1, 28, 28]`, black −1 and white 1. */
  readonly images: Tensor;
  /** `[N, 1]`. */
  readonly labels: Tensor;
};

/** All digits of the npm package, class by class, and in each class the last ones apart. */
function digits(): { train: Digits; test: Digits } {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist")), "digits");
  const classes = Array.from({ length: CLASSES }, (_, label) => {
    const { data }: { data: number[] } = JSON.parse(readFileSync(join(folder, `${label}.json`), "utf8"));
    const count = Math.floor(data.length / 784);
    const images = tensor(Float32Array.from(data), { shape: [data.length / 784, 1, 28, 28] });
    return { images: images.mul(2).sub(1), labels: tensor(new Float32Array(count).fill(label), { shape: [count, 1] }) };
  });
  const part = (rows: (all: Tensor) => Tensor): Digits => ({
    images: Tensor.concat(classes.map(({ images }) => rows(images))),
    labels: Tensor.concat(classes.map(({ labels }) => rows(labels))),
  });
  return {
    train: part((all) => all.narrow(0, 0, all.shape[0] - HELD_OUT)),
    test: part((all) => all.narrow(0, all.shape[0] - HELD_OUT, HELD_OUT)),
  };
}

/** A convolutional net `[N, 1, 28, 28]` → log odds `[N, 10]`. */
const classifier = new nn.Sequential(
  new nn.Conv2d(1, 16, { kernelSize: 3, padding: 1 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(16, 32, { kernelSize: 3, padding: 1 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(32 * 7 * 7, 64),
  new nn.ReLU(),
  new nn.Linear(64, CLASSES),
).seed(0);

async function trainClassifier({ images, labels }: Digits, steps: number): Promise<void> {
  const [batchSize, count] = [64, images.shape[0]];
  const step = trainStep(
    classifier,
    (batch: Digits) => {
      const logits = classifier.forward(batch.images);
      return logits.logSoftmax(1).gather(1, batch.labels.cast("i64")).mean().neg();
    },
    adamw({ lr: cosine({ peak: 2e-3, steps }), weightDecay: 0 }),
  );
  const perEpoch = Math.floor(count / batchSize);
  let shuffled: Digits = { images, labels };
  for (let i = 0; i < steps; i++) {
    if (i % perEpoch === 0) {
      const order = randPerm(count, { seed: i });
      shuffled = { images: images.indexSelect(0, order), labels: labels.indexSelect(0, order) };
    }
    const at = (i % perEpoch) * batchSize;
    await step({ images: shuffled.images.narrow(0, at, batchSize), labels: shuffled.labels.narrow(0, at, batchSize) });
  }
}

/** The share of images that the classifier takes for what their labels say. */
async function agreement({ images, labels }: Digits): Promise<number> {
  const said = classifier.forward(images).argMax(1, { keepDims: true });
  return await said.eq(labels.cast("i64")).cast("f32").mean().item();
}

/** Blocks of 2 × 2 pixels are channels, so that the widest part of the net works on 14 × 14 places: a quarter of the time. */
const [blocks, pixels] = [new nn.PixelUnshuffle(2), new nn.PixelShuffle(2)];

const flow = new DiffusionModel({
  xSize: [4, 14, 14],
  conditionSize: 1,
  conditionDropout: 0.1,
  seed: 0,
  path: { type: "linear" },
  solver: { type: "ODESolver", args: { method: "heun2", steps: 12 } },
  model: {
    type: "velocity_function",
    args: {
      backbone: {
        type: "unet_2D",
        args: {
          inChannels: 4,
          modelChannels: 24,
          channelMult: [1, 2],
          numResBlocks: 1,
          attentionResolutions: [2],
          numHeads: 4,
          numClasses: CLASSES,
          timeFactor: 1000,
        },
      },
    },
  },
});

/** Samples of every class in turn. Guidance away from samples of no class (Ho, Salimans 2022) makes them clearer, and less diverse. */
async function sampled(guidance?: { readonly scale: number }): Promise<Digits> {
  const labels = tensor(
    Float32Array.from({ length: SAMPLES }, (_, i) => i % CLASSES),
    { shape: [SAMPLES, 1] },
  );
  const images = await flow.sample({ condition: labels, guidance, seed: 1 });
  return { images: pixels.forward(images), labels };
}

/** The first images of each class, the classes in turn, of a set that has them one after the other. */
const turns = (images: Tensor) =>
  images.unflatten(0, [CLASSES, HELD_OUT]).narrow(1, 0, ROWS).permute([1, 0, 2, 3, 4]).flatten(0, 1);

async function main(): Promise<readonly string[]> {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
  const { train, test } = digits();
  await trainClassifier(train, STEPS.classifier);
  console.log(`classifier: ${STEPS.classifier} steps, ${seconds()} in all`);

  await flow.fit(blocks.forward(train.images), {
    condition: train.labels,
    steps: STEPS.flow,
    batchSize: 32,
    // Pixels have their range already.
    normalize: false,
    optimizer: adamw({ lr: warmupCosine({ peak: 2e-3, steps: STEPS.flow, warmup: 100 }), clipNorm: 1 }),
    ema: 0.995,
    every: {
      steps: 500,
      call: ({ step, loss }) => console.log(`flow: step ${step}, loss ${loss.toFixed(1)}, ${seconds()} in all`),
    },
  });
  await flow.save(outFile("digits", "flow"));
  console.log(`flow: ${STEPS.flow} steps, ${seconds()} in all`);
  const plain = await sampled();
  const guided = await sampled({ scale: GUIDANCE });
  console.log(`2 × ${SAMPLES} samples, ${seconds()} in all`);

  const row = async (what: string, set: Digits, others = test.images) => {
    const distance = await metrics.slicedWasserstein(set.images.flatten(1), others.flatten(1));
    return { what, share: await agreement(set), distance };
  };
  const noise = { images: randn(test.images.shape, { seed: 2 }), labels: test.labels };
  const some = randPerm(train.images.shape[0], { seed: 3 }).narrow(0, 0, test.images.shape[0]);
  const rows = [
    await row("samples", plain),
    await row(`samples, guidance ${GUIDANCE}`, guided),
    await row("held-out digits (floor)", test, train.images.indexSelect(0, some)),
    await row("noise (baseline)", noise),
  ];
  console.log("\n                          class as labelled   distance to digits");
  for (const { what, share, distance } of rows) {
    console.log(`${what.padEnd(26)}${(100 * share).toFixed(1).padStart(15)} % ${distance.toPrecision(3).padStart(20)}`);
  }
  const picture = outFile("digits", "digits.png");
  const grid = (title: string, images: Tensor) => plot.images(images, { title, columns: CLASSES });
  await plot
    .panels([
      grid("samples", plain.images.narrow(0, 0, CLASSES * ROWS)),
      grid(`samples, guidance ${GUIDANCE}`, guided.images.narrow(0, 0, CLASSES * ROWS)),
      grid("held-out digits", turns(test.images)),
    ])
    .save(picture);
  console.log(`\npicture: ${picture}, ${seconds()} in all`);

  const [free, clear, real] = rows.map(({ share }) => share);
  if (Math.min(free, clear) >= LIMITS.samples && real >= LIMITS.real) return [];
  return [`at least ${100 * LIMITS.samples} % of the samples and ${100 * LIMITS.real} % of the digits`];
}

run(main);
