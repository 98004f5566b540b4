// trainStep of a module by itself: classifiers, regressions and adversaries, with the same update as a model's.
import {
  adamw,
  ConfigError,
  compile,
  functionalCall,
  grad,
  init,
  Module,
  nn,
  ones,
  Parameter,
  randn,
  ShapeError,
  sgd,
  type Tensor,
  TraceError,
  TrainingError,
  tensor,
  trainStep,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { numbers } from "./support.ts";

type Pairs = { readonly inputs: Tensor; readonly targets: Tensor };

const squares = (net: Module) => (batch: Pairs) => net.forward(batch.inputs).sub(batch.targets).square().mean();

const values = async (module: Module) => Promise.all(Object.values(module.stateDict()).map(numbers));

describe("trainStep of a module", () => {
  it("finds the line that data lie on", async () => {
    const line = new nn.Linear(3, 1);
    const inputs = randn([256, 3], { seed: 1 });
    const targets = inputs.matmul(tensor([[1], [-2], [0.5]])).add(3);
    const step = trainStep(line, squares(line), adamw({ lr: 0.05, weightDecay: 0 }));
    for (let i = 0; i < 600; i++) await step({ inputs, targets });
    const { weight, bias } = line.stateDict();
    const [found, offset] = [await numbers(weight as Tensor), await numbers(bias as Tensor)];
    expect(Math.max(...[1, -2, 0.5].map((wanted, i) => Math.abs((found[i] as number) - wanted)))).toBeLessThan(1e-3);
    expect(Math.abs((offset[0] as number) - 3)).toBeLessThan(1e-3);
    // The loss is that of the values before the step, and all of it goes on being so small.
    expect((await step({ inputs, targets })).loss).toBeLessThan(1e-5);
  });

  it("descends along the gradient, step by step, as gradient descent by hand does", async () => {
    const net = new nn.Sequential(new nn.Linear(2, 4), new nn.SiLU(), new nn.Linear(4, 1)).seed(3);
    const batch = { inputs: randn([16, 2], { seed: 1 }), targets: randn([16, 1], { seed: 2 }) };
    let byHand = net.stateDict();
    const slope = grad((parameters: Record<string, Tensor>, { inputs, targets }: Pairs) =>
      functionalCall(net, parameters, inputs).sub(targets).square().mean(),
    );
    const step = trainStep(net, squares(net), sgd({ lr: 0.1 }));
    for (let i = 0; i < 5; i++) {
      const slopes = slope(byHand, batch);
      byHand = Object.fromEntries(
        Object.entries(byHand).map(([name, value]) => [name, value.sub((slopes[name] as Tensor).mul(0.1))]),
      );
      expect((await step(batch)).step).toBe(i + 1);
    }
    for (const [name, value] of Object.entries(net.stateDict())) {
      const wanted = await numbers(byHand[name] as Tensor);
      (await numbers(value)).forEach((found, i) => {
        expect(Math.abs(found - (wanted[i] as number))).toBeLessThan(1e-6);
      });
    }
  });

  it("refuses a loss that depends on none of its parameters, and takes one that leaves some out", async () => {
    const [used, unused] = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
    const batch = { inputs: ones([4, 2]), targets: ones([4, 1]) };
    const nothing = trainStep(unused, squares(used))(batch);
    await expect(nothing).rejects.toThrow(TraceError);
    await expect(nothing).rejects.toThrow(/^the loss has no gradient by what is trained/);
    const both = new nn.Sequential(used, new nn.Linear(1, 1));
    const kept = await values(both);
    await trainStep(both, squares(used), sgd({ lr: 0.1 }))(batch);
    const now = await values(both);
    expect(now.map((each, i) => `${each}` === `${kept[i]}`)).toEqual([false, false, true, true]);
  });

  it("and one whose only trainable parameters it leaves out", async () => {
    class Half extends Module {
      readonly fixed = new Parameter([1], { init: init.constant(1), trainable: false });
      readonly free = new Parameter([1], { init: init.constant(1) });
      override forward(x: Tensor): Tensor {
        return x.mul(this.fixed);
      }
    }
    const half = new Half();
    await expect(trainStep(half, (x: Tensor) => half.forward(x).mean())(ones([2, 1]))).rejects.toThrow(
      /^the loss has no gradient by what is trained/,
    );
  });

  it("gives the new values to whatever uses the module, without tracing it again", async () => {
    const net = new nn.Linear(1, 1);
    let traces = 0;
    const predicted = compile((x: Tensor) => {
      traces += 1;
      return net.forward(x);
    });
    const x = ones([1, 1]);
    const step = trainStep(net, squares(net), sgd({ lr: 0.1 }));
    const [before] = await numbers(predicted(x));
    const seen = new Set<number>();
    for (let i = 0; i < 5; i++) {
      const report = step({ inputs: x, targets: x.mul(9) });
      // Without waiting: what comes behind the step sees its result.
      const [compiled, eager] = [predicted(x), net.forward(x)];
      await report;
      expect(await numbers(compiled)).toEqual(await numbers(eager));
      seen.add((await numbers(compiled))[0] as number);
    }
    expect(seen.size).toBe(5);
    expect(seen.has(before as number)).toBe(false);
    // Once with values of its own, once by reference.
    expect(traces).toBe(2);
  });

  it("goes on from values that are loaded between steps, and those can be loaded into another", async () => {
    const net = new nn.Linear(1, 1);
    const step = trainStep(net, squares(net), sgd({ lr: 0.1 }));
    const batch = { inputs: ones([1, 1]), targets: ones([1, 1]) };
    await step(batch);
    net.loadStateDict({ weight: tensor([[5]]), bias: tensor([-4]) });
    expect((await step(batch)).loss).toBe(0);
    const other = new nn.Linear(1, 1);
    other.loadStateDict(net.stateDict());
    expect(await values(other)).toEqual([[5], [-4]]);
    net.seed(1);
    const fresh = new nn.Linear(1, 1).seed(1);
    expect(await values(net)).toEqual(await values(fresh));
    expect((await step(batch)).step).toBe(3);
  });

  it("is the same for the same seed, dropout included", async () => {
    const trained = async (seed: number) => {
      const net = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.5), new nn.Linear(8, 1)).seed(seed);
      const step = trainStep(net, squares(net));
      const losses: number[] = [];
      for (let i = 0; i < 4; i++) losses.push((await step({ inputs: ones([8, 4]), targets: ones([8, 1]) })).loss);
      return { losses, values: await values(net) };
    };
    const once = await trained(1);
    expect(await trained(1)).toEqual(once);
    expect((await trained(2)).losses).not.toEqual(once.losses);
    expect(new Set(once.losses).size).toBe(4);
  });

  it("trains two modules in turn, each with a loss that uses both, tracing each loss once", async () => {
    const [scale, judge] = [new nn.Linear(1, 1), new nn.Linear(1, 1)];
    let traces = 0;
    const difference = (sign: number) => (x: Tensor) => {
      traces += 1;
      const [real, made] = [judge.forward(x), judge.forward(scale.forward(x))];
      return real.mean().sub(made.mean()).square().mul(sign);
    };
    const [up, down] = [
      trainStep(judge, difference(-1), sgd({ lr: 0.01 })),
      trainStep(scale, difference(1), sgd({ lr: 0.01 })),
    ];
    const x = randn([32, 1], { seed: 1 });
    const [first, ...others] = await values(judge);
    for (let i = 0; i < 3; i++) {
      await up(x);
      await down(x);
    }
    // The second loss reads the judge, which is in training by then; the first was recorded with the scale's own first values.
    expect(traces).toBeLessThanOrEqual(3);
    expect(await values(judge)).not.toEqual([first, ...others]);
  });

  it("leaves what is frozen, and changes nothing where the loss is not finite", async () => {
    class Frozen extends Module {
      readonly factor = new Parameter([1], { init: init.constant(2), trainable: false });
      readonly offset = new Parameter([1], { init: init.constant(1), decay: false });
      override forward(x: Tensor): Tensor {
        return x.mul(this.factor).add(this.offset);
      }
    }
    const net = new Frozen();
    const step = trainStep(net, (x: Tensor) => net.forward(x).square().mean(), sgd({ lr: 0.1 }));
    await step(ones([1, 1]));
    const [factor, offset] = await values(net);
    expect(factor).toEqual([2]);
    expect(offset?.[0]).toBeCloseTo(1 - 0.1 * 6, 6);
    await expect(step(tensor([[Number.POSITIVE_INFINITY]]))).rejects.toThrow(TrainingError);
    expect(await values(net)).toEqual([factor, offset]);
  });

  it("says so where the module got another layer since", async () => {
    class Net extends Module {
      layer = new nn.Linear(1, 1);
      override forward(x: Tensor): Tensor {
        return this.layer.forward(x);
      }
    }
    const net = new Net();
    const step = trainStep(net, (x: Tensor) => net.forward(x).mean(), sgd({ lr: 0.1 }));
    await step(ones([1, 1]));
    net.layer = new nn.Linear(1, 1);
    await expect(step(ones([1, 1]))).rejects.toThrow(/call trainStep anew/);
    await trainStep(net, (x: Tensor) => net.forward(x).mean(), sgd({ lr: 0.1 }))(ones([1, 1]));
  });

  it("takes no function that gives a promise, and lets go of the promise", async () => {
    const net = new nn.Linear(1, 1);
    const step = trainStep(net, (async () => {
      throw new Error("late");
    }) as never);
    await expect(step(ones([1, 1]) as never)).rejects.toThrow(ShapeError);
    await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it("refuses a module without parameters and a loss of more than one element", async () => {
    const empty = new nn.ReLU();
    expect(() => trainStep(empty, (x: Tensor) => empty.forward(x).mean())).toThrow(ConfigError);
    const net = new nn.Linear(1, 1);
    await expect(trainStep(net, (x: Tensor) => net.forward(x))(ones([2, 1]))).rejects.toThrow(ShapeError);
  });
});
