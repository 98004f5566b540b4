// A network written in TypeScript: `forward` is traced once per input shape and mode, then training and sampling run natively.
import { DiffusionModel, datasets, Module, nn, registerModule, type Tensor } from "thalweg";

class MyModule extends Module {
  time: nn.Linear;
  layers: nn.Linear[];
  constructor({ xSize, tDim, hiddenSizes }: { xSize: number; tDim: number; hiddenSizes: number[] }) {
    super();
    const sizes = [xSize, ...hiddenSizes, xSize];
    this.time = new nn.Linear(tDim, hiddenSizes[0]);
    this.layers = sizes.slice(1).map((size, i) => new nn.Linear(sizes[i], size));
  }
  override forward(t: Tensor, x: Tensor): Tensor {
    const [first, ...rest] = this.layers;
    return rest.reduce((h, layer) => layer.forward(h.silu()), first.forward(x).add(this.time.forward(t)));
  }
}
const myModule = registerModule("MyModule", MyModule);

async function main(): Promise<void> {
  const short = process.env.THALWEG_SHORT === "1";
  const model = new DiffusionModel({
    xSize: 2,
    path: { type: "linear" },
    model: {
      type: "velocity_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 1 } },
        backbone: myModule({ xSize: 2, tDim: 32, hiddenSizes: [128, 128] }),
      },
    },
  });
  const data = datasets.moons({ count: 2_000, seed: 0 });
  const report = await model.fit(data, { steps: short ? 50 : 3_000, batchSize: 256, ema: 0.99 });
  const samples = await model.sample({ batchSize: 500, seed: 1 });
  console.log(`${report.stepsRun} steps, loss ${report.loss?.toFixed(3)}, samples ${samples.shape.join(" × ")}`);
  if (!Array.from(await samples.data(), Number).every(Number.isFinite)) throw new Error("a sample is not finite");
}

await main();
