// What the gallery shows: the README's program and each example, in the order of the page, and what its picture tells.
// The figures below a picture are what the example printed in the same run.

export const entries = [
  {
    name: "readme",
    title: "Ten lines",
    caption: "The program of the README: a swiss roll, a perceptron, a straight path.",
    source: "README.md",
  },
  {
    name: "density",
    title: "A density with exact likelihood",
    caption:
      "Where the post codes of the contiguous United States lie. A flow, a kernel density estimate and a Gaussian are fitted to the same places and judged by places that none of them saw.",
  },
  {
    name: "inference",
    title: "Posteriors from simulations alone",
    caption:
      "A conditional flow learns p(θ | x) from pairs of parameters and simulated observations. Both simulators have known posteriors: a Gaussian, and two branches of a hyperbola.",
  },
  {
    name: "digits",
    title: "Digits by class",
    caption:
      "A small U-Net, a straight path and a label as condition, without and with classifier-free guidance. A classifier that was trained beside it reads the samples. Guidance makes each of them clearer, and all of them together less like a set of real digits.",
  },
  {
    name: "translation",
    title: "From one set to another",
    caption:
      "A Schrödinger bridge carries moons to eight Gaussians, and the measures of one species of penguins to those of another, without a single pair to learn from.",
  },
  {
    name: "forecast",
    title: "The week to come",
    caption:
      "The highest temperatures of seven days, given the two weeks before: 200 courses for each day of a year that training did not see.",
  },
  {
    name: "mixed-table",
    title: "A table of numbers and categories",
    caption:
      "Days of weather that never were, from a model of a table whose columns are numbers and categories, beside real days and beside columns drawn independently.",
  },
].map((entry) => ({ source: `examples/${entry.name}.ts`, ...entry }));
