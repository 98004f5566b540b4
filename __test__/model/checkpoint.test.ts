// Parameters in and out: folders, GenerativeRL's files, state dicts; what does not fit changes nothing.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CheckpointError, DeviceError, DiffusionModel, DisposedError, tensor, zeros } from "thalweg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { data, numbers, planar, small } from "./support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-checkpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sample = async (model: Pick<DiffusionModel, "sample">) => numbers(await model.sample({ batchSize: 4, seed: 5 }));

describe("a folder", () => {
  it("gives the model back, with its training state", async () => {
    const model = small(4);
    await model.fit(data(), { steps: 5, batchSize: 32, progress: false });
    await model.save(join(folder, "model"));
    const loaded = await DiffusionModel.load(join(folder, "model"));
    expect(await sample(loaded)).toEqual(await sample(model));
    expect(await loaded.info()).toEqual(await model.info());
    expect(loaded.parameters()).toEqual(model.parameters());
  });

  it("is written over as a whole", async () => {
    const path = join(folder, "model");
    await small(1).save(path);
    await small(2).save(path);
    expect(await sample(await DiffusionModel.load(path))).toEqual(await sample(small(2)));
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  it("that is missing, truncated or not one of ours is refused", async () => {
    const path = join(folder, "model");
    await expect(DiffusionModel.load(path)).rejects.toThrow(CheckpointError);
    await small().save(path);
    const file = readdirSync(path).find((name) => name.endsWith(".safetensors")) ?? "none";
    truncateSync(join(path, file), 1000);
    await expect(DiffusionModel.load(path)).rejects.toThrow(CheckpointError);
    writeFileSync(join(folder, "file"), "");
    await expect(DiffusionModel.load(join(folder, "file"))).rejects.toThrow(CheckpointError);
  });

  it("that cannot be written is an error that leaves nothing", async () => {
    writeFileSync(join(folder, "file"), "text");
    await expect(small().save(join(folder, "file", "model"))).rejects.toThrow(CheckpointError);
    expect(readdirSync(folder)).toEqual(["file"]);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("text");
  });
});

describe("a state dict", () => {
  it("goes from one model into another", async () => {
    const [from, into] = [small(1), small(2)];
    expect(await into.loadStateDict(from.stateDict())).toEqual({ missing: [], extra: [] });
    expect(await sample(into)).toEqual(await sample(from));
  });

  it("with missing or extra names is refused, unless strict is false", async () => {
    const model = small(1);
    const before = await sample(model);
    const { "backbone.model.linear0.weight": weight, ...rest } = small(2).stateDict();
    await expect(model.loadStateDict(rest)).rejects.toThrow(CheckpointError);
    await expect(
      model.loadStateDict({ ...rest, "backbone.model.linear0.weight": weight, more: tensor(1) }),
    ).rejects.toThrow(/more/);
    await expect(model.loadStateDict({ ...rest, "backbone.model.linear0.weight": zeros([3, 3]) })).rejects.toThrow(
      CheckpointError,
    );
    expect(await sample(model)).toEqual(before);
    const report = await model.loadStateDict({ ...rest, more: tensor(1) }, { strict: false });
    expect(report).toEqual({ missing: ["backbone.model.linear0.weight"], extra: ["more"] });
  });
});

describe("GenerativeRL's checkpoint", () => {
  const golden = fileURLToPath(new URL("../golden/", import.meta.url));
  const model = () =>
    new DiffusionModel({
      ...planar(),
      xSize: 2,
      model: {
        type: "noise_function",
        args: {
          tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 30 } },
          backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [32, 16, 8], outputDim: 2, tDim: 32 } },
        },
      },
    });

  it.each(["checkpoint_7.pt", "module_checkpoint_7.pt", "orig_mod_checkpoint_7.pt"])("%s loads", async (name) => {
    const file = join(golden, "checkpoint", name);
    expect(existsSync(file)).toBe(true);
    const loaded = model();
    const before = await sample(loaded);
    expect(await loaded.importWeights(file)).toEqual({ missing: [], extra: [] });
    expect(await sample(loaded)).not.toEqual(before);
  });

  it("of another network, or no checkpoint at all, is refused and changes nothing", async () => {
    const other = small();
    const before = await sample(other);
    await expect(other.importWeights(join(golden, "checkpoint", "checkpoint_7.pt"))).rejects.toThrow(CheckpointError);
    await expect(other.importWeights(join(folder, "none.pt"))).rejects.toThrow(CheckpointError);
    writeFileSync(join(folder, "bad.pt"), "not a zip");
    await expect(other.importWeights(join(folder, "bad.pt"))).rejects.toThrow(CheckpointError);
    expect(await sample(other)).toEqual(before);
  });
});

describe("a model", () => {
  it("moves to a device with all it has, or stays where it is", async () => {
    const model = small();
    await model.fit(data(), { steps: 3, batchSize: 32, progress: false });
    const before = [await sample(model), await model.info()];
    expect(await model.to("cpu")).toBe(model);
    expect(model.config.device).toBe("cpu");
    expect([await sample(model), await model.info()]).toEqual(before);
    await expect(model.to("cuda:99")).rejects.toThrow(DeviceError);
    expect(await sample(model)).toEqual(before[0]);
  });

  it("that was disposed of is refused", async () => {
    const model = small();
    {
      using scoped = model;
      expect(scoped.parameters().length).toBe(6);
    }
    expect(() => model.parameters()).toThrow(DisposedError);
    await expect(model.sample()).rejects.toThrow(DisposedError);
    model.dispose();
  });
});
