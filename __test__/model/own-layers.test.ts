// Networks of one's own layers inside models: every parameter is trained, dropout follows the seed and rests when sampling.
// What a layer computes is tested against PyTorch in module/golden-layers.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiffusionModel, init, Module, nn, Parameter, randn, registerModule, sgd, Tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { data, numbers, planar } from "./support.ts";

const start = { init: init.normal(0.5) };

/** A linear map, and what the time adds. */
class Plain extends Module {
  readonly weight = new Parameter([2, 2], start);
  readonly shift = new Parameter([1, 2], { ...start, decay: false });
  readonly slope = new Parameter([2, 1], start);
  override forward(t: Tensor, x: Tensor): Tensor {
    return x.matmul(this.weight).add(this.shift).add(t.unsqueeze(1).matmul(this.slope.transpose()));
  }
}

/** The same function, of parameters that are rearranged before they are used. */
class Rearranged extends Plain {
  override forward(t: Tensor, x: Tensor): Tensor {
    const product = x.unsqueeze(2).mul(this.weight.unsqueeze(0)).sum(1);
    const time = t.unsqueeze(1).mul(this.slope.flatten());
    return product.add(this.shift.squeeze(0).unflatten(0, [2, 1]).flatten()).add(time);
  }
}

class Dropping extends Module {
  readonly first = new nn.Linear(2, 32);
  readonly drop = new nn.Dropout(0.5);
  readonly last = new nn.Linear(32, 2);
  override forward(_t: Tensor, x: Tensor): Tensor {
    return this.last.forward(this.drop.forward(this.first.forward(x).silu()));
  }
}

class Keeping extends Dropping {
  override forward(_t: Tensor, x: Tensor): Tensor {
    return this.last.forward(this.first.forward(x).silu());
  }
}

/** A small U-Net of most layers: down by pooling and a stride, attention in the middle, up by interpolation and a transposed convolution. */
class Net extends Module {
  readonly time = new nn.Linear(1, 8);
  readonly first = new nn.Conv2d(1, 8, { kernelSize: 3, padding: "same", paddingMode: "circular" });
  readonly norm = new nn.GroupNorm(2, 8);
  readonly pool = new nn.AvgPool2d(2);
  readonly down = new nn.Conv2d(8, 16, { kernelSize: 3, stride: 2, padding: 1 });
  readonly place = new Parameter([4, 16], start);
  readonly tokens = new nn.RMSNorm(16);
  readonly attention = new nn.MultiheadAttention(16, 2, { dropout: 0.1 });
  readonly up = new nn.ConvTranspose2d(16, 8, { kernelSize: 4, stride: 2, padding: 1 });
  readonly grow = new nn.Upsample({ scaleFactor: 2, mode: "bilinear" });
  readonly last = new nn.Conv2d(16, 1, { kernelSize: 1 });
  override forward(t: Tensor, x: Tensor): Tensor {
    const skip = this.norm.forward(this.first.forward(x)).silu();
    const small = this.down.forward(
      this.pool.forward(skip).add(this.time.forward(t.unsqueeze(1)).at("...", null, null)),
    );
    const tokens = this.tokens.forward(small.flatten(2).transpose(1, 2).add(this.place.unsqueeze(0)));
    const middle = small.add(this.attention.forward(tokens).transpose(1, 2).unflatten(2, [2, 2]));
    return this.last.forward(Tensor.concat([skip, this.grow.forward(this.up.forward(middle))], 1));
  }
}

const backbones = {
  plain: registerModule("OwnPlain", Plain as new (_: object) => Plain),
  rearranged: registerModule("OwnRearranged", Rearranged as new (_: object) => Rearranged),
  dropping: registerModule("OwnDropping", Dropping as new (_: object) => Dropping),
  keeping: registerModule("OwnKeeping", Keeping as new (_: object) => Keeping),
  net: registerModule("OwnNet", Net as new (_: object) => Net),
};

const planarWith = (name: keyof typeof backbones, seed = 0) =>
  new DiffusionModel({
    ...planar(),
    xSize: 2,
    seed,
    model: { type: "noise_function", args: { backbone: backbones[name]({}) } },
  });

