// From nothing to the first training step, as a program of a user's does it: plain Node, the compiled package.
// Prints one line of JSON; the harness starts it anew for each turn.
const began = performance.now();
const { DiffusionModel, randn, adamw } = await import("thalweg");
const imported = performance.now();
const model = new DiffusionModel({
  xSize: 2,
  path: { type: "linear_vp_sde" },
  model: {
    type: "noise_function",
    args: {
      tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32 } },
      backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [512, 256, 128], outputDim: 2, tDim: 32 } },
    },
  },
});
const data = randn([8192, 2], { seed: 0 });
const optimizer = adamw({ lr: 1e-3, weightDecay: 0.01, clipNorm: 1 });
const step = async () => {
  const start = performance.now();
  await model.fit(data, { steps: 1, batchSize: 512, optimizer, ema: 0.999, progress: false });
  return performance.now() - start;
};
const first = await step();
const done = performance.now();
// The quickest of a few more is a step without what is done only once.
const later = Math.min(await step(), await step(), await step());
const seconds = (milliseconds) => milliseconds / 1000;
console.log(
  JSON.stringify({
    seconds: [seconds(done - began)],
    importSeconds: seconds(imported - began),
    compileSeconds: seconds(first - later),
  }),
);
