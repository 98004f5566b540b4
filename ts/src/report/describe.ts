// What a model is, as rows of a table: class, path, networks, sizes, training.
// Read from its config and from what it says of itself; nothing is computed.
import type { Size } from "../generated/config.js";
import { type AnyConfig, placesOf } from "../model/network.js";
import { native } from "../native.js";
import type { Subject } from "./subject.js";

/** A property and its value. */
export type Row = readonly [name: string, value: string];

const number = (count: number) => count.toLocaleString("en-GB");

/** A size as users write it, on one line. */
const sizeText = (size: Size) => JSON.stringify(size).replaceAll('"', "").replaceAll(",", ", ").replaceAll(":", ": ");

/** Settings with a type, on one line: `linear_vp_sde (beta0 0.1, beta1 20)`. */
function typed(settings: object | undefined): string | undefined {
  if (settings === undefined) return undefined;
  const { type, args, ...rest } = settings as { readonly type?: string; readonly args?: object };
  const shown = Object.entries({ ...rest, ...args }).filter(([, value]) => typeof value !== "object");
  const inside = shown.map(([name, value]) => (typeof value === "boolean" && value ? name : `${name} ${value}`));
  const all = inside.length > 0 ? ` (${inside.join(", ")})` : "";
  return `${type ?? "Brownian bridge"}${all}`;
}

function networkRows(config: AnyConfig): Row[] {
  return placesOf(config).flatMap(({ path, network: { backbone }, type }): Row[] => [
    [path === "model.args" ? "parameterization" : path.replace(".args", ""), type],
    [path === "model.args" ? "network" : `network of ${path.replace(".args", "")}`, backbone.type],
  ]);
}

/** What the model is. */
export async function description(subject: Subject): Promise<Row[]> {
  const { model, config } = subject;
  const info = await model.info();
  const sizes = model.parameters().map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  const path = typed(config.path);
  const solver = typed("solver" in config ? config.solver : undefined);
  const rows: (Row | undefined)[] = [
    ["class", subject.name],
    path === undefined ? undefined : ["path", path],
    ...networkRows(config),
    ["parameters", number(sizes.reduce((sum, size) => sum + size, 0))],
    ["state", sizeText(config.xSize)],
    config.conditionSize === undefined ? undefined : ["condition", sizeText(config.conditionSize)],
    subject.vocabulary === undefined ? undefined : ["vocabulary", number(subject.vocabulary)],
    solver === undefined ? undefined : ["solver", solver],
    ["steps trained", number(info.step)],
    info.energyStep > 0 ? ["steps trained of the energy", number(info.energyStep)] : undefined,
    ["moving average of parameters", info.hasEma ? "yes" : "no"],
    ["normalised data", info.normalization === null ? "no" : "yes"],
    ["seed", String(config.seed ?? 0)],
    ["device", info.device],
    ["element type", config.dtype ?? "f32"],
    ["thalweg", native.version()],
  ];
  return rows.filter((row) => row !== undefined);
}

/** The longest config that is shown; an encoding of many categories is longer. */
const CONFIG = 20_000;

/** The config as text. */
export function configText({ config }: Subject): string {
  const text = JSON.stringify(config, undefined, 2);
  return text.length > CONFIG ? `${text.slice(0, CONFIG)}\n… ${number(text.length - CONFIG)} characters more` : text;
}
