// The native model together with the TypeScript modules that its networks may contain.
// Traces a module's forward for the shapes of a job before the job is submitted.

import { validate } from "../config/validate.js";
import { ConfigError, InternalError, ThalwegError } from "../errors.js";
import type {
  BridgeConfig,
  DiffusionConfig,
  DiscreteConfig,
  EnergyConfig,
  FlowConfig,
  IntrinsicConfig,
  NetworkConfig,
} from "../generated/config.js";
import { type Gives, type Need, traceForward } from "../module/forward.js";
import type { Module } from "../module/module.js";
import { makeModule, registeredNames } from "../module/registry.js";
import type { NativeModel } from "../native/boundary.js";
import { native } from "../native.js";
import { refused } from "./settings.js";
import { TrainingState } from "./training-state.js";

/** The config of any model. */
export type AnyConfig = DiffusionConfig | FlowConfig | BridgeConfig | EnergyConfig | DiscreteConfig;

/** What kind of model it is. */
export interface Kind {
  /** The class, as checkpoints name it. */
  readonly name: string;
  /** The definition of its config. */
  readonly schema: "DiffusionConfig" | "FlowConfig" | "BridgeConfig" | "EnergyConfig" | "DiscreteConfig";
}

/** A job that is about to be submitted, as far as shapes go. */
export type Job =
  | {
      readonly kind: "fit";
      readonly options: object;
      readonly rows: number;
      /** How many candidates there are of each row; 1 where not said. */
      readonly candidates?: number;
      readonly validationRows: number;
      readonly validationCandidates?: number;
    }
  | { readonly kind: "sample"; readonly options: object; readonly given: number | undefined }
  | { readonly kind: "loss"; readonly rows: number; readonly candidates?: number; readonly training: boolean };

/** A network of a config. */
interface Place {
  /** Where it is in the config: `"model.args"`. */
  readonly path: string;
  readonly network: IntrinsicConfig;
  /** What it predicts. */
  readonly type: string;
}

/** The networks of a config in the order of its parameters. */
export function placesOf(config: AnyConfig): Place[] {
  const networks: Partial<Record<string, NetworkConfig>> = {
    model: "model" in config ? config.model : undefined,
    velocityModel: "velocityModel" in config ? config.velocityModel : undefined,
    scoreModel: "scoreModel" in config ? config.scoreModel : undefined,
  };
  const places = Object.entries(networks).flatMap(([key, network]) =>
    network === undefined ? [] : [{ path: `${key}.args`, network: network.args, type: network.type }],
  );
  const energy = "energyGuidance" in config ? config.energyGuidance : undefined;
  return energy === undefined ? places : [...places, { path: "energyGuidance", network: energy, type: "energy" }];
}

/** The registered module that a network asks for; undefined where the backbone is built in. */
function moduleOf({ path, network: { backbone } }: Place): Module<never, unknown> | undefined {
  try {
    return makeModule(backbone);
  } catch (cause) {
    if (cause instanceof ThalwegError) throw cause;
    const at = `${path}.backbone`;
    const message = `${at}: ${backbone.type} could not be made from its args: ${String(cause)}`;
    throw new ConfigError(message, { path: at, got: String(cause), cause });
  }
}

/** What a place's forward gives. */
function givenBy({ type }: Place, config: AnyConfig): Gives {
  if (type === "energy") return "number";
  return "vocabulary" in config ? { logits: config.vocabulary } : "state";
}

/** A module of a user's at its place. */
interface Own {
  readonly type: string;
  readonly module: Module<never, unknown>;
  readonly gives: Gives;
}

/** What stands for no condition in a module of the user's. */
function noConditionOf({ noCondition }: Module<never, unknown>): number | undefined {
  if (noCondition === undefined || Number.isFinite(noCondition)) return noCondition;
  throw refused("noCondition", "a number, as the label of no class", noCondition);
}

/** A native model, and the modules whose forwards it needs traced. */
export class Network {
  /** The model on the other side. */
  readonly native: NativeModel;
  /** How many times a module's forward was run to record it. */
  traces = 0;
  /** How far it is. */
  readonly training = new TrainingState();
  /** By the place of their network in the config. */
  readonly #modules = new Map<string, Own>();

  /** @throws ConfigError with the path of the field that is wrong */
  constructor(kind: Kind, config: AnyConfig) {
    validate(kind.schema, config, registeredNames());
    for (const place of placesOf(config)) {
      const module = moduleOf(place);
      if (module === undefined) continue;
      this.#modules.set(place.path, { type: place.network.backbone.type, module, gives: givenBy(place, config) });
    }
    const external = Object.fromEntries(
      [...this.#modules].map(([path, { module }]) => [
        path,
        { parameters: module.declared(), noCondition: noConditionOf(module) },
      ]),
    );
    this.native = new native.NativeModel(kind.name, JSON.stringify(config), JSON.stringify(external));
  }

  /**
   * Refuses options of a fit that the engine would refuse once there are data.
   *
   * @throws ConfigError with the path of the option at fault
   */
  checkFit(options: object): void {
    this.native.needs(JSON.stringify({ kind: "fit", options, rows: 1 } satisfies Partial<Job>));
  }

  /** Records the forwards that a job needs and that are not known yet. */
  prepare(job: Job): void {
    if (this.#modules.size === 0) return;
    const needs: Need[] = JSON.parse(this.native.needs(JSON.stringify(job)));
    for (const need of needs) {
      const known = this.#modules.get(need.module);
      if (known === undefined) throw new InternalError(`a forward is needed of ${need.module}, which has no module`);
      this.native.provide(need.key, traceForward(known.type, known.module, need, known.gives));
      this.traces += 1;
    }
  }
}
