// The first mistakes that people make, each with what it answers: the data of a page of the documentation, and of its test.
// "…" in a message stands for numbers and names that differ from run to run.

/** What every piece of code below begins with. */
export const beginning = `const data = datasets.swissRoll({ count: 1_000, seed: 0 }); // [1000, 2]
const backbone = { type: "MultiLayerPerceptron", args: { hiddenSizes: [3, 64], outputSize: 2, activation: "silu" } } as const;
const config = { xSize: 2, path: { type: "linear_vp_sde" }, model: { type: "velocity_function", args: { backbone } } } as const;
const model = new DiffusionModel(config);

const wide = { type: "MultiLayerPerceptron", args: { hiddenSizes: [65, 64], outputSize: 64, activation: "silu" } } as const;
const ofImages = new DiffusionModel({ ...config, xSize: [1, 8, 8], model: { type: "velocity_function", args: { backbone: wide } } });

const given = { type: "MultiLayerPerceptron", args: { hiddenSizes: [13, 64], outputSize: 2, activation: "silu" } } as const;
const ofClasses = new DiffusionModel({ ...config, conditionSize: 10, model: { type: "velocity_function", args: { backbone: given } } });`;

/**
 * @typedef {object} Mistake
 * @property {string} title What was done.
 * @property {string} code The code, after the beginning.
 * @property {string} gives The class of the error, or the code of the warning.
 * @property {string} message What it says.
 * @property {boolean} [typed] Whether TypeScript refuses it before it runs.
 */

