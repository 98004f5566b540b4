// Keys that are right somewhere else, or that other libraries have: what to write, for errors about unknown ones.
// A key that is only misspelt is found by nearest.ts.

const meant = (key: string) => `did you mean ${JSON.stringify(key)}?`;
const into = (place: string) => `it belongs into ${place}`;
const optimizer = (key: string) => into(`optimizer: { type: "adamw", ${key} }`);
const solver = (key: string) => into(`solver: { type: "ODESolver", args: { method: "dopri5", ${key} } }`);
const fit = (key: string) => into(`the call of fit: fit(data, { ${key} })`);

/** What to write, by keys in small letters without `_`. */
type Places = Readonly<Record<string, string>>;

const ofFit: Places = {
  lr: optimizer("lr"),
  learningrate: optimizer("lr"),
  weightdecay: optimizer("weightDecay"),
  clipnorm: optimizer("clipNorm"),
  gradclip: optimizer("clipNorm"),
  maxgradnorm: optimizer("clipNorm"),
  betas: optimizer("betas"),
  scheduler: optimizer("lr: warmupCosine({ peak, steps })"),
  iterations: meant("steps"),
  numsteps: meant("steps"),
  maxsteps: meant("steps"),
  numepochs: meant("epochs"),
  maxepochs: meant("epochs"),
  shuffle: "rows are drawn at random without it",
  device: into("the config of the model"),
};

const ofSample: Places = {
  steps: solver("steps"),
  numsteps: solver("steps"),
  numinferencesteps: solver("steps"),
  method: solver("method"),
  rtol: solver("rtol"),
  atol: solver("atol"),
  count: meant("batchSize"),
  numsamples: meant("batchSize"),
  nsamples: meant("batchSize"),
  guidancescale: into("guidance: { scale }"),
  cfgscale: into("guidance: { scale }"),
  context: meant("condition"),
  labels: meant("condition"),
};

const ofModel: Places = {
  lr: fit('optimizer: { type: "adamw", lr }'),
  optimizer: fit("optimizer"),
  batchsize: fit("batchSize"),
  steps: fit("steps"),
  epochs: fit("epochs"),
  loss: fit("loss"),
  ema: fit("ema"),
  inputsize: meant("xSize"),
  inputdim: meant("xSize"),
  datasize: meant("xSize"),
  numclasses: meant("conditionSize"),
  contextsize: meant("conditionSize"),
  schedule: meant("path"),
  noiseschedule: meant("path"),
  sampler: meant("solver"),
  network: into("model: { type, args: { backbone } }"),
  backbone: into("model: { type, args: { backbone } }"),
};

/** Of the third argument of trainStep. */
const ofOptimizer: Places = {
  optimizer: "trainStep takes the optimizer itself as its third argument: trainStep(model, loss, adamw({ lr: 1e-3 }))",
};

const places: Readonly<Record<string, Places>> = {
  FitOptions: ofFit,
  SampleOptions: ofSample,
  DiffusionConfig: ofModel,
  FlowConfig: ofModel,
  BridgeConfig: ofModel,
  EnergyConfig: ofModel,
  Optimizer: ofOptimizer,
};

/** What to write in place of an unknown key; undefined where nothing is known of it. */
export function misplaced(schema: string, key: string): string | undefined {
  const place = places[schema];
  const plain = key.toLowerCase().replaceAll(/[_-]/g, "");
  return place !== undefined && Object.hasOwn(place, plain) ? place[plain] : undefined;
}
