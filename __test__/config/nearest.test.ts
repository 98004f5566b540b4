// Hints: a slip finds the word it was meant to be, a stranger finds none.
import { expect, it } from "vitest";
import { nearest } from "../../ts/src/config/nearest.ts";

const known = ["hiddenSizes", "outputDim", "tDim", "beta0", "beta1", "linear_vp_sde", "gvp"];

it.each([
  ["hiddenSize", "hiddenSizes"],
  ["hidden_sizes", "hiddenSizes"],
  ["hiddneSizes", "hiddenSizes"],
  ["outputdim", "outputDim"],
  ["beta_1", "beta1"],
  ["linear_vp_ode", "linear_vp_sde"],
  ["gpv", "gvp"],
  ["out", "outputDim"],
])("%s was meant to be %s", (wrong, right) => {
  expect(nearest(wrong, known)).toBe(right);
});

it.each(["alpha", "library", "", "x"])("%j is none of them", (wrong) => {
  expect(nearest(wrong, known)).toBeUndefined();
});
