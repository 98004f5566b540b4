// Structures of tensors that users hand over: what contains itself is refused with its place, what appears twice is not.
import {
  ConfigError,
  compile,
  DataError,
  DiffusionModel,
  grad,
  Module,
  ones,
  registerModule,
  type Tensor,
  tensor,
  tidy,
  trainStep,
} from "thalweg";
import { describe, expect, it } from "vitest";
import { planar, small } from "../model/support.ts";

/** An object that contains itself, at `batch.again`. */
function circular(): never {
  const whole: Record<string, unknown> = { x: ones([4, 2]) };
  whole.batch = { y: ones([4, 2]), again: whole };
  return whole as never;
}

/** An array that contains itself. */
function ring(): never {
  const items: unknown[] = [ones([4, 2])];
  items.push(items);
  return items as never;
}

class Plain extends Module {
  override forward(_t: Tensor, x: Tensor): Tensor {
    return x;
  }
}
const plain = registerModule("PlainOfTrees", Plain);

const sum = (batch: { x: Tensor }) => batch.x.sum();

describe("a structure that contains itself", () => {
  const model = small();
  it.each<[string, () => unknown]>([
    ["trainStep", () => trainStep(model, ({ x }: { x: Tensor }) => model.flowMatchingLoss(x))(circular())],
    ["fit", () => model.fit(circular(), { steps: 1 })],
    ["fit's condition", () => model.fit(ones([4, 2]), { steps: 1, sampleWeight: circular() })],
    ["sample", () => model.sample({ x0: circular() })],
    ["compile", () => compile(sum)(circular())],
    ["grad", () => grad(sum)(circular())],
    ["the result of compile", () => compile((_x: Tensor) => circular())(ones([1]))],
  ])("is refused by %s, with its place", async (_, call) => {
    const done = (async () => call())();
    await expect(done).rejects.toThrow(DataError);
    await expect(done).rejects.toThrow(/expected .*, got an object that contains itself at (0\.)?batch\.again$/);
  });

  it("may be an array", async () => {
    await expect(trainStep(model, ([x]: Tensor[]) => model.flowMatchingLoss(x as Tensor))(ring())).rejects.toThrow(
      /^trainStep\(loss\): expected tensors, .*, got an array that contains itself at 1$/,
    );
  });

  it("is no config, neither where its place is known nor among the settings of a module", () => {
    const args: Record<string, unknown> = { width: 1 };
    args.own = args;
    const path = { type: "linear_vp_sde", beta0: args } as never;
    expect(() => new DiffusionModel({ ...planar(), xSize: 2, path })).toThrow(ConfigError);
    expect(() => new DiffusionModel({ ...planar(), xSize: 2, path })).toThrow(
      /^path\.beta0: expected a number, got an object$/,
    );
    const model = { type: "velocity_function", args: { backbone: plain(args as never) } } as const;
    expect(() => new DiffusionModel({ ...planar(), xSize: 2, model })).toThrow(ConfigError);
    expect(() => new DiffusionModel({ ...planar(), xSize: 2, model })).toThrow(
      /^model\.args\.backbone\.args\.own: expected JSON, got an object$/,
    );
  });

  it("leaves tidy alone: its tensors are kept as those of any result", async () => {
    const kept = tidy(() => circular() as { readonly x: Tensor });
    expect(await kept.x.sum().item()).toBe(8);
  });
});

it("the same tensor or object at two places is fine", async () => {
  const [x, weight] = [tensor([1, 2]), { value: tensor([3, 4]) }];
  const product = compile((batch: { x: Tensor; a: typeof weight; b: typeof weight }) =>
    batch.x.mul(batch.a.value).mul(batch.b.value).sum(),
  );
  expect(await product({ x, a: weight, b: weight }).item()).toBe(9 + 32);
});

it("what tidy returns keeps its tensors, wherever they are in it", async () => {
  const kept = tidy(() => ({ none: undefined, list: [ones([2]), { inner: ones([3]) }], last: ones([1]) }));
  const [first, second] = kept.list as [Tensor, { readonly inner: Tensor }];
  expect([first.disposed, second.inner.disposed, kept.last.disposed]).toEqual([false, false, false]);
});