/** @type {readonly { readonly from: string, readonly mistakes: readonly Mistake[] }[]} */
export const seats = [
  {
    from: "From PyTorch",
    mistakes: [
      {
        title: "Keys in snake_case",
        code: "new DiffusionModel({ ...config, condition_size: 1 });",
        typed: true,
        gives: "ConfigError",
        message: 'condition_size: unknown key; did you mean "conditionSize"?',
      },
      {
        title: "The learning rate beside the steps",
        code: "model.fit(data, { steps: 5_000, lr: 1e-3 });",
        typed: true,
        gives: "ConfigError",
        message: 'lr: unknown key; it belongs into optimizer: { type: "adamw", lr }',
      },
      {
        title: "Options by their place",
        code: "new nn.Conv2d(1, 8, 3);",
        typed: true,
        gives: "ConfigError",
        message:
          "Conv2d: expected an object of settings { kernelSize, stride, dilation, groups, bias, weightInit, biasInit, padding, paddingMode }, got number 3",
      },
      {
        title: "An option of another name",
        code: "data.sum(1, { keepdim: true });",
        typed: true,
        gives: "ConfigError",
        message: 'sum: expected settings of the names keepDims, got "keepdim"; did you mean "keepDims"?',
      },
      {
        title: "Labels as a condition, as they are",
        code: 'const labels = randInt(0, 10, [1_000]);\nofClasses.fit(data, { steps: 5_000, condition: labels.cast("f32") });',
        gives: "ShapeError",
        message:
          "condition: wrong shape: expected [N, 10], got [1000]. Remedy: of labels 0 … 9, i64: labels.oneHot(10)",
      },
      {
        title: "Indexing by a mask",
        code: "data.at(data.gt(0));",
        gives: "DTypeError",
        message:
          "at: expected i64 indices, got a tensor bool: how many a mask picks is not known before it runs. Remedy: mask.where(x, 0) keeps the shape; places that are known go to indexSelect, or here as i64",
      },
      {
        title: "Numbers read within a forward",
        code: `class Gate extends Module {
  layer = new nn.Linear(2, 2);
  override forward(_t: Tensor, x: Tensor) {
    return x.sum().item() ? this.layer.forward(x) : x;
  }
}
const gate = registerModule("Gate", Gate);
const own = new DiffusionModel({ ...config, model: { type: "velocity_function", args: { backbone: gate({}) } } });
own.fit(data, { steps: 5_000 });`,
        typed: true,
        gives: "TraceError",
        message:
          "Gate.forward: Gate.forward: item() was called on a traced tensor f32 []. It has no numbers while the function is recorded; the function runs once, and its graph many times. Use tensor methods (for instance where) or read the data outside.   (called with [512], [512, 2])",
      },
      {
        title: "A module that is not registered",
        code: 'const own = { type: "MyNet", args: {} } as const;\nnew DiffusionModel({ ...config, model: { type: "velocity_function", args: { backbone: own } } });',
        typed: true,
        gives: "ConfigError",
        message:
          'model.args.backbone.type: expected …, got "MyNet"; a module of your own has to be registered first. Remedy: registerModule("MyModule", MyModule)',
      },
    ],
  },
  {
    from: "From tfjs, or from JavaScript",
    mistakes: [
      {
        title: "Operators on tensors",
        code: "const doubled = data * 2;",
        typed: true,
        gives: "DTypeError",
        message:
          "Tensor: expected a method of tensors, such as x.mul(2), x.sub(y) or x.gt(0), got an operator of JavaScript, which knows numbers alone",
      },
      {
        title: "Arrays in the place of tensors",
        code: "model.fit([[1, 2], [3, 4]], { steps: 5_000 });",
        typed: true,
        gives: "DataError",
        message:
          "data: expected tensors, or arrays and objects of tensors: wrap numbers in tensor(…), got number 1 at 0.0",
      },
      {
        title: "A forgotten await",
        code: "model.fit(datasets.shuffle(data), { steps: 5_000 });",
        typed: true,
        gives: "DataError",
        message:
          "data: expected tensors, or arrays and objects of tensors, got a promise (is await missing, or the function async?)",
      },
      {
        title: "Images with their channels last",
        code: "ofImages.fit(rand([16, 8, 8, 1]), { steps: 5_000 });",
        gives: "ShapeError",
        message:
          "x: wrong shape: expected [N, 1, 8, 8], got [16, 8, 8, 1]. Remedy: data.permute([0, 3, 1, 2]), since channels come before height and width",
      },
      {
        title: "Images without a channel",
        code: "ofImages.fit(rand([16, 8, 8]), { steps: 5_000 });",
        gives: "ShapeError",
        message:
          "x: wrong shape: expected [N, 1, 8, 8], got [16, 8, 8]. Remedy: data.unsqueeze(1), which adds the channel",
      },
      {
        title: "Pixels as bytes",
        code: "const bytes = new Uint8Array(16 * 64);\nofImages.fit(tensor(bytes, { shape: [16, 1, 8, 8] }), { steps: 5_000 });",
        gives: "DTypeError",
        message:
          'x: expected f32, got i64. Remedy: data.cast("f32"); of pixels 0 … 255 also .div(127.5).sub(1), and of labels as a condition labels.oneHot(classes)',
      },
      {
        title: "A tensor after its dispose",
        code: "data.dispose();\nmodel.fit(data, { steps: 5_000 });",
        gives: "DisposedError",
        message:
          "the tensor was disposed of; it has no data any more. Remedy: dispose of it once all that uses it was awaited; what leaves tidy is returned from it",
      },
      {
        title: "A number in the place of settings",
        code: "await model.sample(100);",
        typed: true,
        gives: "ConfigError",
        message: "sample: expected an object of settings, got number 100. Remedy: { batchSize: 100 }",
      },
      {
        title: "A fit that nobody awaits",
        code: "model.fit(data, { steps: 5_000 });\nconst samples = await model.sample({ batchSize: 4 });",
        gives: "THALWEG_STILL_TRAINING",
        message:
          "sample: the model is being trained and nobody waits for it; samples are of the model as it is now. Remedy: await model.fit(…)",
      },
      {
        title: "Two fits at a time",
        code: "const first = model.fit(data, { steps: 5_000 });\nconst second = model.fit(data, { steps: 5_000 });\nawait second;",
        gives: "TrainingError",
        message:
          "the model is being trained already: expected the first run to end, or run.stop(), got a second fit. Remedy: await the first fit before the second",
      },
    ],
  },
  {
    from: "New to diffusion models",
    mistakes: [
      {
        title: "Neither steps nor epochs",
        code: "model.fit(data);",
        gives: "ConfigError",
        message: "steps: expected steps or epochs, got neither. Remedy: fit(data, { steps: 5_000 })",
      },
      {
        title: "Rows and columns exchanged",
        code: "model.fit(data.transpose(), { steps: 5_000 });",
        gives: "ShapeError",
        message: "x: wrong shape: expected [N, 2], got [2, 1000]. Remedy: data.transpose(), since rows are samples",
      },
      {
        title: "A network of another width",
        code: 'const narrow = { ...backbone, args: { ...backbone.args, hiddenSizes: [2, 64] } };\nnew DiffusionModel({ ...config, model: { type: "velocity_function", args: { backbone: narrow } } });',
        gives: "ConfigError",
        message:
          "model.args: the network does not fit xSize and conditionSize: linear: wrong width of the input: expected […, 2], got f32 [2, 3] (in backbone.model.linear0). Remedy: hiddenSizes: [3, …], since x, the condition and t come in side by side",
      },
      {
        title: "A condition forgotten at sampling",
        code: "const condition = randInt(0, 10, [1_000]).oneHot(10);\nawait ofClasses.fit(data, { steps: 100, condition });\nawait ofClasses.sample({ batchSize: 4 });",
        gives: "DataError",
        message:
          "condition: missing: expected a condition of the config's conditionSize, got none. Remedy: { condition } with a row for each sample, in fit as in sample; a model with conditionDropout in its config can do without",
      },
      {
        title: "A condition of a model that takes none",
        code: "model.fit(data, { steps: 5_000, condition: ones([1_000, 1]) });",
        typed: true,
        gives: "DataError",
        message:
          "condition: expected no condition (the config has no conditionSize), got a tensor f32 [1000, 1]. Remedy: conditionSize: … in the config, the size of one row of it",
      },
      {
        title: "Values that are missing",
        code: "model.fit(tensor([[1, 2], [Number.NaN, 3]]), { steps: 5_000 });",
        gives: "DataError",
        message:
          'data: row 1, column 0 is not a finite number: expected finite numbers, got NaN. Remedy: leave such rows out, or fill them: of a file readTable(file, { missing: "drop" }), of a table table.dropMissing()',
      },
      {
        title: "Numbers of 64 bits",
        code: "model.fit(tensor(new Float64Array(2_000), { shape: [1_000, 2] }), { steps: 5_000 });",
        gives: "DTypeError",
        message: 'x: expected f32, got f64. Remedy: data.cast("f32"), or dtype: "f64" in the config',
      },
      {
        title: "A table without an encoding",
        code: "model.fit(Table.fromColumns({ a: [1, 2, 3], b: [3, 1, 2] }), { steps: 5_000 });",
        gives: "ConfigError",
        message:
          "data: expected an encoding in the config, { data: await fitEncoding(table), … }, for a model of tables, got none",
      },
      {
        title: "The number of a step in the place of a time",
        code: "await model.velocityFunction(500, data).data();",
        gives: "DataError",
        message:
          "t: not a time of the path: expected times from 0 to 1, got 500. Remedy: a time between 0 and 1; the number of a step is divided by how many there are",
      },
      {
        title: "Samples before training",
        code: "const samples = await model.sample({ batchSize: 4 });",
        gives: "THALWEG_UNTRAINED",
        message:
          "sample: the model was never trained, and its samples are noise. Remedy: await model.fit(data, { steps: 5_000 }), or load a model",
      },
      {
        title: "Too few steps",
        code: "await model.fit(data, { steps: 20 });\nconst samples = await model.sample({ batchSize: 4 });",
        gives: "THALWEG_UNTRAINED",
        message:
          "sample: the model was trained for 20 steps, where most need thousands. Remedy: await model.fit(data, { steps: 5_000, resume: true })",
      },
      {
        title: "Data in units of their own, not normalised",
        code: "await model.fit(data.mul(1_000), { steps: 100, normalize: false });",
        gives: "THALWEG_UNSCALED_DATA",
        message:
          "fit: the root mean square of the data is …, that of the noise 1, and normalize is false: the noise hardly reaches them. Remedy: leave normalize out, or scale the data to about −1 … 1 (pixels 0 … 255: .div(127.5).sub(1))",
      },
      {
        title: "A loss that is no number",
        code: "await model.fit(data, { steps: 5_000, optimizer: sgd({ lr: 1e6 }) });",
        gives: "TrainingError",
        message:
          "training stopped at step …: the loss is … and the gradient's norm …; the parameters are those after step …: expected finite numbers, got …. Remedy: a smaller lr, clipNorm: 1 in the optimizer, or data in units of about 1 (normalize: true, which is the default)",
      },
      {
        title: "A loss that rises",
        code: "await model.fit(data, { steps: 200, optimizer: adamw({ lr: 30 }), every: { steps: 10, call: ({ loss }) => console.log(loss) } });",
        gives: "THALWEG_LOSS_ROSE",
        message:
          "fit: the loss rose from … to …. Remedy: a smaller lr, clipNorm: 1 in the optimizer, or a learning rate that warms up (warmupCosine)",
      },
      {
        title: "A fit that was done already",
        code: "await model.fit(data, { steps: 200 });\nawait model.fit(data, { steps: 200, resume: true });",
        gives: "THALWEG_NOTHING_TO_DO",
        message:
          "fit: there was nothing to do: the model has done 200 steps, and steps or epochs ask for no more. Remedy: with resume they count from the start; leave it out to start anew",
      },
      {
        title: "A fit that goes on with other data",
        code: "await model.fit(data, { steps: 200 });\nawait model.fit(data.mul(1_000), { steps: 400, resume: true });",
        gives: "THALWEG_OTHER_DATA",
        message:
          "fit: resume goes on with other data than before: in the units of the first fit, which the model keeps, their root mean square is … and not about 1. Remedy: give the same data, or leave resume out to start anew",
      },
      {
        title: "A checkpoint of another class",
        code: 'await model.save("swiss-roll");\nawait OptimalTransportConditionalFlowModel.load("swiss-roll");',
        gives: "CheckpointError",
        message:
          "swiss-roll: expected a OptimalTransportConditionalFlowModel, got a DiffusionModel; use DiffusionModel.load, or load for any class",
      },
      {
        title: "A device by another name",
        code: 'new DiffusionModel({ ...config, device: "gpu" });',
        gives: "DeviceError",
        message: 'unknown device: expected "auto", "cpu", "cuda" or "cuda:<index>", got "gpu"',
      },
    ],
  },
];

