// The order of the pages.
// A page that is not named here is found by search and links alone; a test sees to it that there is none.

const page = (name, text) => ({ text, link: `/guide/${name}` });

export const guide = [
  { text: "Begin", items: [page("start", "Start in five minutes"), page("first-errors", "First errors")] },
  {
    text: "Choose",
    items: [
      page("paths", "A path"),
      page("parameterizations", "What the network predicts"),
      page("solvers", "A solver"),
      page("losses", "A loss"),
    ],
  },
  {
    text: "Your own",
    items: [page("own-network", "Network"), page("own-loss", "Loss and loop")],
  },
  {
    text: "End to end",
    items: [page("tables", "Tables"), page("images", "Images"), page("series", "Series"), page("tokens", "Tokens")],
  },
  {
    text: "Models",
    items: [
      page("conditions", "Conditions"),
      page("bridges", "Flows and bridges"),
      page("likelihood", "Likelihood"),
      page("guidance", "Guidance"),
    ],
  },
  {
    text: "Running",
    items: [
      page("command-line", "The command line"),
      page("watching", "Logs, pictures, reports"),
      page("speed", "Speed"),
      page("cuda", "CUDA"),
      page("reproducibility", "Reproducibility"),
    ],
  },
  {
    text: "Coming from",
    items: [
      page("from-generativerl", "GenerativeRL"),
      page("from-diffusers", "diffusers"),
      page("from-tfjs", "TensorFlow.js"),
      page("comparison", "Beside others"),
    ],
  },
];

const report = (name, text) => ({ text, link: `/generated/${name}` });

export const reports = [
  {
    text: "Measured",
    items: [
      report("correctness", "Correctness"),
      report("comparison", "Figures beside peers"),
      report("performance", "Performance"),
      report("performance-cuda", "Performance on a GPU"),
      report("performance-cuda-kernels", "Kernels of a GPU"),
      report("profile", "Profile"),
      report("solvers", "Solvers"),
      report("explain", "A program, explained"),
      { text: "Architecture", link: "/ARCHITECTURE" },
    ],
  },
];
