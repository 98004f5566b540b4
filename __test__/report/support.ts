// Small models and what a report's page is given, for the tests of this folder.
// The page's data are read from its file, as the browser does.
import { type config, DiffusionModel, IndependentConditionalFlowModel, type Report, zeros } from "thalweg";
import { unpacked } from "../../ts/page/unpack.ts";
import type { Packed, Payload } from "../../ts/src/report/payload.ts";

/** A solver of few steps. */
export const solver = { type: "ODESolver", args: { method: "heun2", steps: 4 } } as const;

/** A network of a few hundred parameters. */
export const network = (inputs: number, outputs: number) =>
  ({
    type: "velocity_function",
    args: {
      backbone: {
        type: "MultiLayerPerceptron",
        args: { hiddenSizes: [inputs, 16], outputSize: outputs, activation: "silu" },
      },
    },
  }) as const;

/** A diffusion model of states of this size. */
export const diffusion = <const X extends config.Size>(xSize: X, width: number, path: config.Path = { type: "gvp" }) =>
  new DiffusionModel({ xSize, path, solver, model: network(width + 1, width) });

/** A flow that stands still: what it starts from is what it gives. */
export async function standing(): Promise<IndependentConditionalFlowModel<2>> {
  const flow = new IndependentConditionalFlowModel({ xSize: 2, solver, model: network(3, 2) });
  const state = Object.entries(flow.stateDict()).map(([name, { shape }]) => [name, zeros(shape)] as const);
  await flow.loadStateDict(Object.fromEntries(state));
  return flow;
}

/** The data of a page. */
export function payloadOf(report: Report): Payload {
  const [, json = ""] = /<script type="application\/json" id="payload">(.*?)<\/script>/s.exec(report.toHtml()) ?? [];
  return JSON.parse(json);
}

/** A row of packed numbers, of `[rows, …]`. */
export function rowOf(packed: Packed, row: number): number[] {
  const all = unpacked(packed);
  const width = all.length / (packed.shape[0] ?? 1);
  return Array.from(all.subarray(row * width, (row + 1) * width));
}

/** The text of a page's body, without its data, its scripts and its tags. */
export const textOf = (report: Report): string =>
  report
    .toHtml()
    .replace(/<(script|style)[^>]*>.*?<\/\1>/gs, "")
    .replace(/<[^>]+>/g, " ");
