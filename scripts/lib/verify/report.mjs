// docs/generated/correctness.md from rows: one table per section, orders as one matrix of solvers and paths.
// Pure functions of the rows; nothing is measured here.
import { allowed, measured } from "./number.mjs";

/** Sections in their order, each with what it shows. */
const sections = [
  [
    "order",
    "Order of every ODE solver on every path",
    "Each solver, as it samples from a model of the library whose network is exact for a mixture of two Gaussians on the line, against the exact flow, which " +
      "keeps quantiles; in f64, while steps are doubled until the slope of the error has settled. A cell is the least order over networks of score, noise, " +
      "velocity and data (flows and bridges: velocity); `·` is an error below 1e-11, where no order is left to measure; empty where the solver needs a " +
      "Gaussian path and there is none. t runs between 0.95 and 0.05; on edm, where time is σ, σ runs from 19 to 1/19, which is the same in σ/s as on linear; " +
      "steps on edm and ve follow the Karras grid. The bound is theory less 0.1.",
  ],
  [
    "tolerance",
    "Adaptive steps",
    "Tolerances from 1e-5 to 1e-9: the slope of log error over log tolerance, and the largest error in units of the tolerance.",
  ],
  [
    "strong order",
    "Strong order of SDE solvers",
    "Root mean square distance to 4096 steps on the same Brownian paths, through the sampler, with the default diffusion h = σ.",
  ],
  [
    "weak order",
    "Weak order of SDE solvers",
    "Mean and variance on Gaussian data by the steps' own coefficients, without Monte Carlo; the least order over the four parameterizations.",
  ],
  [
    "optimum",
    "Optima of objectives",
    "On Gaussian data the exact function has no gradient: |E ∂loss| / E|∂loss beside it|, the largest over losses, weights, time samplers and times; and the " +
      "same number for a network that is a little off, which must be seen.",
  ],
  [
    "likelihood",
    "Likelihood",
    "log p of a mixture of three Gaussians in the plane by dopri8 at 1e-10, against its exact density.",
  ],
  [
    "gradients",
    "Gradients of log p",
    "Through the unrolled sampler, in data and parameters, against finite differences of the same steps.",
  ],
  [
    "bridge",
    "The Schrödinger bridge between two Gaussians",
    "N(−0.1, 1) to N(0.1, 1) with σ = 1, whose marginals and plan are known in closed form; without Monte Carlo.",
  ],
  ["trained", "Trained models", "From TypeScript, with fixed seeds. These numbers depend a little on the machine."],
];

const escaped = (text) => text.replaceAll("|", "\\|");

function table(header, rows) {
  const line = (cells) => `| ${cells.map((cell) => escaped(String(cell))).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

const unique = (values) => [...new Set(values)];

/** The row of least margin: a failing one, else the least order, else the largest error. */
function worst(rows) {
  const failing = rows.find(({ pass }) => !pass);
  const orders = rows.filter(({ bound }) => bound.kind === "atLeast").sort((a, b) => a.measured - b.measured);
  return failing ?? orders[0] ?? rows.sort((a, b) => b.measured - a.measured)[0];
}

/** The text of a cell of the matrix. */
function cell(rows) {
  if (rows.length === 0) return "";
  const row = worst(rows);
  const text = row.bound.kind === "atMost" ? "·" : measured(row);
  return row.pass ? text : `**${row.bound.kind === "atMost" ? row.measured : text}**`;
}

/** Solvers and paths. */
function matrix(rows) {
  const paths = unique(rows.map(({ labels }) => labels.path));
  const lines = unique(rows.map(({ labels }) => labels.solver)).map((solver) => {
    const own = rows.filter(({ labels }) => labels.solver === solver);
    const at = (path) => cell(own.filter(({ labels }) => labels.path === path));
    return [solver, own[0].labels.theory, ...paths.map(at), own[0].source];
  });
  return table(["solver", "theory", ...paths, "source"], lines);
}

function list(rows) {
  return table(
    ["check", "measured", "bound", "source"],
    rows.map((row) => [row.name, row.pass ? measured(row) : `**${measured(row)}**`, allowed(row.bound), row.source]),
  );
}

function trained(rows) {
  const lines = rows.map((row) => {
    const { floor = "", published = "", settings = "" } = row.labels;
    return [row.name, measured(row), allowed(row.bound), published, floor, settings, row.source];
  });
  return table(["check", "measured", "bound", "published", "floor", "settings", "source"], lines);
}

const layouts = { order: matrix, "strong order": matrix, "weak order": matrix, trained };

/** The rows outside of their bounds, as sentences. */
export function failures(rows) {
  return rows
    .filter(({ pass }) => !pass)
    .map((row) => `${row.section}: ${row.name}: ${row.measured}, bound ${allowed(row.bound)}`);
}

/** The document. */
export function report(rows) {
  const failed = failures(rows).length;
  const parts = sections.flatMap(([section, title, text]) => {
    const own = rows.filter((row) => row.section === section);
    if (own.length === 0) return [];
    return [`## ${title}\n${text}\n\n${own.length} checks.\n\n${(layouts[section] ?? list)(own)}\n`];
  });
  const head = `# Correctness

What theory says and what the library does. Written by \`npm run verify\`; every number is measured, every bound has its source.

${rows.length} checks, ${failed} outside of their bounds. The picture shows the first table.

![Order of every solver on every path, less the order of theory](correctness.png)
`;
  return `${[head, ...parts].join("\n").trimEnd()}\n`;
}
