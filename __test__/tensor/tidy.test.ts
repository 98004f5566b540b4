// tidy frees exactly what was made within and is not in the result.
import { ConfigError, compile, memory, ones, type Tensor, tensor, tidy } from "thalweg";
import { describe, expect, it } from "vitest";

const alive = () => memory().liveTensors;

describe("tidy", () => {
  it("keeps the result and frees everything else", async () => {
    const before = alive();
    const result = tidy(() => ones([4]).mul(2).add(1).sum());
    expect(alive()).toBe(before + 1);
    expect(await result.item()).toBe(12);
  });

  it("keeps tensors anywhere in the result", () => {
    const before = alive();
    const { kept, number } = tidy(() => {
      const x = ones([2]);
      return { kept: [x.add(1), { deep: x.add(2) }], number: x.size };
    });
    expect([alive() - before, kept.length, number]).toEqual([2, 2, 2]);
  });

  it("keeps what was made outside", () => {
    const x = ones([2]);
    expect(tidy(() => x)).toBe(x);
    tidy(() => x.add(1).size);
    expect(x.disposed).toBe(false);
  });

  it("nests: what an inner one returns belongs to the outer one", () => {
    const before = alive();
    const result = tidy(() => {
      const inner = tidy(() => ones([2]).add(1));
      return inner.mul(2);
    });
    expect(alive()).toBe(before + 1);
    result.dispose();
    expect(alive()).toBe(before);
  });

  it("frees everything where the function throws", () => {
    const before = alive();
    expect(() =>
      tidy(() => {
        ones([2]).add(1);
        throw new RangeError("mine");
      }),
    ).toThrow(RangeError);
    expect(alive()).toBe(before);
  });

  it("refuses async functions, and frees what they made", () => {
    const before = alive();
    const wrong = (async () => ones([2])) as unknown as () => Tensor;
    expect(() => tidy(wrong)).toThrow(ConfigError);
    expect(alive()).toBe(before);
  });

  it("frees the results of compiled functions, but not what they captured", async () => {
    const captured = tensor([1, 2]);
    const f = compile((x: Tensor) => x.add(captured));
    const before = alive();
    tidy(() => f(ones([2])).size);
    expect(alive()).toBe(before);
    expect(await f(ones([2])).toArray()).toEqual([2, 3]);
  });

  it("runs a thousand steps in constant memory", () => {
    const before = memory();
    let x = ones([1000]);
    for (let i = 0; i < 1000; i++) {
      const next = tidy(() => x.mul(0.5).add(0.5));
      x.dispose();
      x = next;
    }
    expect(memory().liveBytes).toBe(before.liveBytes + 4000);
  });
});
