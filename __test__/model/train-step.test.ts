// trainStep: a loop of one's own, with the same update as fit.
import {
  adamw,
  ConfigError,
  ShapeError,
  sgd,
  type Tensor,
  TraceError,
  TrainingError,
  type TrainStepReport,
  tensor,
  trainStep,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { data, numbers, small } from "./support.ts";

describe("trainStep", () => {
  it("lowers the loss of one's own, tracing it once per shapes", async () => {
    const model = small();
    let traces = 0;
    const step = trainStep(
      model,
      (batch: { x: Tensor; weight: Tensor }) => {
        traces += 1;
        return model.flowMatchingLoss(batch.x, { reduction: "none" }).mul(batch.weight).mean();
      },
      adamw({ lr: 3e-3, clipNorm: 1 }),
    );
    const [x, weight] = [data(128).sub(5).div(3), tensor(new Float32Array(128).fill(1))];
    const evaluated = () => model.flowMatchingLoss(x, { seed: 1 }).item();
    const before = await evaluated();
    const reports: TrainStepReport[] = [];
    for (let i = 0; i < 200; i++) reports.push(await step({ x, weight }));
    expect(traces).toBe(1);
    expect(reports[0]).toMatchObject({ step: 1, learningRate: 3e-3 });
    expect(await evaluated()).toBeLessThan(before);
    // Times and noise differ from step to step.
    expect(new Set(reports.map(({ loss }) => loss)).size).toBeGreaterThan(190);
    await step({ x: x.narrow(0, 0, 64), weight: weight.narrow(0, 0, 64) });
    expect(traces).toBe(2);
  });

  it("descends along the gradient of a loss in closed form", async () => {
    const model = small();
    const target = tensor([[1, -1]]);
    const step = trainStep(
      model,
      (x: Tensor) => model.velocityFunction(0.5, x).sub(target).square().mean(),
      sgd({ lr: 0.05 }),
    );
    const x = tensor([
      [0.5, 0.5],
      [-0.5, 1],
    ]);
    const first = await step(x);
    for (let i = 0; i < 200; i++) await step(x);
    const last = await step(x);
    expect(last.loss).toBeLessThan(first.loss / 10);
    expect(last.gradNorm).toBeLessThan(first.gradNorm);
  });

  it("refuses a loss of more than one element and wrong settings", async () => {
    const model = small();
    const wrong = trainStep(model, (x: Tensor) => x);
    await expect(wrong(data(4))).rejects.toThrow(ShapeError);
    expect(() => trainStep(model, (x: Tensor) => x, { type: "adamw", lr: -1 })).not.toThrow(ShapeError);
    expect(() => trainStep(model, (x: Tensor) => x, { type: "adam2" } as never)).toThrow(ConfigError);
  });

  it("refuses a loss that changes nothing: one without a gradient by what it trains", async () => {
    const [model, other] = [small(), small(1)];
    const before = await Promise.all(Object.values(model.stateDict()).map(numbers));
    const losses: Record<string, (x: Tensor) => Tensor> = {
      "uses no model": (x) => x.square().mean(),
      "uses another model": (x) => other.flowMatchingLoss(x),
      "stops its gradient": (x) => model.flowMatchingLoss(x).stopGradient(),
      counts: (x) => model.velocityFunction(0.5, x).gt(0).cast("f32").mean(),
      "uses its parameters as numbers": (x) => x.sum().mul(Object.values(model.stateDict())[0]?.sum() as Tensor),
    };
    for (const [which, loss] of Object.entries(losses)) {
      const done = trainStep(model, loss)(data(8));
      await expect(done, which).rejects.toThrow(TraceError);
      await expect(done, which).rejects.toThrow(
        /^the loss has no gradient by what is trained, .*expected one that depends on trainable parameters, got .*Remedy: /,
      );
    }
    expect(await Promise.all(Object.values(model.stateDict()).map(numbers))).toEqual(before);
    expect((await model.info()).step).toBe(0);
  });

  it("a step whose loss is not finite changes nothing and says so", async () => {
    const model = small();
    const before = await Promise.all(Object.values(model.stateDict()).map(numbers));
    const step = trainStep(model, (x: Tensor) => model.velocityFunction(0.5, x).mean().div(x.sum().mul(0)));
    await expect(step(data(4))).rejects.toThrow(TrainingError);
    expect(await Promise.all(Object.values(model.stateDict()).map(numbers))).toEqual(before);
  });
});