const state = async (model: { stateDict(): Record<string, Tensor> }): Promise<Record<string, number[]>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(model.stateDict()).map(async ([name, value]) => [name, await numbers(value)])),
  );

const settings = { steps: 4, batchSize: 32, progress: false, normalize: false, optimizer: sgd({ lr: 0.05 }) } as const;

it("parameters are trained however they are rearranged", async () => {
  const [plain, rearranged] = [planarWith("plain"), planarWith("rearranged")];
  const before = await state(plain);
  expect(await state(rearranged)).toEqual(before);
  await plain.fit(randn([64, 2], { seed: 1 }), settings);
  await rearranged.fit(randn([64, 2], { seed: 1 }), settings);
  const [wanted, got] = [await state(plain), await state(rearranged)];
  for (const [name, values] of Object.entries(wanted)) {
    expect(Math.max(...values.map((value, i) => Math.abs(value - before[name][i])))).toBeGreaterThan(1e-3);
    expect(Math.max(...values.map((value, i) => Math.abs(value - got[name][i])))).toBeLessThan(1e-5);
  }
});

describe("dropout in a model", () => {
  it("follows the seed of the fit", async () => {
    const trained = async (seed: number) => {
      const model = planarWith("dropping", seed);
      const { loss } = await model.fit(data(), { steps: 5, batchSize: 32, progress: false });
      return [loss, await state(model)];
    };
    expect(await trained(1)).toEqual(await trained(1));
    expect(await trained(1)).not.toEqual(await trained(2));
  });

  it("changes training, and not sampling", async () => {
    const [dropping, keeping] = [planarWith("dropping"), planarWith("keeping")];
    const sample = (model: DiffusionModel) => model.sample({ batchSize: 8, seed: 3 }).then(numbers);
    expect(await sample(dropping as DiffusionModel)).toEqual(await sample(keeping as DiffusionModel));
    expect(await sample(dropping as DiffusionModel)).toEqual(await sample(dropping as DiffusionModel));
    const once = { steps: 1, batchSize: 32, progress: false } as const;
    const losses = [await dropping.fit(data(), once), await keeping.fit(data(), once)].map(({ loss }) => loss);
    expect(losses[0]).not.toBe(losses[1]);
  });
});

it("a net of convolutions, norms and attention trains, samples, and is saved", async () => {
  const make = () =>
    new DiffusionModel({
      xSize: [1, 8, 8],
      path: { type: "linear_vp_sde" },
      solver: { type: "ODESolver", args: { method: "euler", steps: 4 } },
      model: { type: "noise_function", args: { backbone: backbones.net({}) } },
    });
  const model = make();
  // Stripes, across or along.
  const stripes = Tensor.stack([
    randn([64, 1, 8, 1], { seed: 1 }).broadcastTo([64, 1, 8, 8]),
    randn([64, 1, 1, 8], { seed: 2 }).broadcastTo([64, 1, 8, 8]),
  ]).flatten(0, 1);
  const before = await state(model);
  const { loss: first } = await model.fit(stripes, { steps: 1, batchSize: 64, progress: false });
  const { loss: last } = await model.fit(stripes, {
    steps: 150,
    batchSize: 64,
    progress: false,
    optimizer: { type: "adamw", lr: 3e-3 },
  });
  expect(last).toBeLessThan(0.8 * (first ?? 0));
  const after = await state(model);
  for (const [name, values] of Object.entries(before)) expect([name, after[name]]).not.toEqual([name, values]);
  const samples = await model.sample({ batchSize: 3, seed: 1 });
  expect([samples.shape, (await numbers(samples)).every(Number.isFinite)]).toEqual([[3, 1, 8, 8], true]);
  const folder = mkdtempSync(join(tmpdir(), "thalweg-own-layers-"));
  try {
    await model.save(join(folder, "model"));
    const again = await DiffusionModel.load(join(folder, "model"));
    expect(await again.sample({ batchSize: 3, seed: 1 }).then(numbers)).toEqual(await numbers(samples));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
