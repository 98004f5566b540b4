// Quantiles: of the normal distribution by known answers, of columns by their knots.
import { randn, tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { normalQuantile } from "../../../ts/src/data/encoding/normal-quantile.ts";
import { knotsOf, quantileScale } from "../../../ts/src/data/encoding/quantile.ts";
import { sorted } from "../../../ts/src/data/encoding/sorted.ts";

describe("the normal quantile function", () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.025, -1.959963984540054],
    [0.9, 1.2815515655446004],
    [0.0005, -3.2905267314918945],
    [1e-9, -5.9978070150076865],
  ])("of %d is %d", (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 13);
  });

  it("is the inverse of Φ, which the engine's erf gives", async () => {
    const ps = Array.from({ length: 1999 }, (_, i) => (i + 1) / 2000);
    const z = tensor(Float64Array.from(ps, normalQuantile));
    const back = await z
      .mul(Math.SQRT1_2)
      .erf()
      .add(1)
      .div(2)
      .sub(tensor(Float64Array.from(ps)))
      .abs()
      .max()
      .item();
    expect(back).toBeLessThan(1e-14);
  });
});

describe("knots", () => {
  it("are all values where there are few, and at most a thousand", () => {
    expect(knotsOf(Float64Array.of(1, 2, 2, 5))).toEqual([1, 2, 2, 5]);
    expect(knotsOf(Float64Array.of(7))).toEqual([7]);
    const many = knotsOf(Float64Array.from({ length: 99_901 }, (_, i) => i));
    expect(many.length).toBe(1000);
    expect([many[0], many[1], many.at(-1)]).toEqual([0, 100, 99_900]);
  });

  it("come back exactly, and values between them to the last bits", async () => {
    const values = await sorted((await randn([3000], { dtype: "f64", seed: 2 }).data()) as Float64Array);
    const knots = knotsOf(values);
    const { forward, inverse } = quantileScale(knots);
    for (const knot of knots) expect(inverse(forward(knot))).toBe(knot);
    for (const value of values) expect(Math.abs(inverse(forward(value)) - value)).toBeLessThan(1e-13);
  });

  it("grow with their scores, also beyond the outer ones", () => {
    const { forward, inverse } = quantileScale([0, 1, 1, 1, 4, 4.5]);
    const inputs = Array.from({ length: 401 }, (_, i) => -5 + i / 40);
    for (const f of [forward, inverse]) {
      const outputs = inputs.map(f);
      outputs.slice(1).forEach((output, i) => void expect(output).toBeGreaterThanOrEqual(outputs[i] ?? 0));
    }
    expect(inverse(forward(9))).toBeCloseTo(9, 12);
    expect(inverse(forward(-9))).toBeCloseTo(-9, 12);
  });

  it("that are equal are one value of many scores", () => {
    const { forward, inverse } = quantileScale([0, 0, 0, 5]);
    expect(forward(0)).toBeCloseTo((normalQuantile(1 / 8) + normalQuantile(5 / 8)) / 2, 14);
    for (const z of [-2, normalQuantile(1 / 8), 0, normalQuantile(5 / 8)]) expect(inverse(z)).toBe(0);
    expect(inverse(normalQuantile(7 / 8))).toBe(5);
    const constant = quantileScale([3, 3]);
    expect([constant.forward(3), constant.inverse(-4), constant.inverse(4)]).toEqual([0, 3, 3]);
    const single = quantileScale([3]);
    expect([single.forward(3), single.inverse(1)]).toEqual([0, 3]);
  });
});

it.each([0, 1, 2, 32_768, 32_769, 100_000, 131_072])("%d numbers are sorted", async (count) => {
  const values = (await randn([count], { dtype: "f64", seed: count }).data()) as Float64Array;
  const before = values.slice();
  expect(await sorted(values)).toEqual(values.slice().sort());
  expect(values).toEqual(before);
});
