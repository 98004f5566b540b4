// Pooling with ceilMode: windows that reach beyond the end, against a window by window count of what each of them has.
// How many there are, and by what a mean is divided, is PyTorch's rule (torch.nn.MaxPool1d, AvgPool1d).
import { nn, randn, type Tensor, valueAndGrad } from "thalweg";
import { describe, expect, it } from "vitest";
import { numbers } from "../model/support.ts";

interface Windows {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
}

const cases = [2, 3, 4].flatMap((size) =>
  [1, 2, 3].flatMap((stride) =>
    [0, 1]
      .flatMap((padding) => [2, 5, 6, 7].map((length) => ({ size, stride, padding, length })))
      // Where not even one window would begin before it ends, there is none.
      .filter(({ size, stride, padding, length }) => size - length - 2 * padding < stride),
  ),
);

/** The places in which windows begin: at most one of them reaches beyond the padding, and none begins in it at the far end. */
function starts({ size, stride, padding }: Windows, length: number): number[] {
  const all: number[] = [];
  for (let start = -padding; start < length; start += stride) {
    all.push(start);
    if (start + size >= length + padding) break;
  }
  return all;
}

const kept = (x: readonly number[], start: number, size: number) =>
  x.slice(Math.max(0, start), Math.max(0, start + size));

/** What each window of a signal gives. */
function expected(x: readonly number[], windows: Windows, kind: "max" | "all" | "real"): number[] {
  const { size, padding } = windows;
  return starts(windows, x.length).map((start) => {
    const inside = kept(x, start, size);
    if (kind === "max") return Math.max(...inside);
    const counted = kind === "real" ? inside.length : Math.min(start + size, x.length + padding) - start;
    return inside.reduce((a, b) => a + b, 0) / counted;
  });
}

const close = (got: readonly number[], wanted: readonly number[]) => {
  expect(got.length).toBe(wanted.length);
  got.forEach((value, i) => void expect(value).toBeCloseTo(wanted[i] ?? Number.NaN, 5));
};

describe("ceilMode", () => {
  it.each(cases)("windows of $size, stride $stride, padding $padding, over $length", async ({ length, ...windows }) => {
    const x = randn([1, 1, length], { seed: length });
    const values = await numbers(x);
    const { size, ...rest } = windows;
    const options = { ...rest, ceilMode: true };
    close(await numbers(x.maxPool(size, options)), expected(values, windows, "max"));
    close(await numbers(x.avgPool(size, options)), expected(values, windows, "all"));
    close(await numbers(x.avgPool(size, { ...options, countIncludePad: false })), expected(values, windows, "real"));
  });

  it("does not make up windows", () => {
    const options = { stride: 1, ceilMode: true };
    expect(() => randn([1, 1, 2]).maxPool(3, options)).toThrow(
      /maxPool: expected windows of at most 2 elements, got 3/,
    );
  });

  it("of layers, in two dimensions", async () => {
    const x = randn([2, 3, 7, 8], { seed: 1 });
    const options = { stride: 2, ceilMode: true };
    expect(new nn.MaxPool2d(2, options).forward(x).shape).toEqual([2, 3, 4, 4]);
    expect(new nn.AvgPool2d(3, options).forward(x).shape).toEqual([2, 3, 3, 4]);
    const rows = await numbers(x.avgPool([2, 1], { stride: [2, 1], ceilMode: true }));
    const [last] = (await numbers(x.narrow(2, 6, 1))).slice(0, 1);
    expect(rows[3 * 8]).toBeCloseTo(last ?? Number.NaN, 6);
  });

  it("gives every element of a mean its share of the gradient", async () => {
    const pooled = (x: Tensor) => x.avgPool(2, { ceilMode: true }).sum();
    expect(await numbers(valueAndGrad(pooled)(randn([1, 1, 5])).grad)).toEqual([0.5, 0.5, 0.5, 0.5, 1]);
  });
});
