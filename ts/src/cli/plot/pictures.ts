// What draws the pictures of a run, and of which models there are which.
// A new picture is one entry here, and its name in names.ts.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AnyModel } from "../../model/registry.js";
import {
  density,
  field,
  loss,
  marginals,
  type Plot,
  type ProcessModel,
  type RunSettings,
  snapshots,
  trajectories,
} from "../../plot/plot.js";
import type { Tensor } from "../../tensor/tensor.js";
import { trajectoriesOf } from "../evaluate/straightness.js";
import { chosen } from "../sample/columns.js";
import type { Given } from "../sample/condition.js";
import { callOf, type Drawn, type DrawSettings, drawn, isOfTables } from "../sample/drawn.js";
import type { PictureName } from "./names.js";
import { pictureOf } from "./picture.js";

/** How samples are drawn, as flags say it. */
export type DrawingFlags = Pick<DrawSettings, "solver" | "steps" | "guidance" | "weights">;

/** What is drawn from. */
export interface Subject {
  readonly folder: string;
  readonly model: AnyModel;
  /** Data to compare with. */
  readonly data: Drawn | undefined;
  readonly given: Given | undefined;
  /** Where samples start. */
  readonly x0: Tensor | undefined;
  readonly count: number;
  /** Columns of the samples that are drawn; all where none are named. */
  readonly columns: readonly string[] | undefined;
  readonly seed: number;
  readonly flags: DrawingFlags;
  readonly signal: AbortSignal;
}

/** A picture, and why a subject may have none. */
interface Picture {
  /** What is missing; undefined where nothing is. */
  lacks(subject: Subject): string | undefined;
  draw(subject: Subject): Promise<Plot>;
}

/** Trajectories that are drawn. */
const PATHS = 100;

const TIMES = 65;

const widthOf = ({ model: { config } }: Subject): number | undefined =>
  typeof config.xSize === "number" && !("vocabulary" in config) ? config.xSize : undefined;

/** What pictures of a process need. */
function lacksProcess(least: number): (subject: Subject) => string | undefined {
  return (subject) => {
    if (isOfTables(subject.model)) return "states that are points, and not an encoded table";
    if ((widthOf(subject) ?? 0) < least) return `states that are vectors of ${least} or more numbers`;
    return undefined;
  };
}

function lacksPlane(subject: Subject): string | undefined {
  if (isOfTables(subject.model) || widthOf(subject) !== 2) return "states that are points in the plane";
  return subject.given === undefined ? undefined : "a model without conditions";
}

/** Plots of the library take a model of vectors. */
const processOf = ({ model }: Subject) => model as unknown as ProcessModel;

/** How the library is told to draw. */
function running({ model, flags, seed, x0, signal }: Subject): RunSettings {
  const { batchSize: _, ...run } = callOf(model, { ...flags, count: 1, seed, x0, signal }) as { batchSize?: number };
  return run;
}

const tensorOf = (data: Drawn | undefined) => (data?.kind === "tensor" ? data.tensor : undefined);

/** What draws each picture. */
export const pictures: Readonly<Record<PictureName, Picture>> = {
  loss: {
    lacks: ({ folder }) => (existsSync(join(folder, "log.jsonl")) ? undefined : "a log (log.jsonl)"),
    draw: async ({ folder }) => loss(folder),
  },
  samples: {
    lacks: () => undefined,
    async draw({ model, given, x0, count, seed, flags, signal, data, columns }) {
      const each = given === undefined ? count : 1;
      const samples = await drawn(model, { ...flags, count: each, given, x0, seed, signal });
      return pictureOf(await chosen(samples, columns), data && (await chosen(data, columns)), columns);
    },
  },
  trajectories: {
    lacks: lacksProcess(2),
    async draw(subject) {
      const { model, given, x0, signal } = subject;
      const condition = given?.kind === "tensor" ? given.tensor : undefined;
      const rows = x0 ?? condition ?? { shape: [PATHS] };
      const from = { x: rows, ...(x0 && { x0 }), ...(condition && { condition }) };
      const { x0: _, ...run } = running(subject);
      const paths = await trajectoriesOf(model, from, { ...run, signal, times: TIMES, count: PATHS });
      return trajectories(paths, { title: "trajectories" });
    },
  },
  snapshots: {
    lacks: (subject) => lacksProcess(2)(subject) ?? (subject.given && "a model without conditions"),
    draw: async (subject) => snapshots(processOf(subject), running(subject)),
  },
  marginals: {
    lacks: (subject) => lacksProcess(1)(subject) ?? (subject.given && "a model without conditions"),
    draw: async (subject) => marginals(processOf(subject), running(subject)),
  },
  density: {
    lacks: (subject) => lacksPlane(subject) ?? (subject.x0 && "a model with a density: not one between two sets"),
    async draw(subject) {
      const against = tensorOf(subject.data);
      // Its own solver: what samples are drawn with may be one of an SDE.
      const { solver: _, ...run } = running(subject);
      return density(subject.model as never, { ...run, ...(against && { against }) });
    },
  },
  field: {
    lacks: lacksPlane,
    draw: async (subject) => field(subject.model as never, running(subject)),
  },
};