const isWarning = ({ gives }) => gives.startsWith("THALWEG_");

function entry(mistake) {
  const { title, code, gives, message, typed } = mistake;
  const label = isWarning(mistake) ? `[${gives}] ThalwegWarning` : gives;
  const before = typed ? "TypeScript refuses this before it runs; JavaScript is told:" : "";
  return [
    `### ${title}`,
    "",
    "```ts fails",
    code,
    "```",
    "",
    ...(before ? [before, ""] : []),
    "```text",
    `${label}: ${message}`,
    "```",
    "",
  ];
}

/** The page of the documentation. */
export function page() {
  const count = seats.reduce((sum, { mistakes }) => sum + mistakes.length, 0);
  return [
    "<!-- Written by scripts/first-errors.mjs from scripts/lib/first-errors.mjs; __test__/first-errors.test.ts runs every piece of code. -->",
    "# First errors",
    "",
    `${count} mistakes that come first, and what each of them says. An error has a class (all are a \`ThalwegError\`), and fields: \`code\`, \`expected\`, \`got\`, \`path\`, \`where\`.`,
    "",
    "What is no error and yet hardly meant is a warning, once for each model, on stderr: a `ThalwegWarning` with a code. Node's `--disable-warning=ThalwegWarning` (or one of the codes)",
    'silences it, and `process.on("warning", …)` hears of it.',
    "",
    "Not here because nothing can be said when it runs: a config in a variable without `as const` is an error of TypeScript alone (`Type 'string' is not assignable to type …`), and",
    "JavaScript's own errors, such as `samples.shape` of a promise where `await` was forgotten. Layers that other libraries have and this one does not, such as batch norm, are named in the",
    'reference of `nn`. Columns of whole numbers are numbers: name them categories where they are, `readTable(file, { columns: { label: "category" } })`.',
    "",
    'All pieces of code begin with this, and with what they need of `import { … } from "thalweg"`:',
    "",
    "```ts fails",
    beginning,
    "```",
    "",
    ...seats.flatMap(({ from, mistakes }) => [`## ${from}`, "", ...mistakes.flatMap(entry)]),
  ].join("\n");
}
