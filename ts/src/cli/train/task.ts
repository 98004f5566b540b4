// What is to be trained: a config and data, or a run that goes on, under the flags of the command line.
// Nothing is written here.
import { resolve } from "node:path";
import { ConfigError } from "../../errors.js";
import { type AnyModel, classNameOf, load } from "../../model/registry.js";
import { type ConfigFile, readConfig, type Section } from "../config/file.js";
import { absolute, type Paths } from "../data/rows.js";
import { note } from "../output.js";
import { checkFree, folderState, recordOf } from "./folder.js";
import { checkSame } from "./same.js";
import { mergedTrain, type TrainOptions } from "./settings.js";

/** What is trained, and how. */
export interface Task {
  readonly file: ConfigFile;
  /** The checkpoint to go on from. */
  readonly from: AnyModel | undefined;
  readonly paths: Paths;
  readonly train: Section;
  readonly started: string;
  readonly config: string | undefined;
}

function needed(name: string, value: string | undefined, hint: string): string {
  if (value !== undefined) return value;
  throw new ConfigError(`${name}: expected ${hint}, got none`, { expected: hint, got: "none", path: name });
}

function pathsOf(flags: TrainOptions, before: Partial<Paths>): Paths {
  const data = needed("--data", flags.data ?? before.data, "a path of data");
  const [source, condition] = [flags.source ?? before.source, flags.condition ?? before.condition];
  return {
    data: absolute(data),
    ...(source && { source: absolute(source) }),
    ...(condition && { condition: absolute(condition) }),
  };
}

/** The config under the flags that are the model's. */
function withFlags(file: ConfigFile, { seed, device }: TrainOptions): ConfigFile {
  return {
    ...file,
    model: { ...file.model, ...(seed !== undefined && { seed }), ...(device !== undefined && { device }) },
  };
}

/** A run that begins. */
export async function begun(path: string | undefined, flags: TrainOptions): Promise<Task> {
  const config = needed("config", path, "the path of a config; `thalweg init` writes one");
  const file = withFlags(await readConfig(config), flags);
  const train = mergedTrain(file.train, flags);
  const paths = pathsOf(flags, {});
  await checkFree(flags.out, flags.force ?? false);
  return { file, from: undefined, paths, train, started: new Date().toISOString(), config: resolve(config) };
}

/** A run that goes on. */
export async function resumed(path: string | undefined, flags: TrainOptions): Promise<Task> {
  const state = await folderState(flags.out);
  if (state !== "begun" && state !== "trained") {
    const [expected, got] = ["the folder of a run", state === "empty" ? "nothing" : "other files"];
    throw new ConfigError(`--resume ${flags.out}: expected ${expected}, got ${got}`, {
      expected,
      got,
      path: flags.out,
    });
  }
  const record = await recordOf(flags.out);
  const config = path ?? record?.config;
  const given = path === undefined ? undefined : withFlags(await readConfig(path), flags);
  const train = mergedTrain(given?.train ?? record?.options ?? {}, flags);
  const { data, source, condition } = record ?? {};
  const paths = pathsOf(flags, { ...(data && { data }), ...(source && { source }), ...(condition && { condition }) });
  const common = {
    paths,
    train,
    started: record?.started ?? new Date().toISOString(),
    config: config && resolve(config),
  };
  if (state === "begun") {
    note(`${flags.out} has no checkpoint yet: the run starts from its beginning`);
    const file = given ?? withFlags(await readConfig(needed("config", config, "the path of a config")), flags);
    return { ...common, file, from: undefined };
  }
  const from = await load(flags.out, { device: flags.device });
  const className = classNameOf(from) ?? "";
  if (given !== undefined) checkSame(flags.out, given, className, from.config);
  const file = {
    className,
    model: from.config as unknown as Section,
    read: given?.read ?? record?.read ?? {},
    encoding: {},
    train,
  };
  return { ...common, file, from };
}
